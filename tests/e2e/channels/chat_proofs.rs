//! Who may press the buttons of a chat is proved by secrets: signatures of the chat, and links that end with them.

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{Storage, finish, on_both_databases, python_command};
use serde_json::{Value, json};

use super::chat::{
    SIGNING_SECRET, Slack, TEAM, form, link_code, pressed, seconds, signature, slack_button,
    submitted,
};
use super::decisions::{ANN, BOB, becomes, member, status};

on_both_databases!(
    a_request_that_slack_did_not_sign_now_is_refused,
    a_link_ends_with_the_secrets_that_proved_it,
);

async fn a_request_that_slack_did_not_sign_now_is_refused(storage: Storage) {
    let scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let body = pressed(TEAM, ANN, &slack_button(&card, "approve"));
    let now = seconds();
    let right = signature(SIGNING_SECRET, now, &body);
    let old = now - 301;
    let ahead = now + 330;
    for (at, signature) in [
        (now.to_string(), signature("another secret", now, &body)),
        (now.to_string(), right.replace("v0=", "v1=")),
        (now.to_string(), "v0=zz".to_owned()),
        (now.to_string(), String::new()),
        ((now - 1).to_string(), right.clone()),
        (old.to_string(), signature(SIGNING_SECRET, old, &body)),
        (ahead.to_string(), signature(SIGNING_SECRET, ahead, &body)),
        ("soon".to_owned(), right.clone()),
    ] {
        let refused = slack.deliver(&scene.gateway, &body, &at, &signature).await;
        refused.expect_problem(401, "invalid_signature");
    }
    let at = now.to_string();
    let changed = body.replace(ANN, BOB);
    let refused = slack.deliver(&scene.gateway, &changed, &at, &right).await;
    refused.expect_problem(401, "invalid_signature");
    // A GET decides nothing.
    let get = scene
        .gateway
        .dashboard()
        .get(&format!("{}/slack", slack.channel));
    get.send().await.expect_status(405);
    assert_eq!(status(&scene.human, &held).await, "PENDING");
    // The command that links is accepted once.
    let code = link_code(&scene.human).await;
    let body = form(&[
        ("command", "/gaiterguard"),
        ("text", &format!("link {code}")),
        ("team_id", TEAM),
        ("user_id", BOB),
    ]);
    let right = signature(SIGNING_SECRET, now, &body);
    let first = slack.deliver(&scene.gateway, &body, &at, &right).await;
    first.expect_status(200);
    let replayed = slack.deliver(&scene.gateway, &body, &at, &right).await;
    replayed.expect_problem(401, "invalid_signature");
    let again = slack
        .command(&scene.gateway, ANN, &format!("link {code}"))
        .await;
    let again = again["text"].as_str().unwrap();
    assert!(again.contains("not valid"), "{again}");
    let malformed = slack.send(&scene.gateway, "payload=%7B").await;
    malformed.expect_problem(400, "validation_failed");
}

async fn a_link_ends_with_the_secrets_that_proved_it(storage: Storage) {
    let scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    let operator = member(&scene, "operator", "operator").await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    // An operator, who decides nothing, sets a signing secret of their own.
    let settings = json!({
        "server": format!("{}/api", slack.server.url()), "channel": "C1", "signing_secret": "mine",
    });
    let call = operator
        .put(&slack.channel)
        .json(json!({"settings": settings}));
    call.send().await.expect_status(200);
    let body = pressed(TEAM, ANN, &slack_button(&card, "approve"));
    let now = seconds();
    let forged = signature("mine", now, &body);
    let forged = slack
        .deliver(&scene.gateway, &body, &now.to_string(), &forged)
        .await;
    forged.expect_status(200);
    slack.notified(ANN, "not linked").await;
    assert_eq!(status(&scene.human, &held).await, "PENDING");
    let linked = scene.human.read("/auth/chat-accounts").await;
    assert_eq!(linked["items"][0]["channels"], json!([]));
}

/// Slack's own library signs what the gateway accepts, and reads what the gateway sends.
#[tokio::test]
async fn the_library_of_slack_agrees() {
    const PROGRAM: &str = r#"
import json, sys
from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.signature import SignatureVerifier
given = json.load(sys.stdin)
verifier = SignatureVerifier(given["secret"])
signatures = [verifier.generate_signature(timestamp=given["at"], body=body) for body in given["bodies"]]
seen = []
def authorize(**_):
    return AuthorizeResult(enterprise_id=None, team_id="T0001", bot_token="xoxb-secret", bot_id="B1", bot_user_id="UB")
app = App(signing_secret=given["secret"], authorize=authorize, process_before_response=True)
@app.action("approve")
def approve(ack, action):
    ack(); seen.append(["approve", action["value"]])
@app.view("deny")
def deny(ack, view):
    ack(); seen.append(["deny", view["private_metadata"]])
@app.command("/gaiterguard")
def link(ack, command):
    ack(); seen.append(["command", command["text"]])
statuses = []
for body, signature in zip(given["bodies"], signatures):
    headers = {"X-Slack-Request-Timestamp": [given["at"]], "X-Slack-Signature": [signature],
               "Content-Type": ["application/x-www-form-urlencoded"]}
    statuses.append(app.dispatch(BoltRequest(body=body, headers=headers)).status)
blocks = Block.parse_all(given["blocks"])
for block in blocks:
    block.validate_json()
view = View(**given["view"])
view.validate_json()
print(json.dumps({"signatures": signatures, "seen": seen, "statuses": statuses,
                  "blocks": [type(block).__name__ for block in blocks]}))
"#;
    let scene = Scene::new(Storage::Sqlite).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene
        .agent
        .propose_held(request("DELETE", "/one"), "one")
        .await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let deny = slack_button(&card, "deny");
    slack
        .press(&scene.gateway, ANN, &deny)
        .await
        .expect_status(200);
    let view = slack.calls("views.open", 1).await.remove(0)["view"].clone();
    let command = form(&[
        ("command", "/gaiterguard"),
        ("text", "link x"),
        ("team_id", TEAM),
        ("user_id", BOB),
    ]);
    let approve = slack_button(&card, "approve");
    let bodies = [
        pressed(TEAM, ANN, &approve),
        submitted(ANN, &view, Some("no")),
        command,
    ];
    let at = seconds().to_string();
    let given = json!({
        "secret": SIGNING_SECRET, "at": at, "bodies": bodies, "blocks": card["blocks"], "view": view,
    });
    let folder = tempfile::tempdir().unwrap();
    let mut program = python_command("python", folder.path());
    program.args(["-c", PROGRAM]);
    let output = finish(program, &given.to_string()).await;
    assert!(output.status.success(), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["statuses"], json!([200, 200, 200]), "{said}");
    assert_eq!(said["seen"][0], json!(["approve", approve["value"]]));
    assert_eq!(said["seen"][1], json!(["deny", view["private_metadata"]]));
    assert_eq!(said["seen"][2], json!(["command", "link x"]));
    assert!(
        said["blocks"]
            .as_array()
            .unwrap()
            .contains(&json!("ActionsBlock")),
        "{said}"
    );
    let signature = said["signatures"][0].as_str().unwrap();
    slack
        .deliver(&scene.gateway, &bodies[0], &at, signature)
        .await
        .expect_status(200);
    becomes(&scene.human, &held, "APPROVED").await;
}

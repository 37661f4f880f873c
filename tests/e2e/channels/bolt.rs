//! Slack's own libraries agree with what these tests send in the place of Slack, and with what the gateway sends.

use std::path::Path;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{PythonUpstream, Storage, finish, node_command, python_command};
use serde_json::{Value, json};

use super::chat::{
    SIGNING_SECRET, Slack, TEAM, form, pressed, seconds, signature, slack_button, submitted,
};
use super::decisions::{ANN, BOB, becomes};

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

/// Slack's own library for JavaScript accepts the signatures and payloads of these tests, over HTTP and in Socket Mode,
/// and the gateway accepts what it accepted.
#[tokio::test]
async fn the_library_of_slack_for_javascript_agrees() {
    let scene = Scene::new(Storage::Sqlite).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let deny = slack_button(&card, "deny");
    slack
        .press(&scene.gateway, ANN, &deny)
        .await
        .expect_status(200);
    let view = slack.calls("views.open", 1).await.remove(0)["view"].clone();
    let approve = slack.placed(&slack_button(&card, "approve"));
    let command = form(&[
        ("command", "/gaiterguard"),
        ("text", "link x"),
        ("team_id", TEAM),
        ("user_id", BOB),
    ]);
    let bodies = [
        pressed(TEAM, ANN, &approve),
        submitted(ANN, &view, Some("no")),
        command,
    ];
    let now = seconds();
    let sign =
        |secret: &str, at: i64, body: &str| json!([at.to_string(), signature(secret, at, body)]);
    let mut signed: Vec<Value> = bodies
        .iter()
        .map(|body| sign(SIGNING_SECRET, now, body))
        .collect();
    // One of another app, a stale one, and one of another body.
    signed.push(sign("another", now, &bodies[0]));
    signed.push(sign(SIGNING_SECRET, now - 301, &bodies[1]));
    signed.push(sign(SIGNING_SECRET, now, &bodies[0]));
    let server = PythonUpstream::start("slack.py", &[]).await;
    let given = json!({
        "secret": SIGNING_SECRET, "bodies": bodies, "signed": signed, "socket": server.url(),
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/slack_bolt.mjs");
    let mut program = node_command();
    program.env("INPUT", given.to_string());
    let output = finish(program, &std::fs::read_to_string(script).unwrap()).await;
    assert!(output.status.success(), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        said["statuses"],
        json!([200, 200, 200, 401, 401, 401]),
        "{said}"
    );
    let expected = json!([
        ["approve", approve["value"], ANN, approve["ts"]],
        ["deny", view["private_metadata"], "no"],
        ["command", "link x", BOB],
    ]);
    assert_eq!(said["seen"], expected, "{said}");
    // The local server is one of Slack to its client, which acknowledges as the gateway does.
    assert_eq!(said["live"], expected, "{said}");
    for acknowledgment in said["acknowledgments"].as_array().unwrap() {
        assert!(acknowledgment["envelope_id"].is_string(), "{said}");
    }
    assert_eq!(said["acknowledgments"][2]["payload"]["text"], "linked");
    let at = now.to_string();
    for (number, refused) in [3, 4].into_iter().zip([&bodies[0], &bodies[1]]) {
        let [at, signature] = &signed[number].as_array().unwrap()[..] else {
            panic!("{signed:?}");
        };
        let (at, signature) = (at.as_str().unwrap(), signature.as_str().unwrap());
        let refused = slack.deliver(&scene.gateway, refused, at, signature).await;
        refused.expect_problem(401, "invalid_signature");
    }
    let right = signed[0][1].as_str().unwrap();
    slack
        .deliver(&scene.gateway, &bodies[0], &at, right)
        .await
        .expect_status(200);
    becomes(&scene.human, &held, "APPROVED").await;
}

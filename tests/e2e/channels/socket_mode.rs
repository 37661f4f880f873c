//! Slack's Socket Mode: what people do arrives over a WebSocket that the gateway opens.

use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{PythonUpstream, Storage, eventually};
use serde_json::{Value, json};

use super::chat::{TEAM, link_code, pressed, slack_button};
use super::decisions::{ANN, BOB, audited, becomes, member, status};
use super::{MOMENT, create};

#[tokio::test]
async fn a_person_links_and_approves_over_a_web_socket() {
    let scene = Scene::new(Storage::Sqlite).await;
    let server = PythonUpstream::start("slack.py", &[]).await;
    let channel = json!({
        "kind": "slack",
        "name": "Socket",
        "settings": {
            "server": format!("{}/api", server.url()), "channel": "C1", "token": "xoxb-secret",
            "app_token": "xapp-1-secret",
        },
    });
    let created = create(&scene.human, channel).await;
    assert_eq!(created["channel"]["settings"]["has_app_token"], true);
    let connected = async |count: i64| {
        eventually("the gateway connects", MOMENT, || async {
            let state = server
                .client()
                .get("/state")
                .send()
                .await
                .expect_status(200)
                .json();
            (state["connected"].as_i64().unwrap() >= count && state["live"] == 1).then_some(state)
        })
        .await
    };
    let state = connected(1).await;
    assert_eq!(state["tokens"][0], "Bearer xapp-1-secret");
    let send = async |kind: &str, payload: Value| {
        let call = server
            .client()
            .post("/send")
            .json(json!({"type": kind, "payload": payload}));
        call.limit(Duration::from_secs(20))
            .send()
            .await
            .expect_status(200)
            .json()
    };
    let link = async |code: &str, user: &str| {
        let command = json!({
            "command": "/gaiterguard", "text": format!("link {code}"), "team_id": TEAM,
            "user_id": user, "user_name": "someone",
        });
        let linked = send("slash_commands", command).await;
        linked["payload"]["text"].as_str().unwrap().to_owned()
    };
    let linked = link(&link_code(&scene.human).await, ANN).await;
    assert!(linked.contains("human@example.com"), "{linked}");
    // Slack asks for a new connection from time to time.
    server
        .client()
        .post("/disconnect")
        .send()
        .await
        .expect_status(200);
    connected(2).await;
    let ann = member(&scene, "ann", "approver").await;
    let bob = member(&scene, "bob", "viewer").await;
    for (user, human) in [(ANN, &ann), (BOB, &bob)] {
        let code = link_code(human).await;
        let linked = link(&code, user).await;
        assert!(linked.contains(&human.email), "{linked}");
    }
    let held = scene.hold("one").await;
    let unknown = json!({"action_id": "approve", "value": "nothing", "text": {}});
    let press = async |user: &str, button: &Value| {
        let form = pressed(TEAM, user, button);
        let payload = form_urlencoded::parse(form.as_bytes()).next().unwrap().1;
        let payload = serde_json::from_str(&payload).unwrap();
        let acknowledged = send("interactive", payload).await;
        assert!(acknowledged["payload"].is_null(), "{acknowledged}");
    };
    let called = async |method: &str, text: &str| {
        eventually("the gateway calls Slack", MOMENT, || async {
            let calls = server.client().get("/calls").send().await;
            let calls = calls.expect_status(200).json();
            let mut calls = calls.as_array().unwrap().iter();
            let is = |call: &&Value| call["method"] == method && call.to_string().contains(text);
            calls.rfind(is).map(|call| call["body"].clone())
        })
        .await
    };
    press(ANN, &unknown).await;
    called("chat.postEphemeral", "too old").await;
    let card = called("chat.postMessage", "The whole request:").await;
    let mut approve = slack_button(&card, "approve");
    // The server numbers its messages; the first one is the card.
    approve["ts"] = json!("1503435956.000001");
    press(BOB, &approve).await;
    let refused = called("chat.postEphemeral", "your role is viewer").await;
    assert_eq!(refused["user"], BOB);
    assert_eq!(status(&scene.human, &held).await, "PENDING");
    press(ANN, &approve).await;
    becomes(&scene.human, &held, "APPROVED").await;
    called("chat.postEphemeral", "Approved.").await;
    let changed = called("chat.update", "Approved by ann@example.com").await;
    assert!(slack_button(&changed, "approve").is_null(), "{changed}");
    press(ANN, &approve).await;
    called(
        "chat.postEphemeral",
        "was already approved by ann@example.com",
    )
    .await;
    let approvals = audited(&scene.human, &held, "action.approved").await;
    assert_eq!(approvals.len(), 1);
    scene.agent.execute(&held).send().await.expect_status(200);
    assert!(!scene.gateway.logs().contains("xapp-1-secret"));
}

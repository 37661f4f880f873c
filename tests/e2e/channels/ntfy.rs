//! Push notifications are published as the documentation of ntfy says, and several can become one.

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{EchoUpstream, Storage, eventually, on_both_databases};
use serde_json::{Value, json};

use super::{MOMENT, SILENCE, arrived, body_of, create, ended, path_of};

on_both_databases!(
    a_push_notification_has_a_title_a_priority_and_a_link,
    many_held_requests_become_one_message,
    a_message_that_asks_for_a_made_decision_is_not_sent,
);

async fn a_push_notification_has_a_title_a_priority_and_a_link(storage: Storage) {
    let scene = Scene::new(storage).await;
    let server = EchoUpstream::start().await;
    let settings = json!({"server": server.url(), "topic": "approvals", "token": "tk_secret"});
    let ntfy = json!({"kind": "ntfy", "name": "Phone", "settings": settings});
    create(&scene.human, ntfy).await;
    let mut wanted = request("DELETE", "/customers/17");
    wanted["intent"] = json!("Remove\n\u{202e}the customer. <!channel> ".repeat(40));
    let held = scene.agent.propose_held(wanted, "one").await;
    let published = arrived(&server, "/", 1).await.remove(0);
    assert_eq!(published.method, "POST");
    assert_eq!(published.header("authorization"), Some("Bearer tk_secret"));
    let body = body_of(&published);
    assert_eq!(body["topic"], "approvals");
    let title = body["title"].as_str().unwrap();
    assert!(title.starts_with("Approval needed: Delete"), "{title}");
    let page = format!("{}/app/?action={}", scene.gateway.url(), held.action_id);
    assert_eq!(body["click"], page);
    assert!((3..=4).contains(&body["priority"].as_u64().unwrap()));
    let message = body["message"].as_str().unwrap();
    for said in [
        "Agent: assistant",
        "Service: things",
        "Risk: 0.",
        "[U+202E]the",
        "Time left: 23 h",
    ] {
        assert!(message.contains(said), "{said} in {message}");
    }
    assert!(message.len() < 4096);
    scene.human.deny(&held, "No.").await;
    let ended = body_of(&arrived(&server, "/", 2).await[1]);
    let title = ended["title"].as_str().unwrap();
    assert!(
        title.starts_with("Denied by human@example.com: Delete"),
        "{title}"
    );
    tokio::time::sleep(SILENCE).await;
    assert_eq!(server.received_at("/").len(), 2);
}

/// Returns a channel whose messages wait until [`send_now`], however long the test takes.
fn waiting(settings: &Value) -> Value {
    json!({
        "kind": "ntfy", "name": "Phone", "settings": settings, "grouping": {"seconds": 1},
        "filter": {"events": ["action.created"]},
        "quiet_hours": {"from": "00:00", "to": "23:59"},
    })
}

/// Ends the quiet hours of a channel once so many messages wait.
async fn send_now(scene: &Scene, created: &Value, count: usize) {
    let path = path_of(created);
    eventually("all messages wait", MOMENT, || async {
        let all = super::deliveries(&scene.human, &path).await;
        (all.len() == count).then_some(())
    })
    .await;
    let change = scene.human.put(&path).json(json!({"quiet_hours": null}));
    change.send().await.expect_status(200);
}

async fn many_held_requests_become_one_message(storage: Storage) {
    let scene = Scene::new(storage).await;
    let server = EchoUpstream::start().await;
    let settings = json!({"server": server.url(), "topic": "approvals"});
    let created = create(&scene.human, waiting(&settings)).await;
    for number in 0..5 {
        scene.hold(&format!("things/{number}")).await;
    }
    send_now(&scene, &created, 5).await;
    let body = body_of(&arrived(&server, "/", 1).await[0]);
    assert_eq!(body["title"], "5 requests need approval");
    assert_eq!(body["message"].as_str().unwrap().lines().count(), 5);
    assert_eq!(body["click"], format!("{}/app/", scene.gateway.url()));
    let sent = ended(&scene.human, &path_of(&created), 5).await;
    assert!(
        sent.iter().all(|one| one["state"] == "delivered"),
        "{sent:?}"
    );
    assert_eq!(server.received_at("/").len(), 1);
}

async fn a_message_that_asks_for_a_made_decision_is_not_sent(storage: Storage) {
    let scene = Scene::new(storage).await;
    let server = EchoUpstream::start().await;
    let settings = json!({"server": server.url(), "topic": "approvals"});
    let created = create(&scene.human, waiting(&settings)).await;
    let held = scene.hold("one").await;
    scene.human.deny(&held, "No.").await;
    send_now(&scene, &created, 1).await;
    let skipped = eventually("the message is skipped", MOMENT, || async {
        let all = super::deliveries(&scene.human, &path_of(&created)).await;
        all.first().filter(|one| one["state"] == "skipped").cloned()
    })
    .await;
    assert!(skipped["last_error"].as_str().unwrap().contains("decided"));
    assert!(server.received().is_empty());
}

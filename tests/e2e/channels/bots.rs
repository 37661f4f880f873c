//! The bots of Telegram and Slack, as their documentation describes their APIs: a card is sent once, and changed when
//! the action ends, whichever way.

use std::sync::atomic::{AtomicI64, Ordering};

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{
    EchoUpstream, Reply, Storage, TestGateway, eventually, on_both_databases,
};
use serde_json::{Value, json};

use super::{MOMENT, SILENCE, arrived, body_of, create, ended, path_of};

on_both_databases!(
    a_card_in_telegram_is_changed_when_the_action_ends,
    a_card_in_slack_is_changed_when_the_action_ends,
    a_message_about_several_requests_is_changed_with_each,
    a_bot_that_is_refused_says_why_without_its_token,
);

const TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

/// Creates a channel that asks for approvals, and only for them.
async fn bot(scene: &Scene, kind: &str, settings: Value) -> Value {
    let filter = json!({"events": ["action.created"]});
    let channel = json!({"kind": kind, "name": kind, "settings": settings, "filter": filter});
    create(&scene.human, channel).await
}

async fn a_card_in_telegram_is_changed_when_the_action_ends(storage: Storage) {
    let builder = TestGateway::builder(storage).setting("PUBLIC_URL", "https://localhost:8443");
    let scene = Scene::on(builder).await;
    let server = EchoUpstream::start().await;
    let (send, edit) = (
        format!("/bot{TOKEN}/sendMessage"),
        format!("/bot{TOKEN}/editMessageText"),
    );
    let next = AtomicI64::new(70);
    server.on_request(&send, move |_| {
        let id = next.fetch_add(1, Ordering::SeqCst);
        let message = json!({"message_id": id, "chat": {"id": -1001, "type": "supergroup"}});
        Reply::json(json!({"ok": true, "result": message}))
    });
    let failures = AtomicI64::new(1);
    server.on_request(&edit, move |_| {
        if failures.fetch_sub(1, Ordering::SeqCst) > 0 {
            let wait = json!({"retry_after": 3});
            let refused = json!({"ok": false, "error_code": 429, "parameters": wait});
            return Reply::status(429).body(refused.to_string());
        }
        Reply::json(json!({"ok": true, "result": true}))
    });
    let settings = json!({"server": server.url(), "chat_id": "@approvals", "token": TOKEN});
    let created = bot(&scene, "telegram", settings).await;
    assert!(!created.to_string().contains(TOKEN));

    let mut wanted = request("DELETE", "/customers/17");
    wanted["intent"] = json!("<a href=\"https://evil.example\">Approve</a> \u{202e}now");
    let held = scene.agent.propose_held(wanted, "one").await;
    let card = body_of(&arrived(&server, &send, 1).await[0]);
    assert_eq!(card["chat_id"], "@approvals");
    assert_eq!(card["parse_mode"], "HTML");
    let text = card["text"].as_str().unwrap();
    assert!(text.starts_with("<b>Approval needed: Delete"), "{text}");
    assert!(
        text.contains("&lt;a href=&quot;https[:]//evil.example&quot;&gt;"),
        "{text}"
    );
    assert!(
        text.contains("[U+202E]now") && text.contains("Agent: assistant"),
        "{text}"
    );
    let button = &card["reply_markup"]["inline_keyboard"][0][0];
    let page = format!("https://localhost:8443/app/?action={}", held.action_id);
    assert_eq!(*button, json!({"text": "Open", "url": page}));

    scene.human.deny(&held, "Not this one.").await;
    let changes = arrived(&server, &edit, 2).await;
    let change = body_of(changes.last().unwrap());
    assert_eq!(
        (&change["chat_id"], &change["message_id"]),
        (&json!(-1001), &json!(70))
    );
    let text = change["text"].as_str().unwrap();
    assert!(
        text.starts_with("<b>Denied by human@example.com: Delete"),
        "{text}"
    );
    assert!(text.contains("Not this one."), "{text}");
    let all = ended(&scene.human, &path_of(&created), 2).await;
    assert!(all.iter().all(|one| one["state"] == "delivered"), "{all:?}");
    tokio::time::sleep(SILENCE).await;
    assert_eq!(server.received_at(&send).len(), 1);
}

async fn a_card_in_slack_is_changed_when_the_action_ends(storage: Storage) {
    // 14 seconds until an action expires.
    let builder = TestGateway::builder(storage).setting("APPROVAL_PENDING_TTL_HOURS", "0.004");
    let scene = Scene::on(builder).await;
    let server = EchoUpstream::start().await;
    let sent = json!({"ok": true, "channel": "C024BE91L", "ts": "1503435956.000247"});
    server.on("/api/chat.postMessage", Reply::json(sent));
    server.on("/api/chat.update", Reply::json(json!({"ok": true})));
    let settings = json!({
        "server": format!("{}/api", server.url()), "channel": "C024BE91L", "token": "xoxb-secret",
    });
    bot(&scene, "slack", settings).await;
    let mut wanted = request("DELETE", "/customers/17");
    wanted["intent"] = json!("<!channel> *approve*");
    scene.agent.propose_held(wanted, "one").await;
    let posted = arrived(&server, "/api/chat.postMessage", 1).await.remove(0);
    assert_eq!(posted.header("authorization"), Some("Bearer xoxb-secret"));
    let card = body_of(&posted);
    assert_eq!(card["channel"], "C024BE91L");
    let text = card["text"].as_str().unwrap();
    assert!(text.starts_with("Approval needed: Delete"), "{text}");
    let all = card.to_string();
    assert!(
        all.contains("&lt;!channel&gt; *approve*") && !all.contains("<!"),
        "{all}"
    );
    // Nobody decides, and the card says so.
    let change = body_of(&arrived(&server, "/api/chat.update", 1).await[0]);
    assert_eq!(change["channel"], "C024BE91L");
    assert_eq!(change["ts"], "1503435956.000247");
    let text = change["text"].as_str().unwrap();
    assert!(
        text.starts_with("Expired without a decision: Delete"),
        "{text}"
    );
    assert_eq!(server.received_at("/api/chat.postMessage").len(), 1);
}

async fn a_message_about_several_requests_is_changed_with_each(storage: Storage) {
    let scene = Scene::new(storage).await;
    let server = EchoUpstream::start().await;
    let sent = json!({"ok": true, "channel": "C1", "ts": "1503435956.000247"});
    server.on("/api/chat.postMessage", Reply::json(sent));
    server.on("/api/chat.update", Reply::json(json!({"ok": true})));
    let settings = json!({
        "server": format!("{}/api", server.url()), "channel": "C1", "token": "xoxb-secret",
        "signing_secret": "the-signing-secret",
    });
    // All wait for the end of the quiet hours, however long it takes to hold them.
    let channel = json!({
        "kind": "slack", "name": "Slack", "settings": settings, "grouping": {"seconds": 1},
        "filter": {"events": ["action.created"]},
        "quiet_hours": {"from": "00:00", "to": "23:59"},
    });
    let path = path_of(&create(&scene.human, channel).await);
    let mut held = Vec::new();
    for number in 0..3 {
        held.push(scene.hold(&format!("things/{number}")).await);
    }
    eventually("all wait", MOMENT, || async {
        let waiting = super::deliveries(&scene.human, &path).await;
        (waiting.len() == 3).then_some(())
    })
    .await;
    let change = scene.human.put(&path).json(json!({"quiet_hours": null}));
    change.send().await.expect_status(200);
    let card = body_of(&arrived(&server, "/api/chat.postMessage", 1).await[0]);
    assert_eq!(card["text"], "3 requests need approval");
    let changed = async |count: usize| {
        let all = arrived(&server, "/api/chat.update", count).await;
        let change = body_of(all.last().unwrap());
        assert_eq!(change["ts"], "1503435956.000247");
        assert!(!change.to_string().contains("\"approve\""), "{change}");
        change
    };
    scene.human.deny(&held[1], "No.").await;
    let change = changed(1).await;
    assert_eq!(change["text"], "2 of 3 requests need approval");
    let text = change.to_string();
    assert_eq!(text.matches("Denied: ").count(), 1, "{text}");
    scene.human.approve(&held[0]).await;
    let change = changed(2).await;
    assert_eq!(change["text"], "1 of 3 requests needs approval");
    scene.human.deny(&held[2], "No.").await;
    let change = changed(3).await;
    assert_eq!(
        change["text"],
        "None of these 3 requests needs approval now"
    );
    assert!(change.to_string().contains("Approved: "), "{change}");
    assert_eq!(server.received_at("/api/chat.postMessage").len(), 1);
}

async fn a_bot_that_is_refused_says_why_without_its_token(storage: Storage) {
    let scene = Scene::new(storage).await;
    let server = EchoUpstream::start().await;
    let unknown = json!({"ok": false, "error": "channel_not_found"});
    server.on("/chat.postMessage", Reply::json(unknown));
    let refused = json!({"ok": false, "error_code": 401, "description": format!("bad {TOKEN}")});
    let refused = Reply::status(401).body(refused.to_string());
    server.on(&format!("/bot{TOKEN}/sendMessage"), refused);
    let slack = json!({"server": server.url(), "channel": "C1", "token": "xoxb-secret"});
    let slack = bot(&scene, "slack", slack).await;
    let telegram = json!({"server": server.url(), "chat_id": "17", "token": TOKEN});
    let telegram = bot(&scene, "telegram", telegram).await;
    scene.hold("one").await;
    for (channel, said) in [
        (slack, "channel_not_found"),
        (telegram, "does not know the token"),
    ] {
        let error = eventually("the error is shown", MOMENT, || async {
            let channel = scene.human.read(&path_of(&channel)).await;
            channel["last_error"].as_str().map(str::to_owned)
        })
        .await;
        assert!(error.contains(said), "{error}");
        assert!(!error.contains(TOKEN), "{error}");
    }
    assert!(!scene.gateway.logs().contains(TOKEN));
}

//! Presses of buttons are heard over each connection to a chat, by each replica, in time, and once after a crash.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Gate, Human, Reply, Storage, eventually, on_both_databases};
use serde_json::json;

use super::chat::{
    SIGNING_SECRET, Slack, TEAM, Telegram, link_code, method, pressed, seconds, signature,
    slack_button, telegram_button,
};
use super::decisions::{ANN, audited, becomes};
use super::{MOMENT, SILENCE, arrived};

on_both_databases!(a_killed_gateway_decides_once);

/// The longest pause that Slack and Telegram ask for between two messages in a chat.
const PAUSE: Duration = Duration::from_secs(1);

async fn a_killed_gateway_decides_once(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    for round in 1..=4_u32 {
        let held = scene.hold(&format!("kill-{round}")).await;
        let name = format!("/kill-{round}");
        let card = slack
            .call_where("chat.postMessage", |call| call.to_string().contains(&name))
            .await;
        let approve = slack_button(&card, "approve");
        let pressing = {
            let gateway = scene.gateway.dashboard();
            let body = pressed(TEAM, ANN, &slack.placed(&approve));
            let now = seconds();
            let call = gateway.post(&format!("{}/slack", slack.channel));
            let call = call
                .header("content-type", "application/x-www-form-urlencoded")
                .header("x-slack-request-timestamp", &now.to_string())
                .header("x-slack-signature", &signature(SIGNING_SECRET, now, &body))
                .body(body);
            tokio::spawn(async move { call.try_send().await.is_ok() })
        };
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 4)).await;
        scene.gateway.kill9();
        let _ = pressing.await;
        scene.gateway.restart().await;
        scene.human =
            Human::log_in(&scene.gateway, &scene.human.email, &scene.human.password).await;
        // The person presses again: the decision is there already, or is made now.
        slack
            .press(&scene.gateway, ANN, &approve)
            .await
            .expect_status(200);
        becomes(&scene.human, &held, "APPROVED").await;
        assert_eq!(
            audited(&scene.human, &held, "action.approved").await.len(),
            1
        );
        // The card is not lost: it says how the request was decided.
        slack
            .call_where("chat.update", |call| {
                call["text"].as_str().unwrap().starts_with("Approved by")
                    && call.to_string().contains(&name)
            })
            .await;
        scene.agent.execute(&held).send().await.expect_status(200);
    }
    let verified = scene.gateway.run(&["audit", "verify"], "").await;
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test]
async fn one_of_two_replicas_asks_telegram_and_either_hears_slack() {
    let scene = Scene::new(Storage::Postgres).await;
    let replica = scene.gateway.start_replica().await;
    let slack = Slack::start(&scene.human).await;
    let telegram = Telegram::start(&scene.human).await;
    slack.link(&replica, ANN, &scene.human).await;
    let code = link_code(&scene.human).await;
    telegram.say(17, &format!("/start {code}"), None);
    telegram.said("linked to human@example.com").await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let card_there = telegram.said("Approval needed").await;
    // Both copies are pressed, at both replicas.
    let approve = slack_button(&card, "approve");
    telegram.press(17, 501, &telegram_button(&card_there, "Approve"));
    slack
        .press(&replica, ANN, &approve)
        .await
        .expect_status(200);
    becomes(&scene.human, &held, "APPROVED").await;
    assert_eq!(
        audited(&scene.human, &held, "action.approved").await.len(),
        1
    );
    slack
        .call_where("chat.update", |call| {
            call["text"].as_str().unwrap().starts_with("Approved")
        })
        .await;
    telegram.call_where("editMessageText", |_| true).await;
    // Each update was handled by one replica, once.
    tokio::time::sleep(SILENCE).await;
    let answers = telegram.server.received_at(&method("answerCallbackQuery"));
    assert_eq!(answers.len(), 1);
    let said = telegram.server.received_at(&method("sendMessage"));
    let linked = said.iter().filter(|one| one.text().contains("linked to"));
    assert_eq!(linked.count(), 1);
}

#[tokio::test]
async fn a_press_is_acknowledged_while_slack_itself_hangs() {
    let scene = Scene::new(Storage::Sqlite).await;
    let slack = Slack::start(&scene.human).await;
    slack.link(&scene.gateway, ANN, &scene.human).await;
    let held = scene.hold("one").await;
    let card = slack.calls("chat.postMessage", 1).await.remove(0);
    let gate = Gate::new();
    let stuck = || Reply::json(json!({"ok": true})).after(&gate);
    slack.server.on("/api/views.open", stuck());
    slack.server.on("/api/chat.postEphemeral", stuck());
    for button in ["deny", "approve"] {
        let began = Instant::now();
        let pressed = slack
            .press(&scene.gateway, ANN, &slack_button(&card, button))
            .await;
        // Slack waits for three seconds. The gateway gives up on a call of Slack after 20.
        assert!(began.elapsed() < Duration::from_secs(10), "{button}");
        pressed.expect_status(200);
    }
    becomes(&scene.human, &held, "APPROVED").await;
    // Both calls were being made all the while.
    for method in ["views.open", "chat.postEphemeral"] {
        arrived(&slack.server, &format!("/api/{method}"), 1).await;
    }
    gate.open();
}

#[tokio::test]
async fn messages_in_a_chat_are_a_second_apart() {
    let scene = Scene::new(Storage::Sqlite).await;
    let slack = Slack::start(&scene.human).await;
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let noted = Arc::clone(&times);
    slack.server.on_request("/api/chat.postMessage", move |_| {
        let mut noted = noted.lock().unwrap();
        noted.push(Instant::now());
        let ts = format!("1503435956.{:06}", noted.len());
        Reply::json(json!({"ok": true, "channel": "C1", "ts": ts}))
    });
    for number in 0..4 {
        scene.hold(&format!("key-{number}")).await;
    }
    eventually("every message arrives", MOMENT, || async {
        (times.lock().unwrap().len() == 4).then_some(())
    })
    .await;
    let times = times.lock().unwrap();
    for pair in times.windows(2) {
        // The pause begins when the response has arrived.
        let apart = pair[1] - pair[0];
        assert!(apart >= PAUSE, "{apart:?}");
    }
}

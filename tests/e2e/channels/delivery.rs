//! A message is sent until its receiver accepts it, and no receiver delays another one, or a request.

use std::time::{Duration, Instant};

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{
    DirectDatabase, EchoUpstream, Gate, Received, Reply, Storage, eventually, on_both_databases,
};
use serde_json::json;

use super::{MOMENT, SILENCE, arrived, body_of, deliveries, described, ended, path_of, webhook};

on_both_databases!(
    a_message_that_fails_is_sent_again_with_the_same_id_and_in_order,
    a_receiver_that_asks_to_wait_is_not_disturbed,
    a_receiver_that_fails_for_a_day_loses_no_message,
    a_receiver_that_is_gone_gets_nothing_more,
    a_receiver_that_hangs_delays_neither_another_channel_nor_a_request,
    a_redirect_is_not_followed,
);

/// Replies to the requests at `/hook` with these replies, and then with 200.
fn reply_with(receiver: &EchoUpstream, replies: Vec<Reply>) {
    let replies = std::sync::Mutex::new(replies.into_iter());
    receiver.on_request("/hook", move |_| {
        let next = replies.lock().unwrap().next();
        next.unwrap_or_else(|| Reply::status(204))
    });
}

async fn a_message_that_fails_is_sent_again_with_the_same_id_and_in_order(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    reply_with(&receiver, vec![Reply::status(500), Reply::close()]);
    let created = webhook(&scene.human, &receiver, "/hook", json!({})).await;
    let path = path_of(&created);
    let held = scene.hold("one").await;
    arrived(&receiver, "/hook", 1).await;
    // The decision waits for the message that asked for it.
    scene.human.deny(&held, "No.").await;
    let failing = eventually("the error is shown", MOMENT, || async {
        let channel = scene.human.read(&path).await;
        channel["last_error"].is_string().then_some(channel)
    })
    .await;
    let error = failing["last_error"].as_str().unwrap();
    assert!(
        error.contains("500") || error.contains("connection"),
        "{error}"
    );

    let all = arrived(&receiver, "/hook", 5).await;
    let events: Vec<_> = described(&all)
        .into_iter()
        .map(|(event, _)| event)
        .collect();
    let created = "action.created";
    assert_eq!(
        events,
        [created, created, created, "action.decided", "action.ended"]
    );
    let ids: Vec<_> = all
        .iter()
        .map(|one| one.header("webhook-id").unwrap())
        .collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2], "{ids:?}");
    assert!(ids[2] != ids[3] && ids[3] != ids[4], "{ids:?}");
    let (first, last) = (body_of(&all[0]), body_of(&all[2]));
    assert_eq!(first["timestamp"], last["timestamp"]);
    assert_eq!(last["data"]["action"]["status"], "PENDING");
    let listed = ended(&scene.human, &path, 3).await;
    assert_eq!(listed[0]["attempts"], 3);
    assert!(
        listed.iter().all(|one| one["state"] == "delivered"),
        "{listed:?}"
    );
    let channel = scene.human.read(&path).await;
    assert_eq!(channel["last_error"], json!(null));
    assert!(channel["last_delivered_at"].is_string());
}

async fn a_receiver_that_fails_for_a_day_loses_no_message(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    receiver.on("/hook", Reply::status(500));
    let filter = json!({"events": ["action.created"]});
    let created = webhook(&scene.human, &receiver, "/hook", filter).await;
    let path = path_of(&created);
    let mut database = DirectDatabase::open(&scene.gateway).await;
    let attempted = async |attempts: u64| {
        eventually("another attempt is recorded", MOMENT, || async {
            let last = deliveries(&scene.human, &path).await.pop()?;
            (last["attempts"].as_u64()? >= attempts && last["last_error"].is_string())
                .then_some(last)
        })
        .await
    };
    scene.hold("one").await;
    attempted(1).await;
    // A day passes, in which it was tried again and again, and it is due.
    let day = "UPDATE deliveries SET created_at = created_at - 86400000, attempts = 15, due_at = 0
         WHERE state = 'waiting'";
    database.change(day).await;
    let waiting = attempted(16).await;
    assert_eq!(waiting["state"], "waiting", "{waiting}");
    let next: jiff::Timestamp = waiting["next_attempt_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let pause = next.as_second() - jiff::Timestamp::now().as_second();
    // Three hours, give or take the jitter.
    assert!((2 * 3600..=4 * 3600).contains(&pause), "{pause}");
    receiver.on("/hook", Reply::status(204));
    let due = "UPDATE deliveries SET due_at = 0 WHERE state = 'waiting'";
    database.change(due).await;
    let sent = ended(&scene.human, &path, 1).await;
    assert_eq!(sent[0]["state"], "delivered");
    // After two days, a message is given up, with its error, and the channel continues.
    receiver.on("/hook", Reply::status(500));
    scene.hold("two").await;
    attempted(1).await;
    let days = "UPDATE deliveries SET created_at = created_at - 172800000, due_at = 0
         WHERE state = 'waiting'";
    database.change(days).await;
    // The list is ordered by age, so the one of two days ago is the first.
    let given_up = ended(&scene.human, &path, 2).await.remove(0);
    assert_eq!(given_up["state"], "failed", "{given_up}");
    let error = given_up["last_error"].as_str().unwrap();
    assert!(error.contains("500"), "{error}");
    receiver.on("/hook", Reply::status(204));
    scene.hold("three").await;
    let all = ended(&scene.human, &path, 3).await;
    assert_eq!(all[2]["state"], "delivered", "{all:?}");
}

async fn a_receiver_that_asks_to_wait_is_not_disturbed(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let busy = Reply::status(503).header("Retry-After", "7");
    reply_with(&receiver, vec![busy]);
    webhook(&scene.human, &receiver, "/hook", json!({})).await;
    let started = Instant::now();
    scene.hold("one").await;
    arrived(&receiver, "/hook", 2).await;
    assert!(started.elapsed() >= Duration::from_secs(7));
}

async fn a_receiver_that_is_gone_gets_nothing_more(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    receiver.on("/hook", Reply::status(410));
    let created = webhook(&scene.human, &receiver, "/hook", json!({})).await;
    let path = path_of(&created);
    scene.hold("one").await;
    let disabled = eventually("the channel is disabled", MOMENT, || async {
        let channel = scene.human.read(&path).await;
        (channel["enabled"] == false).then_some(channel)
    })
    .await;
    assert!(
        disabled["disabled_reason"]
            .as_str()
            .unwrap()
            .contains("410")
    );
    let failed = ended(&scene.human, &path, 1).await;
    assert_eq!(failed[0]["state"], "failed");
    let audit = scene.human.read("/audit?event=channel.disabled").await;
    assert_eq!(audit["items"].as_array().unwrap().len(), 1, "{audit}");

    scene.hold("two").await;
    tokio::time::sleep(SILENCE).await;
    assert_eq!(receiver.received_at("/hook").len(), 1);
    // Once a human enables it again, it gets what happens from then on.
    receiver.on("/hook", Reply::status(200));
    let enabled = scene.human.put(&path).json(json!({"enabled": true}));
    let enabled = enabled.send().await.expect_status(200).json();
    assert_eq!(enabled["disabled_reason"], json!(null));
    scene.hold("three").await;
    let last = arrived(&receiver, "/hook", 2).await.pop().unwrap();
    let url = body_of(&last)["data"]["action"]["target_url"].clone();
    assert!(url.as_str().unwrap().ends_with("/three"), "{url}");
}

async fn a_receiver_that_hangs_delays_neither_another_channel_nor_a_request(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let gate = Gate::new();
    receiver.on("/stuck", Reply::status(200).after(&gate));
    let stuck = webhook(&scene.human, &receiver, "/stuck", json!({})).await;
    webhook(&scene.human, &receiver, "/quick", json!({})).await;
    scene.hold("one").await;
    arrived(&receiver, "/stuck", 1).await;
    let started = Instant::now();
    for key in ["two", "three", "four"] {
        scene.hold(key).await;
    }
    arrived(&receiver, "/quick", 4).await;
    // Less than the time after which the gateway gives up on the receiver that hangs.
    assert!(
        started.elapsed() < Duration::from_secs(12),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(receiver.received_at("/stuck").len(), 1);
    gate.open();
    arrived(&receiver, "/stuck", 4).await;
    let listed = ended(&scene.human, &path_of(&stuck), 4).await;
    assert!(
        listed.iter().all(|one| one["state"] == "delivered"),
        "{listed:?}"
    );
}

async fn a_redirect_is_not_followed(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let inside = format!("{}/inside", receiver.url());
    receiver.on("/hook", Reply::redirect(&inside));
    let created = webhook(&scene.human, &receiver, "/hook", json!({})).await;
    let path = path_of(&created);
    scene.hold("one").await;
    arrived(&receiver, "/hook", 2).await;
    let waiting = deliveries(&scene.human, &path).await;
    let error = waiting[0]["last_error"].as_str().unwrap();
    assert!(error.contains("redirects (302)"), "{error}");
    let paths: Vec<_> = receiver.received();
    let paths = paths.iter().map(Received::path);
    assert!(paths.into_iter().all(|path| path == "/hook"));
}

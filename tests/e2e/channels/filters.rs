//! A channel gets what its filter names, when it may be sent, and a reminder before an action expires.

use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{
    EchoUpstream, Reply, Storage, TestGateway, eventually, on_both_databases,
};
use serde_json::{Value, json};

use super::{MOMENT, SILENCE, arrived, body_of, deliveries, described, path_of, webhook};

on_both_databases!(
    a_filter_selects_events_agents_services_and_risk,
    messages_wait_for_the_end_of_the_quiet_hours,
    messages_are_sent_when_the_quiet_hours_end,
    quiet_hours_that_are_set_later_hold_what_waits,
    an_action_with_a_fifth_of_its_time_left_is_announced_once,
    nothing_from_before_a_channel_is_sent,
);

async fn a_filter_selects_events_agents_services_and_risk(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let other = scene.human.create_agent("other", &[&scene.service]).await;
    for (path, filter) in [
        ("/created", json!({"events": ["action.created"]})),
        ("/other", json!({"agent_ids": [other.id]})),
        (
            "/service",
            json!({"service_ids": [scene.service.id], "events": ["action.created"]}),
        ),
        ("/elsewhere", json!({"service_ids": [scene.service.id + 1]})),
        (
            "/certain",
            json!({"minimum_risk": 1, "events": ["action.created"]}),
        ),
    ] {
        webhook(&scene.human, &receiver, path, filter).await;
    }
    let held = scene.hold("one").await;
    scene.human.deny(&held, "No.").await;
    other.propose_held(request("DELETE", "/two"), "two").await;
    let created = arrived(&receiver, "/created", 2).await;
    assert!(
        described(&created)
            .iter()
            .all(|(event, _)| event == "action.created")
    );
    let others = arrived(&receiver, "/other", 1).await;
    arrived(&receiver, "/service", 2).await;
    tokio::time::sleep(SILENCE).await;
    assert_eq!(
        body_of(&others[0])["data"]["action"]["agent"]["name"],
        "other"
    );
    let counts = ["/created", "/other", "/service", "/elsewhere", "/certain"];
    let counts = counts.map(|path| receiver.received_at(path).len());
    let score = body_of(&created[0])["data"]["action"]["risk_score"]
        .as_f64()
        .unwrap();
    assert!(score < 1.0, "the last filter proves nothing");
    assert_eq!(counts, [2, 1, 2, 0, 0]);
}

/// Returns the time of day so many minutes from now.
fn clock(minutes: i64) -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let at = now.checked_add(jiff::Span::new().minutes(minutes)).unwrap();
    at.strftime("%H:%M").to_string()
}

/// Returns the minutes until the first message of a channel is sent, once it waits.
async fn minutes_left(scene: &Scene, channel: &str) -> i64 {
    let next = eventually("it waits", MOMENT, || async {
        let all = deliveries(&scene.human, channel).await;
        all.first()?["next_attempt_at"].as_str().map(str::to_owned)
    });
    let next: jiff::Timestamp = next.await.parse().unwrap();
    next.duration_since(jiff::Timestamp::now()).as_mins()
}

async fn night(scene: &Scene, receiver: &EchoUpstream, quiet_hours: Value) -> String {
    let settings = json!({"url": format!("{}/hook", receiver.url())});
    let channel = json!({
        "kind": "webhook", "name": "Night", "settings": settings, "quiet_hours": quiet_hours,
        "filter": {"events": ["action.created"]},
    });
    path_of(&super::create(&scene.human, channel).await)
}

async fn messages_wait_for_the_end_of_the_quiet_hours(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let hours = json!({"from": clock(-60), "to": clock(120)});
    let channel = night(&scene, &receiver, hours).await;
    scene.hold("one").await;
    let minutes = minutes_left(&scene, &channel).await;
    assert!((117..=120).contains(&minutes), "{minutes}");
    tokio::time::sleep(SILENCE).await;
    assert!(receiver.received().is_empty());
    // Other hours that contain this time change nothing, and without hours it is sent.
    let hours = json!({"from": clock(-30), "to": clock(60)});
    let change = scene
        .human
        .put(&channel)
        .json(json!({"quiet_hours": hours}));
    change.send().await.expect_status(200);
    eventually("it waits for the new end", MOMENT, || async {
        (minutes_left(&scene, &channel).await <= 60).then_some(())
    })
    .await;
    assert!(receiver.received().is_empty());
    let change = scene.human.put(&channel).json(json!({"quiet_hours": null}));
    change.send().await.expect_status(200);
    arrived(&receiver, "/hook", 1).await;
}

async fn messages_are_sent_when_the_quiet_hours_end(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    // They end with this minute or the next, so that some of it is left.
    let second = jiff::Timestamp::now().as_second() % 60;
    let minutes = if second < 40 { 1 } else { 2 };
    let hours = json!({"from": clock(-60), "to": clock(minutes)});
    let channel = night(&scene, &receiver, hours).await;
    scene.hold("one").await;
    minutes_left(&scene, &channel).await;
    assert!(receiver.received().is_empty());
    let limit = Duration::from_secs(80) + MOMENT;
    eventually("the hours end", limit, || async {
        let all = receiver.received_at("/hook");
        all.first().is_some_and(|one| one.complete).then_some(())
    })
    .await;
    let sent = super::ended(&scene.human, &channel, 1).await.remove(0);
    let ended: jiff::Timestamp = sent["ended_at"].as_str().unwrap().parse().unwrap();
    let began: jiff::Timestamp = sent["created_at"].as_str().unwrap().parse().unwrap();
    assert_ne!(ended.as_second() / 60, began.as_second() / 60, "{sent}");
}

async fn quiet_hours_that_are_set_later_hold_what_waits(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    receiver.on("/hook", Reply::status(503).header("Retry-After", "5"));
    let channel = night(&scene, &receiver, Value::Null).await;
    scene.hold("one").await;
    arrived(&receiver, "/hook", 1).await;
    let hours = json!({"from": clock(-60), "to": clock(120)});
    let change = scene
        .human
        .put(&channel)
        .json(json!({"quiet_hours": hours}));
    change.send().await.expect_status(200);
    receiver.on("/hook", Reply::status(204));
    let before = receiver.received_at("/hook").len();
    eventually("it waits for the end of the hours", MOMENT, || async {
        (minutes_left(&scene, &channel).await > 60).then_some(())
    })
    .await;
    assert_eq!(receiver.received_at("/hook").len(), before);
}

async fn an_action_with_a_fifth_of_its_time_left_is_announced_once(storage: Storage) {
    // The last fifth of 18 seconds is 3.6 seconds.
    let builder = TestGateway::builder(storage).setting("APPROVAL_PENDING_TTL_HOURS", "0.005");
    let scene = Scene::on(builder).await;
    let receiver = EchoUpstream::start().await;
    let events = json!({"events": ["action.expiring", "action.ended"]});
    webhook(&scene.human, &receiver, "/hook", events).await;
    let denied = scene.hold("denied").await;
    scene.human.deny(&denied, "No.").await;
    let held = scene.hold("expiring").await;
    let all = arrived(&receiver, "/hook", 3).await;
    let expected = [
        ("action.ended", "DENIED"),
        ("action.expiring", "PENDING"),
        ("action.ended", "EXPIRED"),
    ];
    let expected = expected.map(|(event, status)| (event.to_owned(), status.to_owned()));
    assert_eq!(described(&all), expected);
    let expiring = body_of(&all[1])["data"]["action"].clone();
    assert_eq!(expiring["action_id"], held.action_id);
    tokio::time::sleep(SILENCE).await;
    assert_eq!(receiver.received_at("/hook").len(), 3);
}

async fn nothing_from_before_a_channel_is_sent(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    scene.hold("before").await;
    webhook(&scene.human, &receiver, "/hook", json!({})).await;
    scene.gateway.terminate().await;
    scene.gateway.restart().await;
    scene.hold("after").await;
    let first = arrived(&receiver, "/hook", 1).await.remove(0);
    let url = body_of(&first)["data"]["action"]["target_url"].clone();
    assert!(url.as_str().unwrap().ends_with("/after"), "{url}");
    tokio::time::sleep(SILENCE).await;
    assert_eq!(receiver.received_at("/hook").len(), 1);
}

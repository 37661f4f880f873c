//! A channel gets what its filter names, when it may be sent, and a reminder before an action expires.

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{EchoUpstream, Storage, TestGateway, on_both_databases};
use serde_json::json;

use super::{SILENCE, arrived, body_of, deliveries, described, path_of, webhook};

on_both_databases!(
    a_filter_selects_events_agents_services_and_risk,
    messages_wait_for_the_end_of_the_quiet_hours,
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

async fn messages_wait_for_the_end_of_the_quiet_hours(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let clock = |hours: i64| {
        let at = now.checked_add(jiff::Span::new().hours(hours)).unwrap();
        at.strftime("%H:%M").to_string()
    };
    let settings = json!({"url": format!("{}/hook", receiver.url())});
    let channel = json!({
        "kind": "webhook", "name": "Night", "settings": settings,
        "quiet_hours": {"from": clock(-1), "to": clock(2)},
    });
    let created = super::create(&scene.human, channel).await;
    scene.hold("one").await;
    let waiting = gaiterguard_testkit::eventually("it waits", super::MOMENT, || async {
        let all = deliveries(&scene.human, &path_of(&created)).await;
        all.first().cloned()
    })
    .await;
    let at: jiff::Timestamp = waiting["next_attempt_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let minutes = at.duration_since(now.timestamp()).as_mins();
    assert!((118..=120).contains(&minutes), "{waiting}");
    tokio::time::sleep(SILENCE).await;
    assert!(receiver.received().is_empty());
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

//! A channel for escalations gets a request only after it has waited, and everything that was dropped is counted.

use std::time::Duration;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{DirectDatabase, EchoUpstream, Storage, eventually, on_both_databases};
use serde_json::json;

use super::{MOMENT, arrived, body_of, deliveries, described, path_of, webhook};

on_both_databases!(
    a_request_is_escalated_only_if_nobody_decides,
    the_next_message_says_how_many_were_dropped,
);

/// How long an escalation after a minute may take.
const ESCALATION_MAX: Duration = Duration::from_secs(100);

async fn a_request_is_escalated_only_if_nobody_decides(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    webhook(&scene.human, &receiver, "/first", json!({})).await;
    let escalation = json!({"escalate_after_minutes": 1});
    let second = webhook(&scene.human, &receiver, "/second", escalation).await;
    assert_eq!(second["channel"]["filter"]["escalate_after_minutes"], 1);
    let decided = scene.hold("decided").await;
    let ignored = scene.hold("ignored").await;
    scene.human.deny(&decided, "No.").await;
    arrived(&receiver, "/first", 4).await;
    assert!(receiver.received_at("/second").is_empty());
    let escalated = eventually("the request is escalated", ESCALATION_MAX, || async {
        let messages = receiver.received_at("/second");
        let is_whole = messages.first().is_some_and(|message| message.complete);
        is_whole.then_some(messages)
    })
    .await;
    let message = body_of(&escalated[0]);
    assert_eq!(message["type"], "action.created");
    assert_eq!(message["data"]["action"]["action_id"], ignored.action_id);
    // From here on, the channel learns how the request continues.
    scene.human.deny(&ignored, "No.").await;
    let all = arrived(&receiver, "/second", 3).await;
    let events: Vec<_> = described(&all)
        .into_iter()
        .map(|(event, _)| event)
        .collect();
    assert_eq!(events, ["action.created", "action.decided", "action.ended"]);
    let of_decided = format!("action:{}", decided.action_id);
    let skipped = eventually("the other is skipped", MOMENT, || async {
        let all = deliveries(&scene.human, &path_of(&second)).await;
        let of_decided: Vec<_> = all
            .into_iter()
            .filter(|delivery| delivery["subject"] == of_decided)
            .collect();
        let are_ended = of_decided.iter().all(|one| one["state"] == "skipped");
        (of_decided.len() == 3 && are_ended).then_some(of_decided)
    })
    .await;
    let why = skipped[2]["last_error"].as_str().unwrap();
    assert!(why.contains("before it was escalated"), "{why}");
}

async fn the_next_message_says_how_many_were_dropped(storage: Storage) {
    let scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let created = webhook(&scene.human, &receiver, "/hook", json!({})).await;
    let path = path_of(&created);
    let mut database = DirectDatabase::open(&scene.gateway).await;
    database.change("UPDATE channels SET dropped = 12").await;
    assert_eq!(scene.human.read(&path).await["dropped"], 12);
    scene.hold("one").await;
    let first = arrived(&receiver, "/hook", 1).await;
    assert_eq!(body_of(&first[0])["dropped_before"], 12);
    eventually("the count is reported", MOMENT, || async {
        let channel = scene.human.read(&path).await;
        (channel["dropped"] == 0).then_some(())
    })
    .await;
    scene.hold("two").await;
    let both = arrived(&receiver, "/hook", 2).await;
    assert!(body_of(&both[1]).get("dropped_before").is_none());
}

//! A kill loses no message, and two replicas send each message once.

use std::collections::HashMap;
use std::time::Duration;

use gaiterguard_testkit::scene::{Scene, request};
use gaiterguard_testkit::{EchoUpstream, Gate, Reply, Storage, eventually, on_both_databases};
use serde_json::json;

use super::{MOMENT, SILENCE, arrived, body_of, webhook};

on_both_databases!(no_kill_loses_a_message,);

/// How often the gateway is killed.
const KILLS: usize = 12;

/// The longest time until a message of a killed replica is sent: its lease, and a pause of the back-off.
const RECOVERY_LIMIT: Duration = Duration::from_mins(1);

async fn no_kill_loses_a_message(storage: Storage) {
    let mut scene = Scene::new(storage).await;
    let receiver = EchoUpstream::start().await;
    let gate = Gate::new();
    // The first attempt is in flight at the first kill.
    let first = std::sync::atomic::AtomicBool::new(true);
    let stuck = Reply::status(200).after(&gate);
    receiver.on_request("/hook", move |_| {
        if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            stuck.clone()
        } else {
            Reply::status(200).delay(Duration::from_millis(30))
        }
    });
    let events = json!({"events": ["action.created"]});
    webhook(&scene.human, &receiver, "/hook", events).await;
    let mut held = Vec::new();
    for round in 0..KILLS {
        for number in 0..4 {
            let key = format!("{round}-{number}");
            let call = scene.agent.propose(request("DELETE", &format!("/{key}")));
            let response = call.idempotency_key(&key).send().await;
            held.push(response.expect_status(428).json()["action_id"].clone());
        }
        if round == 0 {
            arrived(&receiver, "/hook", 1).await;
        }
        let pause = Duration::from_millis(37 * u64::try_from(round).unwrap() % 300);
        tokio::time::sleep(pause).await;
        scene.gateway.kill9();
        scene.gateway.restart().await;
    }
    eventually("every message arrives", RECOVERY_LIMIT, || async {
        let messages = receiver.received_at("/hook");
        let mut ids: HashMap<_, Vec<String>> = HashMap::new();
        for message in messages.iter().filter(|one| one.complete) {
            let action = body_of(message)["data"]["action"]["action_id"].clone();
            let id = message.header("webhook-id").unwrap().to_owned();
            ids.entry(action.to_string()).or_default().push(id);
        }
        // A message that arrives twice has the same id.
        for sent in ids.values() {
            assert!(sent.iter().all(|id| id == &sent[0]), "{sent:?}");
        }
        held.iter()
            .all(|action| ids.contains_key(&action.to_string()))
            .then_some(())
    })
    .await;
    gate.open();
}

#[tokio::test]
async fn two_replicas_send_each_message_once() {
    let scene = Scene::new(Storage::Postgres).await;
    let replica = scene.gateway.start_replica().await;
    let receiver = EchoUpstream::start().await;
    webhook(&scene.human, &receiver, "/hook", json!({})).await;
    let there = scene.agent.clone().calling(&replica);
    for number in 0..10 {
        let agent = if number % 2 == 0 {
            &scene.agent
        } else {
            &there
        };
        let key = number.to_string();
        let held = agent
            .propose_held(request("DELETE", &format!("/{number}")), &key)
            .await;
        scene.human.deny(&held, "No.").await;
    }
    let all = arrived(&receiver, "/hook", 30).await;
    tokio::time::sleep(SILENCE).await;
    let messages = receiver.received_at("/hook");
    assert_eq!(messages.len(), 30, "{:?}", super::described(&all));
    let mut order: HashMap<String, Vec<String>> = HashMap::new();
    for message in messages {
        let message = body_of(&message);
        let action = message["data"]["action"]["action_id"].to_string();
        let event = message["type"].as_str().unwrap().to_owned();
        order.entry(action).or_default().push(event);
    }
    for events in order.values() {
        assert_eq!(
            events,
            &["action.created", "action.decided", "action.ended"]
        );
    }
}

#[tokio::test]
async fn a_dead_replica_leaves_its_messages_to_another() {
    let mut scene = Scene::new(Storage::Postgres).await;
    let receiver = EchoUpstream::start().await;
    let gate = Gate::new();
    let first = std::sync::atomic::AtomicBool::new(true);
    let stuck = Reply::status(200).after(&gate);
    receiver.on_request("/hook", move |_| {
        if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            stuck.clone()
        } else {
            Reply::status(200)
        }
    });
    webhook(&scene.human, &receiver, "/hook", json!({})).await;
    scene.hold("one").await;
    arrived(&receiver, "/hook", 1).await;
    let replica = scene.gateway.start_replica().await;
    scene.gateway.kill9();
    let both = arrived_within(&receiver, RECOVERY_LIMIT).await;
    assert_eq!(both[0], both[1]);
    gate.open();
    drop(replica);
}

async fn arrived_within(receiver: &EchoUpstream, limit: Duration) -> Vec<String> {
    eventually("the message arrives again", limit.max(MOMENT), || async {
        let messages = receiver.received_at("/hook");
        let ids = messages
            .iter()
            .map(|one| one.header("webhook-id").unwrap().to_owned());
        let ids: Vec<_> = ids.collect();
        (ids.len() >= 2).then_some(ids)
    })
    .await
}

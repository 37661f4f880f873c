//! Votes at the same moment, at one gateway and at two replicas.

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Held, Human, Storage, on_both_databases};
use serde_json::json;
use tokio::task::JoinSet;

use super::scene::{at, audited, colleague, events, requires, two_needed, verify};

on_both_databases!(votes_at_the_same_moment_decide_once);

/// How often each race is run.
const ROUNDS: usize = 12;

/// Everyone approves at the same moment. Exactly one of them decides, and nobody's vote is lost.
async fn race(scene: &Scene, voters: &[Human], held: &Held, needed: usize) {
    let digest = scene.human.action(held).await["digest"].clone();
    let mut calls = JoinSet::new();
    for voter in voters {
        let path = format!("/approvals/{}/approve", held.action_id);
        let call = voter.patch(&path).json(json!({"digest": digest}));
        calls.spawn(call.send());
    }
    let responses = calls.join_all().await;
    let with = |status: u16| responses.iter().filter(|one| one.status == status).count();
    let statuses: Vec<_> = responses.iter().map(|response| response.status).collect();
    assert_eq!(with(202), needed - 1, "{statuses:?}");
    assert_eq!(with(200), 1, "{statuses:?}");
    assert_eq!(with(409), voters.len() - needed, "{statuses:?}");
    let action = scene.human.action(held).await;
    assert_eq!(action["status"], "APPROVED");
    assert_eq!(action["approvals"]["given"], needed);
    let events = events(&scene.human, held).await;
    let count = |name: &str| events.iter().filter(|event| *event == name).count();
    assert_eq!(count("action.approved"), 1, "{events:?}");
    assert_eq!(count("action.voted"), needed, "{events:?}");
    let entries = audited(&scene.human, held).await;
    let approved = entries
        .iter()
        .find(|entry| entry["event"] == "action.approved");
    assert_eq!(approved.unwrap()["detail"]["approvals"]["given"], needed);
}

async fn votes_at_the_same_moment_decide_once(storage: Storage) {
    let scene = two_needed(storage).await;
    let voters = [
        scene.human.clone(),
        colleague(&scene, "second").await,
        colleague(&scene, "third").await,
    ];
    for round in 0..ROUNDS {
        let held = scene.hold(&format!("two-{round}")).await;
        race(&scene, &voters[..2], &held, 2).await;
        let held = scene.hold(&format!("three-{round}")).await;
        race(&scene, &voters, &held, 2).await;
    }
    verify(&scene.gateway).await;
}

#[tokio::test]
async fn votes_at_two_replicas_decide_once_in_either_order() {
    let scene = Scene::new(Storage::Postgres).await;
    requires(&scene.human, json!({"count": 3})).await;
    let replica = scene.gateway.start_replica().await;
    let second = colleague(&scene, "second").await;
    let third = colleague(&scene, "third").await;
    let there = [
        at(&replica, &second).await,
        at(&replica, &scene.human).await,
    ];
    let orders = [
        [scene.human.clone(), there[0].clone(), third.clone()],
        [there[1].clone(), second.clone(), third.clone()],
    ];
    for round in 0..ROUNDS {
        for (order, voters) in orders.iter().enumerate() {
            let held = scene.hold(&format!("replicas-{round}-{order}")).await;
            race(&scene, voters, &held, 3).await;
        }
    }
    verify(&scene.gateway).await;
    drop(replica);
}

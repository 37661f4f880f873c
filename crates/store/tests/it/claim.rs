//! Idempotency keys.

use std::time::Duration;

use gaiterguard_domain::ledger::{
    Claim, ClaimState, Outcome, Recorded, RequestFilter, StoredResponse,
};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_store::{Purpose, Store};

use crate::steps::{completion, done, response};
use crate::support::{Database, NOW, World, key, later, on_both};

on_both!(
    a_key_is_claimed_once_by_concurrent_requests,
    a_key_replays_the_outcome_of_its_request,
    a_key_is_released_when_nothing_was_sent,
    an_expired_key_can_be_used_again_unless_its_action_is_open,
);

async fn a_key_is_claimed_once_by_concurrent_requests(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let other = database.open(Purpose::Tool);
    let attempts: Vec<_> = (0..50)
        .map(|n| {
            let store = if n % 2 == 0 {
                store.clone()
            } else {
                other.clone()
            };
            let decision = world.forward(version, Some("only"));
            tokio::spawn(async move { store.record(decision).await.unwrap() })
        })
        .collect();
    let mut winners = Vec::new();
    let mut used = Vec::new();
    for attempt in attempts {
        match attempt.await.unwrap() {
            Recorded::Done(id) => winners.push(id),
            Recorded::KeyUsed(claim) => used.push(claim),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((winners.len(), used.len()), (1, 49));
    let running = Claim {
        digest: Digest([7; 32]),
        entry: winners[0],
        state: ClaimState::Running,
    };
    assert!(used.iter().all(|claim| *claim == running));
    let rows = store
        .request_list(world.workspace, &RequestFilter::default(), None, 200)
        .await
        .unwrap();
    assert_eq!(rows.items.len(), 1);
    other.close().await;
}

async fn a_key_replays_the_outcome_of_its_request(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let state = async |text: &str| {
        let claimed = store
            .claim_get(world.agent, &key(text), NOW)
            .await
            .unwrap()
            .unwrap();
        let again = store.record(world.hold(version, Some(text))).await.unwrap();
        assert_eq!(
            again,
            Recorded::KeyUsed(claimed.clone()),
            "a hold with a used key"
        );
        let again = store
            .record(world.forward(version, Some(text)))
            .await
            .unwrap();
        assert_eq!(again, Recorded::KeyUsed(claimed.clone()));
        claimed.state
    };
    assert_eq!(
        store.claim_get(world.agent, &key("k"), NOW).await.unwrap(),
        None
    );
    let id = done(store, world.forward(version, Some("k"))).await;
    assert_eq!(state("k").await, ClaimState::Running);
    let answered = response(&world, 200);
    let end = completion(&world, id, Some("k"), Outcome::Responded(answered.clone()));
    assert!(store.complete(end).await.unwrap());
    assert_eq!(state("k").await, ClaimState::Responded(answered));

    let long = done(store, world.forward(version, Some("long"))).await;
    let kept = StoredResponse {
        status: 200,
        content: None,
    };
    let end = completion(&world, long, Some("long"), Outcome::Responded(kept.clone()));
    assert!(store.complete(end).await.unwrap());
    assert_eq!(state("long").await, ClaimState::Responded(kept));

    let broken = done(store, world.forward(version, Some("broken"))).await;
    let outcome = Outcome::Broken { status: Some(200) };
    store.complete_in_background(completion(&world, broken, Some("broken"), outcome));
    let settled = async {
        while store
            .claim_get(world.agent, &key("broken"), NOW)
            .await
            .unwrap()
            .unwrap()
            .state
            != ClaimState::Broken
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), settled)
        .await
        .unwrap();
    assert_eq!(state("broken").await, ClaimState::Broken);

    let mut denied = world.forward(version, Some("denied"));
    denied.entry.evaluation.decision = Decision::Deny;
    done(store, denied).await;
    assert_eq!(state("denied").await, ClaimState::Denied);

    let hold = world.hold(version, Some("held"));
    let action = hold.hold.as_ref().unwrap().action;
    done(store, hold).await;
    assert_eq!(state("held").await, ClaimState::Held(action));
}

async fn a_key_is_released_when_nothing_was_sent(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let first = done(store, world.forward(version, Some("k"))).await;
    let end = completion(&world, first, Some("k"), Outcome::NotSent);
    assert!(store.complete(end.clone()).await.unwrap());
    assert_eq!(
        store.claim_get(world.agent, &key("k"), NOW).await.unwrap(),
        None
    );
    let second = done(store, world.forward(version, Some("k"))).await;
    assert_ne!(first, second);
    assert!(
        !store.complete(end).await.unwrap(),
        "the first request's end frees no other's key"
    );
    let claim = store
        .claim_get(world.agent, &key("k"), NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((claim.entry, claim.state), (second, ClaimState::Running));
}

async fn an_expired_key_can_be_used_again_unless_its_action_is_open(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let at = |mut decision: gaiterguard_domain::ledger::NewDecision, at: Timestamp| {
        decision.entry.at = at;
        decision.claim.as_mut().unwrap().expires_at = at.after(Duration::from_mins(1));
        decision
    };
    let id = done(store, world.forward(version, Some("running"))).await;
    let hold = world.hold(version, Some("held"));
    let action = hold.hold.as_ref().unwrap().action;
    done(store, hold).await;
    let answered = done(store, world.forward(version, Some("answered"))).await;
    let outcome = Outcome::Responded(response(&world, 200));
    store
        .complete(completion(&world, answered, Some("answered"), outcome))
        .await
        .unwrap();

    let late = later(61);
    let again = store
        .record(at(world.forward(version, Some("running")), late))
        .await
        .unwrap();
    assert!(
        matches!(again, Recorded::KeyUsed(Claim { state: ClaimState::Running, entry, .. }) if entry == id)
    );
    let again = store
        .record(at(world.hold(version, Some("held")), late))
        .await
        .unwrap();
    assert!(
        matches!(again, Recorded::KeyUsed(Claim { state: ClaimState::Held(waiting), .. }) if waiting == action)
    );
    assert_eq!(store.claim_delete_expired(late, 10).await.unwrap(), 1);
    let new = done(store, at(world.forward(version, Some("answered")), late)).await;
    let claim = store
        .claim_get(world.agent, &key("answered"), late)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((claim.entry, claim.state), (new, ClaimState::Running));

    assert_eq!(
        store.action_expire_due(later(100), 10).await.unwrap(),
        [action]
    );
    let mut again = at(world.hold(version, Some("held")), later(101));
    again.hold.as_mut().unwrap().expires_at = later(500);
    done(store, again).await;
    assert_eq!(store.claim_delete_expired(later(102), 10).await.unwrap(), 0);
}

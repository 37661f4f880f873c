//! Byte budgets: for pending requests, and for stored responses and ended requests.

use gaiterguard_domain::action::ActionEvent;
use gaiterguard_domain::ledger::{
    ByteBudget, Changed, ClaimState, Outcome, PendingLimit, Preview, Recorded, ReplicaId, Sealed,
    StoredResponse,
};
use gaiterguard_store::{Purpose, Store, StoreOptions, StoredHead};
use uuid::Uuid;

use crate::steps::{apply, approve, change, completion, done};
use crate::support::{Database, NOW, World, key, later, on_both, word};

on_both!(
    of_responses_beyond_the_budget_only_the_status_is_stored,
    removed_responses_make_room_for_others,
    pending_requests_stay_within_their_byte_budget,
    the_oldest_bodies_of_ended_requests_are_removed_beyond_the_budget,
);

/// As many bytes.
fn response(world: &World, length: usize) -> StoredResponse {
    StoredResponse {
        status: 201,
        content: Some(Sealed {
            data_key: world.data_key,
            bytes: vec![7; length],
        }),
    }
}

/// Opens the database again with a budget for responses.
fn bounded(database: &Database, agent: u64, workspace: u64) -> Store {
    let options = StoreOptions {
        response_budget: ByteBudget { agent, workspace },
        ..StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Tool)
    };
    Store::open(&database.url, options).unwrap()
}

/// Forwards a request under a key and completes it with a response of this length.
async fn respond(store: &Store, world: &World, claimed: &str, length: usize) {
    let version = world.version(store).await;
    let id = done(store, world.forward(version, Some(claimed))).await;
    let outcome = Outcome::Responded(response(world, length));
    let ended = completion(world, id, Some(claimed), outcome);
    assert!(store.complete(ended).await.unwrap());
}

/// Whether the response under a key is stored; its status always is.
async fn is_kept(store: &Store, world: &World, claimed: &str) -> bool {
    let claim = store
        .claim_get(world.agent, &key(claimed), NOW)
        .await
        .unwrap();
    match claim.unwrap().state {
        ClaimState::Responded(answer) => {
            assert_eq!(answer.status, 201);
            answer.content.is_some()
        }
        other => panic!("{other:?}"),
    }
}

async fn of_responses_beyond_the_budget_only_the_status_is_stored(
    database: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let store = bounded(database, 1000, 1500);
    respond(&store, &world, "first", 600).await;
    respond(&store, &world, "second", 600).await;
    respond(&store, &world, "small", 300).await;
    assert!(is_kept(&store, &world, "first").await);
    assert!(!is_kept(&store, &world, "second").await);
    assert!(is_kept(&store, &world, "small").await);

    // The response to an executed action counts against the same budget.
    let held = world.held(&store).await;
    let approval = approve(&store, held).await;
    assert_eq!(store.action_change(approval).await.unwrap(), Changed::Done);
    apply(&store, held, ActionEvent::Begin { at: later(2) }).await;
    let mut ended = change(&store, held, ActionEvent::Respond { at: later(3) }).await;
    ended.answer = Some(response(&world, 200));
    assert_eq!(store.action_change(ended).await.unwrap(), Changed::Done);
    let answer = store.action_response(held).await.unwrap().unwrap();
    assert_eq!((answer.status, answer.content), (201, None));

    // Other agents get what is left of the workspace's budget.
    let other = world.another_agent(&store).await;
    respond(&store, &other, "theirs", 700).await;
    assert!(!is_kept(&store, &other, "theirs").await);
    respond(&store, &other, "theirs-too", 500).await;
    assert!(is_kept(&store, &other, "theirs-too").await);
    store.close().await;
}

async fn removed_responses_make_room_for_others(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let store = bounded(database, 1000, u64::MAX);
    respond(&store, &world, "first", 900).await;
    respond(&store, &world, "second", 900).await;
    assert!(!is_kept(&store, &world, "second").await);
    assert_eq!(store.claim_delete_expired(later(100), 10).await.unwrap(), 2);
    respond(&store, &world, "third", 900).await;
    assert!(is_kept(&store, &world, "third").await);
    store.close().await;
}

async fn pending_requests_stay_within_their_byte_budget(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let other = world.another_agent(store).await;
    let budget = ByteBudget {
        agent: 1000,
        workspace: 1500,
    };
    let hold = async |world: &World, length: usize| {
        let mut decision = world.hold(world.version(store).await, None);
        let hold = decision.hold.as_mut().unwrap();
        hold.request.bytes = vec![7; length];
        hold.pending_bytes = budget;
        let action = hold.action;
        (action, store.record(decision).await.unwrap())
    };
    let beyond = Recorded::TooManyPending(PendingLimit::Bytes);
    let (first, recorded) = hold(&world, 800).await;
    assert!(matches!(recorded, Recorded::Done(_)), "{recorded:?}");
    assert_eq!(hold(&world, 300).await.1, beyond, "of the agent");
    assert_eq!(hold(&other, 800).await.1, beyond, "of the workspace");
    let (_, recorded) = hold(&other, 700).await;
    assert!(matches!(recorded, Recorded::Done(_)), "{recorded:?}");
    apply(store, first, ActionEvent::Deny(word(later(1)))).await;
    let (_, recorded) = hold(&world, 800).await;
    assert!(matches!(recorded, Recorded::Done(_)), "{recorded:?}");
}

async fn the_oldest_bodies_of_ended_requests_are_removed_beyond_the_budget(
    _: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let mut ended = Vec::new();
    for n in 0..3 {
        let mut decision = world.hold(world.version(store).await, None);
        let hold = decision.hold.as_mut().unwrap();
        hold.request.bytes = vec![7; 500];
        hold.preview = Some(Preview {
            sealed: vec![8; 50],
            body_bytes: 450,
        });
        ended.push(hold.action);
        done(store, decision).await;
        apply(store, ended[n], ActionEvent::Deny(word(later(n as u64)))).await;
    }
    let waiting = world.held(store).await;
    let budget = ByteBudget {
        agent: 1100,
        workspace: u64::MAX,
    };
    let drop = async || store.action_body_drop_beyond(budget, 1, NOW).await.unwrap();
    assert_eq!(drop().await, 1);
    assert_eq!(drop().await, 0);
    let lengths = async |action| {
        store
            .action_request(action)
            .await
            .unwrap()
            .unwrap()
            .bytes
            .len()
    };
    assert_eq!(lengths(ended[0]).await, 0);
    assert_eq!(lengths(ended[1]).await, 500);
    assert_eq!(lengths(ended[2]).await, 500);
    assert!(lengths(waiting).await > 0);
    let head = store.action_head(ended[0]).await.unwrap().unwrap();
    let StoredHead::Head(sealed, 450) = head else {
        panic!("{head:?}");
    };
    assert_eq!(sealed.bytes.len(), 50);
}

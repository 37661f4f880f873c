//! Decisions, their ends, and the batches that make them durable.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use gaiterguard_domain::action::{ActionEvent, ActionStatus};
use gaiterguard_domain::event::Event;
use gaiterguard_domain::id::{ActionId, ServiceId};
use gaiterguard_domain::ledger::{
    ActionChange, Changed, ClaimState, Completion, Outcome, Recorded, StoredResponse,
};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_store::{AuditFilter, PendingOutcome, Purpose, RequestOutcome, Store};
use uuid::Uuid;

use crate::steps::{apply, approve, change, completion, done, response, state};
use crate::support::{Database, NOW, World, audit, entry, key, later, on_both, sealed, word};

on_both!(
    a_decision_is_recorded_and_ends,
    an_outcome_set_in_time_is_written_with_its_decision,
    a_request_in_flight_whose_caller_gives_up_may_have_been_sent,
    the_audit_entry_of_an_end_is_written_once,
    the_same_request_without_a_key_returns_the_existing_action,
    the_same_request_to_another_service_is_held_too,
    a_decision_on_an_old_version_is_refused,
    retention_keeps_what_is_in_use,
    a_refused_entry_fails_no_other,
    a_refused_read_fails_no_other,
    an_end_whose_response_is_refused_is_recorded_without_it,
    a_caller_that_stops_waiting_leaves_nothing_running,
    a_large_batch_is_written_completely,
    after_a_block_nothing_is_recorded,
);

async fn a_decision_is_recorded_and_ends(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let decision = world.forward(version, Some("k"));
    let id = done(store, decision.clone()).await;
    let row = store
        .request_get(world.workspace, id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.new, decision.entry);
    assert_eq!(
        (row.upstream_status, row.completed_at, row.action),
        (None, None, None)
    );
    let end = completion(
        &world,
        id,
        Some("k"),
        Outcome::Responded(response(&world, 201)),
    );
    assert!(store.complete(end.clone()).await.unwrap());
    assert!(!store.complete(end).await.unwrap());
    let row = store
        .request_get(world.workspace, id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.upstream_status, row.completed_at),
        (Some(201), Some(later(1)))
    );
    let denied = done(store, world.decision(version, Decision::Deny)).await;
    let row = store
        .request_get(world.workspace, denied)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.completed_at, Some(NOW));
    let mut odd = world.forward(version, None);
    odd.entry.evaluation.verdict.score = f64::NAN;
    let odd = done(store, odd).await;
    let row = store
        .request_get(world.workspace, odd)
        .await
        .unwrap()
        .unwrap();
    assert!((row.new.evaluation.verdict.score - 1.0).abs() < f64::EPSILON);
}

async fn an_outcome_set_in_time_is_written_with_its_decision(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let outcome = Outcome::Responded(StoredResponse {
        status: 200,
        content: None,
    });
    let (early, late) = (PendingOutcome::default(), PendingOutcome::default());
    assert!(early.set(outcome.clone(), later(1)));
    for (pending, ended) in [(&early, (Some(200), Some(later(1)))), (&late, (None, None))] {
        let decision = world.forward(version, None);
        let recorded = store.record_in_flight(decision, pending.clone()).await;
        let Recorded::Done(id) = recorded.unwrap() else {
            panic!("the decision is not recorded");
        };
        let row = store
            .request_get(world.workspace, id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((row.upstream_status, row.completed_at), ended);
        // An end that was written with its decision cannot be recorded again.
        let end = completion(&world, id, None, outcome.clone());
        assert_eq!(store.complete(end).await.unwrap(), ended.1.is_none());
    }
    assert!(!late.set(outcome, later(2)));
}

async fn a_request_in_flight_whose_caller_gives_up_may_have_been_sent(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let decision = world.forward(world.version(store).await, None);
    let mut recording = Box::pin(store.record_in_flight(decision, PendingOutcome::default()));
    let polled = poll_fn(|context| Poll::Ready(recording.as_mut().poll(context))).await;
    assert!(polled.is_pending());
    let outcome = async || {
        let overview = store.overview(world.workspace, NOW, Duration::from_hours(1), NOW);
        let series = overview.await.unwrap().series;
        series.first().map(|count| count.outcome)
    };
    let settled = async {
        while outcome().await.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The decision is written, and its result is never received.
        drop(recording);
        while outcome().await == Some(None) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(10), settled).await;
    settled.expect("the end is recorded");
    assert_eq!(outcome().await, Some(Some(RequestOutcome::Broken)));
}

async fn the_audit_entry_of_an_end_is_written_once(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let id = done(store, world.forward(version, None)).await;
    let mut end = completion(&world, id, None, Outcome::Broken { status: None });
    let mut received = entry(Event::RequestEnded, later(1));
    received.workspace = Some(world.workspace);
    end.audit = Some(Box::new(received));
    for is_first in [true, false] {
        assert_eq!(store.complete(end.clone()).await.unwrap(), is_first);
    }
    let entries = store
        .audit_list(world.workspace, &AuditFilter::default(), None, 100)
        .await
        .unwrap();
    let ends = entries
        .items
        .iter()
        .filter(|entry| entry.event == "request.ended");
    assert_eq!(ends.count(), 1);
}

async fn the_same_request_without_a_key_returns_the_existing_action(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    for _ in 0..3 {
        let one = world.hold(version, None);
        let mut two = one.clone();
        let (Some(first), Some(second)) = (&one.hold, &mut two.hold) else {
            panic!("both are held");
        };
        let actions = [first.action, ActionId(Uuid::now_v7())];
        second.action = actions[1];
        // Both may be in one batch, and no later command would wake a writer.
        let both = async { tokio::join!(store.record(one), store.record(two)) };
        let (one, two) = tokio::time::timeout(Duration::from_secs(4), both)
            .await
            .expect("neither waits for other commands");
        let (done, met) = match (one.unwrap(), two.unwrap()) {
            (Recorded::Done(_), Recorded::AlreadyHeld(met)) => (actions[0], met),
            (Recorded::AlreadyHeld(met), Recorded::Done(_)) => (actions[1], met),
            other => panic!("{other:?}"),
        };
        assert_eq!(met, done);
        apply(store, done, ActionEvent::Deny(word(later(1)))).await;
    }
}

async fn the_same_request_to_another_service_is_held_too(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let one = world.hold(version, None);
    let mut two = one.clone();
    // Another service with the same base URL, and with another credential.
    two.entry.service = ServiceId(world.service.0 + 1);
    // The digest of the payload covers the service.
    let hold = two.hold.as_mut().unwrap();
    hold.action = ActionId(Uuid::now_v7());
    hold.payload = Digest([5; 32]);
    for decision in [one, two] {
        done(store, decision).await;
    }
}

async fn a_decision_on_an_old_version_is_refused(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let old = world.version(store).await;
    let action = world.held(store).await;
    store
        .agent_unblock(world.workspace, world.agent, NOW, audit())
        .await
        .unwrap();
    let refused = store.record(world.forward(old, Some("k"))).await.unwrap();
    assert_eq!(refused, Recorded::AuthorityChanged);
    assert_eq!(
        store.claim_get(world.agent, &key("k"), NOW).await.unwrap(),
        None
    );
    let mut change = approve(store, action).await;
    change.authority = Some((world.workspace, old));
    assert_eq!(
        store.action_change(change).await.unwrap(),
        Changed::AuthorityChanged
    );
    done(store, world.forward(world.version(store).await, Some("k"))).await;
}

async fn retention_keeps_what_is_in_use(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let living = world.held(store).await;
    let ended = world.held(store).await;
    apply(store, ended, ActionEvent::Deny(word(later(1)))).await;
    let claimed = done(store, world.forward(version, Some("k"))).await;
    for _ in 0..3 {
        done(store, world.forward(version, None)).await;
    }
    assert_eq!(
        store
            .request_delete_before(NOW, 10, later(9))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        store
            .request_delete_before(later(1), 2, later(9))
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        store
            .request_delete_before(later(1), 10, later(9))
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        store
            .request_delete_before(later(1), 10, later(9))
            .await
            .unwrap(),
        0
    );
    assert!(store.action_get(living).await.unwrap().is_some());
    assert!(store.action_get(ended).await.unwrap().is_none());
    assert!(
        store
            .request_get(world.workspace, claimed)
            .await
            .unwrap()
            .is_some()
    );
}

async fn a_refused_entry_fails_no_other(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let first = world.hold(version, None);
    done(store, first.clone()).await;
    let attempts: Vec<_> = (0..10)
        .map(|n| {
            let mut decision = world.forward(version, None);
            if n == 4 {
                // Another request, with the id of an existing action.
                decision = first.clone();
                "something else".clone_into(&mut decision.entry.intent);
                decision.hold.as_mut().unwrap().payload = Digest([4; 32]);
            }
            let store = store.clone();
            tokio::spawn(async move { store.record(decision).await })
        })
        .collect();
    for (n, attempt) in attempts.into_iter().enumerate() {
        let recorded = attempt.await.unwrap();
        assert_eq!(recorded.is_ok(), n != 4, "{recorded:?}");
    }
    assert!(store.audit_verify(|_| {}).await.unwrap().is_ok());
}

async fn a_refused_read_fails_no_other(database: &Database, store: &Store) {
    let unique = "CREATE UNIQUE INDEX requests_once ON requests (request_id)";
    database.meddle(unique).await;
    let world = World::new(store).await;
    let version = world.version(store).await;
    let first = world.forward(version, None);
    done(store, first.clone()).await;
    let reads = (0..10).map(|n| {
        let mut read = world.forward(version, None);
        if n == 4 {
            read.entry.request_id = first.entry.request_id;
        }
        store.record_in_flight(read, PendingOutcome::default())
    });
    for (n, recorded) in join_all(reads).await.into_iter().enumerate() {
        assert_eq!(recorded.is_ok(), n != 4, "{recorded:?}");
    }
    assert!(store.audit_verify(|_| {}).await.unwrap().is_ok());
}

async fn an_end_whose_response_is_refused_is_recorded_without_it(
    database: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let action = world.held(store).await;
    let approved = approve(store, action).await;
    store.action_change(approved).await.unwrap();
    apply(store, action, ActionEvent::Begin { at: later(2) }).await;
    let refuse = if database.is_sqlite() {
        "CREATE TRIGGER refuse BEFORE UPDATE ON actions WHEN NEW.answer IS NOT NULL
         BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"
    } else {
        "ALTER TABLE actions ADD CONSTRAINT refuse CHECK (answer IS NULL)"
    };
    database.meddle(refuse).await;
    let mut end = change(store, action, ActionEvent::Respond { at: later(3) }).await;
    end.answer = Some(response(&world, 201));
    assert_eq!(store.action_end(end).await.unwrap(), Changed::Done);
    let kept = StoredResponse {
        status: 201,
        content: None,
    };
    assert_eq!(store.action_response(action).await.unwrap(), Some(kept));
    assert_eq!(
        state(store, action).await.0.status(),
        ActionStatus::Executed
    );
}

async fn a_caller_that_stops_waiting_leaves_nothing_running(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let action = world.held(store).await;
    let approved = approve(store, action).await;
    store.action_change(approved).await.unwrap();
    let mut received = Vec::new();
    for n in 0..60 {
        let patience = Duration::from_micros(n * n * 20);
        let claimed = key(&format!("k{n}"));
        let recording = store.record(world.forward(version, Some(claimed.as_str())));
        if let Ok(recorded) = tokio::time::timeout(patience, recording).await {
            assert!(matches!(recorded, Ok(Recorded::Done(_))));
            received.push(claimed);
        }
        let (before, revision) = state(store, action).await;
        let Ok(begun) = before.apply(ActionEvent::Begin { at: later(2) }) else {
            continue;
        };
        let execution = ActionChange {
            action,
            revision,
            state: begun,
            authority: None,
            member: None,
            press: None,
            answer: None,
            ballot: None,
            audit: audit(),
        };
        let beginning = store.action_change(execution);
        if let Ok(Ok(Changed::Done)) = tokio::time::timeout(patience, beginning).await {
            apply(store, action, ActionEvent::NothingSent).await;
        }
    }
    let settled = async {
        loop {
            let mut running = Vec::new();
            for n in 0..60 {
                let claimed = key(&format!("k{n}"));
                let claim = store.claim_get(world.agent, &claimed, NOW).await.unwrap();
                running.extend(claim.map(|_| claimed));
            }
            let (now, _) = state(store, action).await;
            if running == received && now.status() == ActionStatus::Approved {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(20), settled).await;
    settled.expect("a record that no caller received is undone");
    assert!(
        !received.is_empty() && received.len() < 60,
        "{} results were received",
        received.len()
    );
}

async fn a_large_batch_is_written_completely(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let attempts: Vec<_> = (0..777)
        .map(|n| {
            let store = store.clone();
            let claimed = format!("key-{n}");
            let decision = world.forward(version, Some(&claimed));
            let (agent, data_key) = (world.agent, world.data_key);
            tokio::spawn(async move {
                let id = done(&store, decision).await;
                let end = Completion {
                    entry: id,
                    claim: Some((agent, key(&claimed))),
                    outcome: Outcome::Responded(StoredResponse {
                        status: 200,
                        content: Some(sealed(data_key, &claimed)),
                    }),
                    at: later(1),
                    audit: None,
                };
                assert!(store.complete(end).await.unwrap());
                id
            })
        })
        .collect();
    let mut ids = std::collections::HashSet::new();
    for attempt in attempts {
        assert!(ids.insert(attempt.await.unwrap()));
    }
    assert_eq!(ids.len(), 777);
    for n in [0, 400, 776] {
        let claimed = format!("key-{n}");
        let claim = store
            .claim_get(world.agent, &key(&claimed), NOW)
            .await
            .unwrap()
            .unwrap();
        let kept = StoredResponse {
            status: 200,
            content: Some(sealed(world.data_key, &claimed)),
        };
        assert_eq!(claim.state, ClaimState::Responded(kept));
    }
    assert!(store.audit_verify(|_| {}).await.unwrap().is_ok());
}

/// Two stores on one database, like two replicas: once a block is acknowledged by one, the other
/// records nothing that was decided before it.
async fn after_a_block_nothing_is_recorded(database: &Database, store: &Store) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let world = Arc::new(World::new(store).await);
    let version = world.version(store).await;
    let other = database.open(Purpose::Tool);
    let acknowledged = Arc::new(AtomicBool::new(false));
    let (recorded, mut first) = tokio::sync::mpsc::channel(1);
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (store, world) = (other.clone(), Arc::clone(&world));
            let (acknowledged, recorded) = (Arc::clone(&acknowledged), recorded.clone());
            tokio::spawn(async move {
                let (mut before, mut refused) = (0, 0);
                while refused < 5 {
                    let was_acknowledged = acknowledged.load(Ordering::SeqCst);
                    match store.record(world.forward(version, None)).await.unwrap() {
                        Recorded::Done(_) => {
                            assert!(!was_acknowledged, "recorded after the block");
                            before += 1;
                            // One signal is enough, so a full channel does not matter.
                            let _ = recorded.try_send(());
                        }
                        other => {
                            assert_eq!(other, Recorded::AuthorityChanged);
                            refused += 1;
                        }
                    }
                }
                before
            })
        })
        .collect();
    first.recv().await.unwrap();
    store
        .agent_block(world.workspace, world.agent, &word(later(1)), audit())
        .await
        .unwrap();
    acknowledged.store(true, Ordering::SeqCst);
    let mut before = 0;
    for writer in writers {
        before += writer.await.unwrap();
    }
    assert!(before > 0, "the block came before anything was recorded");
    other.close().await;
}

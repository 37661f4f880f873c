//! Decisions, claims, actions and their ends.

use std::time::Duration;

use gaiterguard_domain::approval::{ActionEvent, ActionState, ActionStatus, Finding};
use gaiterguard_domain::id::{ActionId, RequestEntryId};
use gaiterguard_domain::ledger::{
    ActionChange, Changed, Claim, ClaimState, Completion, Outcome, Recorded, ReplicaId,
    RequestFilter, StoredAnswer,
};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_store::{ActionFilter, AgentSaved, OverviewOutcome, Purpose, Store, StoreError};
use uuid::Uuid;

use crate::support::{
    Database, NOW, World, audit, entry, key, later, new_agent, on_both, sealed, word,
};

on_both!(
    a_decision_is_recorded_and_ends,
    a_key_is_claimed_once_by_many,
    a_key_replays_what_became_of_it,
    a_key_is_free_again_when_nothing_was_sent,
    an_expired_key_may_be_used_again_unless_its_action_lives,
    a_decision_on_an_old_version_is_refused,
    only_so_many_actions_wait,
    an_action_goes_through_its_life,
    a_change_against_an_old_revision_is_refused,
    actions_are_listed_in_pages,
    requests_are_listed_in_pages,
    actions_expire,
    a_block_takes_actions_back,
    what_a_dead_run_had_begun_is_recovered,
    retention_spares_what_lives,
    an_entry_that_is_refused_takes_no_other_with_it,
    a_waiter_that_leaves_leaves_nothing_running,
    a_great_batch_is_whole,
    the_overview_counts,
    after_a_block_nothing_is_recorded,
);

fn answer(world: &World, status: u16) -> StoredAnswer {
    StoredAnswer {
        status,
        content: Some(sealed(world.data_key, "the answer")),
    }
}

fn completion(
    world: &World,
    id: RequestEntryId,
    claimed: Option<&str>,
    outcome: Outcome,
) -> Completion {
    Completion {
        entry: id,
        claim: claimed.map(|text| (world.agent, key(text))),
        outcome,
        at: later(1),
    }
}

async fn done(store: &Store, decision: gaiterguard_domain::ledger::NewDecision) -> RequestEntryId {
    match store.record(decision).await.unwrap() {
        Recorded::Done(id) => id,
        other => panic!("{other:?}"),
    }
}

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
        Outcome::Answered(answer(&world, 201)),
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
    odd.entry.judgement.verdict.score = f64::NAN;
    let odd = done(store, odd).await;
    let row = store
        .request_get(world.workspace, odd)
        .await
        .unwrap()
        .unwrap();
    assert!((row.new.judgement.verdict.score - 1.0).abs() < f64::EPSILON);
}

async fn a_key_is_claimed_once_by_many(database: &Database, store: &Store) {
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

async fn a_key_replays_what_became_of_it(_: &Database, store: &Store) {
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
    let answered = answer(&world, 200);
    let end = completion(&world, id, Some("k"), Outcome::Answered(answered.clone()));
    assert!(store.complete(end).await.unwrap());
    assert_eq!(state("k").await, ClaimState::Answered(answered));

    let long = done(store, world.forward(version, Some("long"))).await;
    let kept = StoredAnswer {
        status: 200,
        content: None,
    };
    let end = completion(&world, long, Some("long"), Outcome::Answered(kept.clone()));
    assert!(store.complete(end).await.unwrap());
    assert_eq!(state("long").await, ClaimState::Answered(kept));

    let broken = done(store, world.forward(version, Some("broken"))).await;
    let outcome = Outcome::Broken { status: Some(200) };
    store
        .complete_soon(completion(&world, broken, Some("broken"), outcome))
        .await
        .unwrap();
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
    denied.entry.judgement.decision = Decision::Deny;
    done(store, denied).await;
    assert_eq!(state("denied").await, ClaimState::Denied);

    let hold = world.hold(version, Some("held"));
    let action = hold.hold.as_ref().unwrap().action;
    done(store, hold).await;
    assert_eq!(state("held").await, ClaimState::Held(action));
}

async fn a_key_is_free_again_when_nothing_was_sent(_: &Database, store: &Store) {
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

async fn an_expired_key_may_be_used_again_unless_its_action_lives(_: &Database, store: &Store) {
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
    let outcome = Outcome::Answered(answer(&world, 200));
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

async fn only_so_many_actions_wait(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let attempts: Vec<_> = (0..20)
        .map(|n| {
            let store = store.clone();
            let decision = world.hold(version, Some(&format!("key {n}").replace(' ', "-")));
            tokio::spawn(async move { (store.record(decision.clone()).await.unwrap(), decision) })
        })
        .collect();
    let mut held = Vec::new();
    for attempt in attempts {
        match attempt.await.unwrap() {
            (Recorded::Done(_), decision) => held.push(decision),
            (other, _) => assert_eq!(other, Recorded::TooManyPending),
        }
    }
    assert_eq!(held.len(), 3);
    let again = store.record(held[0].clone()).await.unwrap();
    assert!(matches!(again, Recorded::KeyUsed(_)), "{again:?}");
    let agent = store
        .agent_create(world.workspace, &new_agent(2, vec![]), NOW, |_| audit())
        .await
        .unwrap();
    let AgentSaved::Saved(agent) = agent else {
        panic!("{agent:?}");
    };
    let mut other = world.hold(world.version(store).await, None);
    other.entry.agent = agent.id;
    done(store, other).await;
    let mut later_on = world.hold(world.version(store).await, None);
    later_on.entry.at = later(100);
    later_on.hold.as_mut().unwrap().expires_at = later(200);
    done(store, later_on).await;
}

async fn state(store: &Store, action: ActionId) -> (ActionState, i64) {
    let action = store.action_get(action).await.unwrap().unwrap().action;
    (action.state, action.revision)
}

async fn change(store: &Store, action: ActionId, event: ActionEvent) -> ActionChange {
    let (state, revision) = state(store, action).await;
    ActionChange {
        action,
        revision,
        state: state.apply(event).unwrap(),
        authority: None,
        answer: None,
        audit: entry("action.changed", later(2)),
    }
}

async fn approve(store: &Store, action: ActionId) -> ActionChange {
    let event = ActionEvent::Approve {
        word: word(later(1)),
        lifetime: Duration::from_secs(30),
    };
    change(store, action, event).await
}

async fn apply(store: &Store, action: ActionId, event: ActionEvent) -> ActionState {
    let change = change(store, action, event).await;
    let expected = change.state.clone();
    assert_eq!(store.action_change(change).await.unwrap(), Changed::Done);
    let (state, _) = state(store, action).await;
    assert_eq!(state, expected);
    state
}

async fn an_action_goes_through_its_life(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let approval = || ActionEvent::Approve {
        word: word(later(1)),
        lifetime: Duration::from_secs(30),
    };
    let begin = || ActionEvent::Begin { at: later(2) };
    let broken = || ActionEvent::Break {
        at: later(3),
        detail: "cut".to_owned(),
    };
    let resolve = |finding| ActionEvent::Resolve {
        word: word(later(4)),
        finding,
    };
    let held = world.held(store).await;
    let read = store.action_get(held).await.unwrap().unwrap();
    assert_eq!(
        (read.agent_name.as_str(), read.service_name.as_str()),
        ("agent 1", "stripe")
    );
    assert_eq!(
        read.action.state,
        ActionState::Pending {
            expires_at: later(100)
        }
    );
    assert_eq!(read.action.judgement, World::judgement(Decision::Hold));
    assert_eq!(read.action.intent.as_str(), "charge a customer");
    let request = store.action_request(held).await.unwrap();
    assert_eq!(request, Some(sealed(world.data_key, "the request")));
    apply(store, held, approval()).await;
    apply(store, held, begin()).await;
    apply(store, held, ActionEvent::NothingSent).await;
    apply(store, held, begin()).await;
    assert_eq!(store.action_answer(held).await.unwrap(), None);
    let mut answered = change(store, held, ActionEvent::Answer { at: later(3) }).await;
    answered.answer = Some(answer(&world, 204));
    assert_eq!(store.action_change(answered).await.unwrap(), Changed::Done);
    assert_eq!(
        store.action_answer(held).await.unwrap(),
        Some(answer(&world, 204))
    );
    let row = store
        .request_get(world.workspace, read.action.entry)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.action, row.upstream_status), (Some(held), Some(204)));
    assert_eq!(
        store
            .action_answer_drop_before(later(4), 10, later(4))
            .await
            .unwrap(),
        1
    );
    let kept = StoredAnswer {
        status: 204,
        content: None,
    };
    assert_eq!(store.action_answer(held).await.unwrap(), Some(kept));

    for finding in [Finding::Executed, Finding::NotExecuted] {
        let held = world.held(store).await;
        apply(store, held, approval()).await;
        apply(store, held, begin()).await;
        apply(store, held, broken()).await;
        apply(store, held, resolve(finding)).await;
    }
    let denied = world.held(store).await;
    apply(store, denied, ActionEvent::Deny(word(later(1)))).await;
    let revoked = world.held(store).await;
    apply(store, revoked, approval()).await;
    apply(store, revoked, ActionEvent::Revoke(word(later(1)))).await;
    assert_eq!(store.action_get(ActionId(Uuid::nil())).await.unwrap(), None);
}

async fn a_change_against_an_old_revision_is_refused(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let action = world.held(store).await;
    let attempts: Vec<_> = (0..10).map(|_| approve(store, action)).collect();
    let mut changes = Vec::new();
    for attempt in attempts {
        changes.push(attempt.await);
    }
    let attempts: Vec<_> = changes
        .into_iter()
        .map(|change| {
            let store = store.clone();
            tokio::spawn(async move { store.action_change(change).await.unwrap() })
        })
        .collect();
    let mut done = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Changed::Done => done += 1,
            other => assert_eq!(other, Changed::RevisionMoved),
        }
    }
    assert_eq!(done, 1);
    let entries = store.audit_list(world.workspace, None, 100).await.unwrap();
    let told = entries
        .items
        .iter()
        .filter(|entry| entry.event == "action.changed");
    assert_eq!(told.count(), 1);
}

async fn actions_are_listed_in_pages(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let mut actions = Vec::new();
    for n in 0..3 {
        let mut decision = world.hold(world.version(store).await, None);
        decision.entry.at = later(n / 2);
        actions.push(decision.hold.as_ref().unwrap().action);
        done(store, decision).await;
    }
    let waiting = store.action_pending(world.workspace, NOW).await.unwrap();
    let ids = |items: &[gaiterguard_store::ActionWithNames]| {
        items.iter().map(|item| item.action.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&waiting), actions);
    assert!(
        store
            .action_pending(world.workspace, later(100))
            .await
            .unwrap()
            .is_empty()
    );
    let mut cursor = None;
    let mut listed = Vec::new();
    loop {
        let page = store
            .action_list(
                world.workspace,
                &ActionFilter::default(),
                cursor.as_deref(),
                1,
            )
            .await
            .unwrap();
        listed.extend(ids(&page.items));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    actions.reverse();
    assert_eq!(listed, actions);
    let filter = ActionFilter {
        status: Some(ActionStatus::Denied),
        agent: Some(world.agent),
        service: Some(world.service),
    };
    let none = store
        .action_list(world.workspace, &filter, None, 10)
        .await
        .unwrap();
    assert!(none.items.is_empty());
    apply(store, actions[0], ActionEvent::Deny(word(later(1)))).await;
    let one = store
        .action_list(world.workspace, &filter, None, 10)
        .await
        .unwrap();
    assert_eq!(ids(&one.items), actions[..1]);
    let odd = store
        .action_list(world.workspace, &filter, Some("odd"), 10)
        .await;
    assert!(matches!(odd, Err(StoreError::Cursor(_))));
}

async fn requests_are_listed_in_pages(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, done(store, world.forward(version, None)).await);
    }
    ids.insert(
        0,
        done(store, world.decision(version, Decision::Deny)).await,
    );
    let mut cursor = None;
    let mut listed = Vec::new();
    loop {
        let page = store
            .request_list(
                world.workspace,
                &RequestFilter::default(),
                cursor.as_deref(),
                4,
            )
            .await
            .unwrap();
        listed.extend(page.items.iter().map(|row| row.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    // Writers beside one another give ids out of their own stocks.
    listed.sort_unstable();
    ids.sort_unstable();
    assert_eq!(listed, ids);
    let filter = RequestFilter {
        decision: Some(Decision::Deny),
        agent: Some(world.agent),
        service: Some(world.service),
    };
    let page = store
        .request_list(world.workspace, &filter, None, 4)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.next_cursor, None);
}

async fn actions_expire(_: &Database, store: &Store) {
    let world = World::new(store).await;
    assert_eq!(store.action_next_expiry().await.unwrap(), None);
    let (waiting, approved) = (world.held(store).await, world.held(store).await);
    apply(
        store,
        approved,
        ActionEvent::Approve {
            word: word(later(1)),
            lifetime: Duration::from_secs(30),
        },
    )
    .await;
    assert_eq!(store.action_next_expiry().await.unwrap(), Some(later(31)));
    assert!(
        store
            .action_expire_due(later(30), 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        store.action_expire_due(later(200), 1).await.unwrap(),
        [approved]
    );
    assert_eq!(
        store.action_expire_due(later(200), 10).await.unwrap(),
        [waiting]
    );
    let (ended, revision) = state(store, approved).await;
    assert_eq!(
        (ended, revision),
        (ActionState::Expired { at: later(31) }, 3)
    );
}

async fn a_block_takes_actions_back(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let (waiting, approved, denied) = (
        world.held(store).await,
        world.held(store).await,
        world.held(store).await,
    );
    let change = approve(store, approved).await;
    store.action_change(change).await.unwrap();
    apply(store, denied, ActionEvent::Deny(word(later(1)))).await;
    let blocked = entry("agent.blocked", later(5));
    store
        .agent_block(world.workspace, world.agent, &word(later(5)), blocked)
        .await
        .unwrap();
    for action in [waiting, approved] {
        let (state, _) = state(store, action).await;
        assert_eq!(state.status(), ActionStatus::Revoked);
        assert_eq!(state.word(), Some(&word(later(5))));
    }
    assert_eq!(state(store, denied).await.0.status(), ActionStatus::Denied);
    let entries = store
        .audit_list(world.workspace, None, 3)
        .await
        .unwrap()
        .items;
    let events: Vec<&str> = entries.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(
        events,
        ["agent.blocked", "action.revoked", "action.revoked"]
    );
}

async fn what_a_dead_run_had_begun_is_recovered(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let action = world.held(store).await;
    let change = approve(store, action).await;
    store.action_change(change).await.unwrap();
    apply(store, action, ActionEvent::Begin { at: later(2) }).await;
    let running = done(store, world.forward(version, Some("k"))).await;
    assert!(
        store
            .action_recover_executing(later(3), 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.claim_recover_running(later(3), 10).await.unwrap(), 0);

    let next = database.open(Purpose::Tool);
    next.replica_register(ReplicaId(Uuid::new_v4()), later(60), NOW)
        .await
        .unwrap();
    assert_eq!(
        next.action_recover_executing(later(4), 10).await.unwrap(),
        [action]
    );
    assert_eq!(next.claim_recover_running(later(4), 10).await.unwrap(), 1);
    let (found, revision) = state(store, action).await;
    assert_eq!(found.status(), ActionStatus::Indeterminate);
    let claim = store
        .claim_get(world.agent, &key("k"), NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(claim.state, ClaimState::Broken);

    // The run was not dead after all: what it has to say comes too late.
    let outcome = Outcome::Answered(answer(&world, 200));
    assert!(
        !store
            .complete(completion(&world, running, Some("k"), outcome))
            .await
            .unwrap()
    );
    let late = ActionChange {
        action,
        revision: revision - 1,
        state: found,
        authority: None,
        answer: None,
        audit: audit(),
    };
    assert_eq!(
        store.action_change(late).await.unwrap(),
        Changed::RevisionMoved
    );
    next.close().await;
}

async fn retention_spares_what_lives(_: &Database, store: &Store) {
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

async fn an_entry_that_is_refused_takes_no_other_with_it(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let first = world.hold(version, None);
    done(store, first.clone()).await;
    let attempts: Vec<_> = (0..10)
        .map(|n| {
            let decision = if n == 4 {
                first.clone()
            } else {
                world.forward(version, None)
            };
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

async fn a_waiter_that_leaves_leaves_nothing_running(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let action = world.held(store).await;
    let approved = approve(store, action).await;
    store.action_change(approved).await.unwrap();
    let mut told = Vec::new();
    for n in 0..60 {
        let patience = Duration::from_micros(n * n * 20);
        let claimed = key(&format!("k{n}"));
        let recording = store.record(world.forward(version, Some(claimed.as_str())));
        if let Ok(recorded) = tokio::time::timeout(patience, recording).await {
            assert!(matches!(recorded, Ok(Recorded::Done(_))));
            told.push(claimed);
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
            answer: None,
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
            if running == told && now.status() == ActionStatus::Approved {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(20), settled).await;
    settled.expect("what nobody was told of is given back");
    assert!(
        !told.is_empty() && told.len() < 60,
        "{} were told",
        told.len()
    );
}

async fn a_great_batch_is_whole(_: &Database, store: &Store) {
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
                    outcome: Outcome::Answered(StoredAnswer {
                        status: 200,
                        content: Some(sealed(data_key, &claimed)),
                    }),
                    at: later(1),
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
        let kept = StoredAnswer {
            status: 200,
            content: Some(sealed(world.data_key, &claimed)),
        };
        assert_eq!(claim.state, ClaimState::Answered(kept));
    }
    assert!(store.audit_verify(|_| {}).await.unwrap().is_ok());
}

async fn the_overview_counts(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let id = done(store, world.forward(version, None)).await;
    let outcome = Outcome::Answered(answer(&world, 200));
    store
        .complete(completion(&world, id, None, outcome))
        .await
        .unwrap();
    let mut denied = world.decision(version, Decision::Deny);
    denied.entry.at = later(70);
    done(store, denied).await;
    world.held(store).await;
    let decided = world.held(store).await;
    apply(store, decided, ActionEvent::Deny(word(later(5)))).await;
    let minute = Duration::from_mins(1);
    let overview = store
        .overview(world.workspace, NOW, minute, later(80))
        .await
        .unwrap();
    let series: Vec<_> = overview
        .series
        .iter()
        .map(|count| (count.from, count.decision, count.outcome, count.count))
        .collect();
    assert_eq!(
        series,
        [
            (NOW, Decision::Forward, Some(OverviewOutcome::Answered), 1),
            (NOW, Decision::Hold, None, 2),
            (later(60), Decision::Deny, None, 1),
        ]
    );
    assert_eq!(overview.pending, 1);
    assert_eq!(overview.decision_ms_median, Some(5000));
    assert_eq!(
        (overview.agents[0].name.as_str(), overview.agents[0].count),
        ("agent 1", 4)
    );
    assert_eq!(
        (
            overview.services[0].name.as_str(),
            overview.services[0].count
        ),
        ("stripe", 4)
    );
    let nothing = store
        .overview(world.workspace, later(1000), minute, later(1000))
        .await
        .unwrap();
    assert!(nothing.series.is_empty() && nothing.decision_ms_median.is_none());
}

/// Two stores on one database, as two replicas have: once a block is acknowledged on one, the
/// other records nothing that was decided before it.
async fn after_a_block_nothing_is_recorded(database: &Database, store: &Store) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let world = Arc::new(World::new(store).await);
    let version = world.version(store).await;
    let other = database.open(Purpose::Tool);
    let acknowledged = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (store, world) = (other.clone(), Arc::clone(&world));
            let acknowledged = Arc::clone(&acknowledged);
            tokio::spawn(async move {
                let (mut before, mut refused) = (0, 0);
                while refused < 5 {
                    let was_acknowledged = acknowledged.load(Ordering::SeqCst);
                    match store.record(world.forward(version, None)).await.unwrap() {
                        Recorded::Done(_) => {
                            assert!(!was_acknowledged, "recorded after the block");
                            before += 1;
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
    tokio::time::sleep(Duration::from_millis(100)).await;
    store
        .agent_block(world.workspace, world.agent, &word(later(1)), audit())
        .await
        .unwrap();
    acknowledged.store(true, Ordering::SeqCst);
    let mut before = 0;
    for writer in writers {
        before += writer.await.unwrap();
    }
    assert!(before > 0, "the block came while requests were recorded");
    other.close().await;
}

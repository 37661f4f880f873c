//! Actions: how they are held, changed, and ended.

use std::time::Duration;

use gaiterguard_domain::action::{ActionEvent, ActionState, ActionStatus, Resolution};
use gaiterguard_domain::event::Event;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::ledger::{
    ActionChange, Changed, ClaimState, Outcome, PendingLimit, Recorded, ReplicaId, StoredResponse,
};
use gaiterguard_domain::verdict::Decision;
use gaiterguard_domain::workspace::KillSwitch;
use gaiterguard_store::{AgentSaved, AuditFilter, Purpose, Store};
use uuid::Uuid;

use crate::steps::{apply, approve, change, completion, done, response, state};
use crate::support::{
    Database, NOW, World, audit, entry, key, later, new_agent, on_both, sealed, word,
};

on_both!(
    pending_actions_are_limited,
    an_action_goes_through_its_lifecycle,
    a_change_against_an_old_revision_is_refused,
    an_execution_begins_only_after_the_release_by_the_shared_clock,
    actions_expire,
    a_damaged_id_keeps_no_other_action_from_expiring,
    a_block_revokes_open_actions,
    an_execution_recalled_by_a_block_does_not_return_to_approved,
    executions_and_claims_of_a_dead_replica_are_recovered,
);

async fn pending_actions_are_limited(_: &Database, store: &Store) {
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
            (other, _) => assert_eq!(other, Recorded::TooManyPending(PendingLimit::Actions)),
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

async fn an_action_goes_through_its_lifecycle(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let approval = || ActionEvent::Approve {
        decision: word(later(1)),
        undo: Duration::ZERO,
        lifetime: Duration::from_secs(30),
    };
    let begin = || ActionEvent::Begin { at: later(2) };
    let broken = || ActionEvent::Break {
        at: later(3),
        detail: "cut".to_owned(),
    };
    let resolve = |resolution| ActionEvent::Resolve {
        decision: word(later(4)),
        resolution,
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
    assert_eq!(read.action.evaluation, World::evaluation(Decision::Hold));
    assert_eq!(read.action.intent.as_str(), "charge a customer");
    let request = store.action_request(held).await.unwrap();
    assert_eq!(request, Some(sealed(world.data_key, "the request")));
    assert_eq!(read.summary, Some(sealed(world.data_key, "summary")));
    apply(store, held, approval()).await;
    apply(store, held, begin()).await;
    apply(store, held, ActionEvent::NothingSent).await;
    apply(store, held, begin()).await;
    assert_eq!(store.action_response(held).await.unwrap(), None);
    let mut answered = change(store, held, ActionEvent::Respond { at: later(3) }).await;
    answered.answer = Some(response(&world, 204));
    assert_eq!(store.action_change(answered).await.unwrap(), Changed::Done);
    assert_eq!(
        store.action_response(held).await.unwrap(),
        Some(response(&world, 204))
    );
    let row = store
        .request_get(world.workspace, read.action.entry)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.action, row.upstream_status), (Some(held), Some(204)));
    assert_eq!(
        store
            .action_response_drop_before(later(4), 10, later(4))
            .await
            .unwrap(),
        1
    );
    let kept = StoredResponse {
        status: 204,
        content: None,
    };
    assert_eq!(store.action_response(held).await.unwrap(), Some(kept));

    for resolution in [Resolution::Executed, Resolution::NotExecuted] {
        let held = world.held(store).await;
        apply(store, held, approval()).await;
        apply(store, held, begin()).await;
        apply(store, held, broken()).await;
        apply(store, held, resolve(resolution)).await;
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
    let entries = store
        .audit_list(world.workspace, &AuditFilter::default(), None, 100)
        .await
        .unwrap();
    let received = entries
        .items
        .iter()
        .filter(|entry| entry.event == "action.approved");
    assert_eq!(received.count(), 1);
}

async fn an_execution_begins_only_after_the_release_by_the_shared_clock(
    database: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let approved = async |undo| {
        let held = world.held(store).await;
        let approval = ActionEvent::Approve {
            decision: word(later(1)),
            undo,
            lifetime: Duration::from_hours(1),
        };
        let approval = change(store, held, approval).await;
        assert_eq!(store.action_change(approval).await.unwrap(), Changed::Done);
        let (state, _) = state(store, held).await;
        (held, state.releases_at().unwrap())
    };
    // Begins an execution of a replica whose own clock shows `now`.
    let begin = async |held, now| {
        let mut execution = change(store, held, ActionEvent::Begin { at: later(100) }).await;
        execution.audit.at = now;
        store.action_change(execution).await.unwrap()
    };
    let (held, releases_at) = approved(Duration::from_secs(30)).await;
    let before = state(store, held).await;
    let early = releases_at.before(Duration::from_millis(1));
    assert_eq!(begin(held, early).await, Changed::NotReleased);
    assert_eq!(state(store, held).await, before);
    if database.is_sqlite() {
        assert_eq!(releases_at, later(31));
        assert_eq!(begin(held, releases_at).await, Changed::Done);
        return;
    }
    // The database's clock counts, and not the clock of a replica that is ahead of it.
    assert_eq!(begin(held, releases_at).await, Changed::NotReleased);
    let (held, releases_at) = approved(Duration::from_millis(1)).await;
    while begin(held, releases_at).await != Changed::Done {}
    let (now, _) = state(store, held).await;
    assert_eq!(now.status(), ActionStatus::Executing);
}

async fn actions_expire(_: &Database, store: &Store) {
    let world = World::new(store).await;
    assert_eq!(store.action_next_expiry().await.unwrap(), None);
    let (waiting, approved) = (world.held(store).await, world.held(store).await);
    apply(
        store,
        approved,
        ActionEvent::Approve {
            decision: word(later(1)),
            undo: Duration::ZERO,
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

async fn a_damaged_id_keeps_no_other_action_from_expiring(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let (damaged, whole) = (world.held(store).await, world.held(store).await);
    let damage = format!("UPDATE actions SET id = 'odd' WHERE id = '{damaged}'");
    database.meddle(&damage).await;
    assert_eq!(
        store.action_expire_due(later(200), 10).await.unwrap(),
        [whole]
    );
    assert_eq!(store.action_next_expiry().await.unwrap(), None);
}

async fn a_block_revokes_open_actions(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let (waiting, approved, denied) = (
        world.held(store).await,
        world.held(store).await,
        world.held(store).await,
    );
    let change = approve(store, approved).await;
    store.action_change(change).await.unwrap();
    apply(store, denied, ActionEvent::Deny(word(later(1)))).await;
    let blocked = entry(Event::AgentBlocked, later(5));
    store
        .agent_block(world.workspace, world.agent, &word(later(5)), blocked)
        .await
        .unwrap();
    for action in [waiting, approved] {
        let (state, _) = state(store, action).await;
        assert_eq!(state.status(), ActionStatus::Revoked);
        assert_eq!(state.last_decision(), Some(&word(later(5))));
    }
    assert_eq!(state(store, denied).await.0.status(), ActionStatus::Denied);
    let entries = store
        .audit_list(world.workspace, &AuditFilter::default(), None, 3)
        .await
        .unwrap()
        .items;
    let events: Vec<&str> = entries.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(
        events,
        ["agent.blocked", "action.revoked", "action.revoked"]
    );
}

async fn an_execution_recalled_by_a_block_does_not_return_to_approved(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let executing = async || {
        let action = world.held(store).await;
        let approved = approve(store, action).await;
        store.action_change(approved).await.unwrap();
        apply(store, action, ActionEvent::Begin { at: later(2) }).await;
        action
    };
    let (workspace, agent) = (world.workspace, world.agent);
    let blocked = executing().await;
    let answered = executing().await;
    let word_of_block = word(later(5));
    let block = entry(Event::AgentBlocked, later(5));
    store
        .agent_block(workspace, agent, &word_of_block, block)
        .await
        .unwrap();
    // Unblocking the agent does not restore the approval either.
    let unblock = entry(Event::AgentUnblocked, later(6));
    store
        .agent_unblock(workspace, agent, later(6), unblock)
        .await
        .unwrap();
    let returned = change(store, blocked, ActionEvent::NothingSent).await;
    assert_eq!(
        store.action_change(returned).await.unwrap(),
        Changed::Recalled
    );
    let (found, _) = state(store, blocked).await;
    assert_eq!(found.status(), ActionStatus::Revoked);
    assert_eq!(found.last_decision(), Some(&word_of_block));
    let entries = store
        .audit_list(workspace, &AuditFilter::default(), None, 50)
        .await
        .unwrap()
        .items;
    let revoked = entries
        .iter()
        .filter(|entry| entry.event == "action.revoked");
    assert_eq!(revoked.count(), 1);
    // A request that was sent stays executed.
    let mut ended = change(store, answered, ActionEvent::Respond { at: later(7) }).await;
    ended.answer = Some(response(&world, 200));
    assert_eq!(store.action_change(ended).await.unwrap(), Changed::Done);

    let later_on = executing().await;
    apply(store, later_on, ActionEvent::NothingSent).await;
    let (found, _) = state(store, later_on).await;
    assert_eq!(found.status(), ActionStatus::Approved);

    let stopped = executing().await;
    let kill_switch = KillSwitch::Active {
        by: word_of_block.by,
        at: later(8),
        reason: Some("Stop".to_owned()),
    };
    let thrown = entry(Event::KillSwitchChanged, later(8));
    store
        .kill_switch_set(workspace, &kill_switch, later(8), thrown)
        .await
        .unwrap();
    let returned = change(store, stopped, ActionEvent::NothingSent).await;
    assert_eq!(
        store.action_change(returned).await.unwrap(),
        Changed::Recalled
    );
}

async fn executions_and_claims_of_a_dead_replica_are_recovered(database: &Database, store: &Store) {
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
    next.replica_register(ReplicaId(Uuid::new_v4()), Duration::from_mins(1), NOW)
        .await
        .unwrap();
    assert_eq!(
        next.action_recover_executing(later(4), 10).await.unwrap(),
        [action]
    );
    assert_eq!(next.claim_recover_running(later(4), 10).await.unwrap(), 1);
    let (found, revision) = state(store, action).await;
    assert_eq!(found.status(), ActionStatus::Indeterminate);
    // The event stream is made of the entries, and notifications of the status in it.
    let filter = AuditFilter {
        events: vec![Event::ActionIndeterminate],
        ..AuditFilter::default()
    };
    let entries = store.audit_list(world.workspace, &filter, None, 10).await;
    let [entry] = entries.unwrap().items.try_into().unwrap();
    assert!(
        entry.detail.contains(r#""status":"INDETERMINATE""#),
        "{}",
        entry.detail
    );
    let claim = store
        .claim_get(world.agent, &key("k"), NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(claim.state, ClaimState::Broken);

    // The replica was alive after all, but its result comes too late.
    let outcome = Outcome::Responded(response(&world, 200));
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
        member: None,
        press: None,
        answer: None,
        ballot: None,
        audit: audit(),
    };
    assert_eq!(
        store.action_change(late).await.unwrap(),
        Changed::RevisionMoved
    );
    next.close().await;
}

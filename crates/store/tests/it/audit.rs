//! The audit log: its chains, the detection of tampering, and what subscribers receive.

use std::time::Duration;

use gaiterguard_domain::audit::{Actor, AuditEntry, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::AuditId;
use gaiterguard_domain::ledger::Recorded;
use gaiterguard_store::{ActorFilter, AuditBroken, AuditFilter, Notice, Purpose, Resume, Store};

use crate::steps::done;
use crate::support::{Database, NOW, World, audit, entry, later, on_both, word};

on_both!(
    an_intact_log_is_verified_while_it_grows,
    a_changed_entry_is_detected,
    a_removed_entry_is_detected,
    a_truncated_chain_is_detected,
    a_chain_truncated_with_its_head_is_detected_by_a_later_chain,
    a_removed_chain_is_detected,
    entries_are_listed_in_pages,
    entries_are_filtered,
    an_event_that_changes_nothing_else_is_recorded,
    a_subscriber_that_reconnects_receives_what_it_missed,
    subscribers_receive_every_commit,
);

/// The chain of a world's first entries, and its length.
async fn first_chain(store: &Store) -> (i64, i64) {
    let entries = store
        .audit_list(
            gaiterguard_domain::id::WorkspaceId(1),
            &AuditFilter::default(),
            None,
            200,
        )
        .await
        .unwrap()
        .items;
    let chain = entries.last().unwrap().chain;
    let reached = entries
        .iter()
        .filter(|entry| entry.chain == chain)
        .map(|entry| entry.sequence)
        .max()
        .unwrap();
    (chain, reached)
}

async fn verified(store: &Store) -> Result<u64, AuditBroken> {
    store.audit_verify(|_| {}).await.unwrap()
}

async fn an_intact_log_is_verified_while_it_grows(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            let decision = world.forward(version, None);
            tokio::spawn(async move {
                for _ in 0..150 {
                    let recorded = store.record(decision.clone()).await.unwrap();
                    assert!(matches!(recorded, Recorded::Done(_)));
                }
            })
        })
        .collect();
    let tool = database.open(Purpose::Tool);
    while writers.iter().any(|writer| !writer.is_finished()) {
        verified(&tool).await.unwrap();
    }
    for writer in writers {
        writer.await.unwrap();
    }
    // A command-line tool that writes has a chain of its own.
    tool.user_password_set(world.user, "new", NOW, audit())
        .await
        .unwrap();
    let mut received = 0;
    let count = store
        .audit_verify(|count| received = count)
        .await
        .unwrap()
        .unwrap();
    assert!(count > 600 && received == count, "{count} {received}");
    tool.close().await;
}

async fn a_changed_entry_is_detected(database: &Database, store: &Store) {
    World::new(store).await;
    let (chain, _) = first_chain(store).await;
    database
        .meddle(&format!(
            "UPDATE audit SET detail = '{{}}' WHERE chain = {chain} AND sequence = 3"
        ))
        .await;
    let broken = verified(store).await.unwrap_err();
    assert!(
        matches!(&broken, AuditBroken::Entry(entry) if (entry.chain, entry.sequence) == (chain, 3)),
        "{broken}"
    );
}

async fn a_removed_entry_is_detected(database: &Database, store: &Store) {
    World::new(store).await;
    let (chain, _) = first_chain(store).await;
    database
        .meddle(&format!(
            "DELETE FROM audit WHERE chain = {chain} AND sequence = 2"
        ))
        .await;
    let broken = verified(store).await.unwrap_err();
    assert!(matches!(broken, AuditBroken::Entry(_)), "{broken}");
}

async fn a_truncated_chain_is_detected(database: &Database, store: &Store) {
    World::new(store).await;
    let (chain, reached) = first_chain(store).await;
    database
        .meddle(&format!(
            "DELETE FROM audit WHERE chain = {chain} AND sequence = {reached}"
        ))
        .await;
    let broken = verified(store).await.unwrap_err();
    let tail = AuditBroken::Tail {
        chain,
        found: reached - 1,
        expected: reached,
    };
    assert_eq!(broken, tail);
}

async fn a_chain_truncated_with_its_head_is_detected_by_a_later_chain(
    database: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let (chain, reached) = first_chain(store).await;
    let tool = database.open(Purpose::Tool);
    tool.user_password_set(world.user, "new", NOW, audit())
        .await
        .unwrap();
    assert!(verified(store).await.is_ok());
    let last = reached - 1;
    database
        .meddle(&format!(
            "UPDATE audit_chains SET sequence = {last}, hash =
                (SELECT hash FROM audit WHERE chain = {chain} AND sequence = {last})
             WHERE chain = {chain}"
        ))
        .await;
    database
        .meddle(&format!(
            "DELETE FROM audit WHERE chain = {chain} AND sequence = {reached}"
        ))
        .await;
    let broken = verified(store).await.unwrap_err();
    assert!(matches!(broken, AuditBroken::Tail { .. }), "{broken}");
    tool.close().await;
}

async fn a_removed_chain_is_detected(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let (chain, _) = first_chain(store).await;
    let tool = database.open(Purpose::Tool);
    tool.user_password_set(world.user, "new", NOW, audit())
        .await
        .unwrap();
    database
        .meddle(&format!("DELETE FROM audit_chains WHERE chain = {chain}"))
        .await;
    assert_eq!(verified(&tool).await, Err(AuditBroken::Head { chain }));
    database
        .meddle(&format!("DELETE FROM audit WHERE chain = {chain}"))
        .await;
    let broken = verified(&tool).await.unwrap_err();
    assert!(
        matches!(broken, AuditBroken::Tail { found: 0, .. }),
        "{broken}"
    );
    tool.close().await;
}

async fn entries_are_listed_in_pages(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let all = store
        .audit_list(world.workspace, &AuditFilter::default(), None, 100)
        .await
        .unwrap();
    assert_eq!(all.next_cursor, None);
    assert!(all.items.len() >= 5);
    let mut cursor = None;
    let mut listed = Vec::new();
    loop {
        let page = store
            .audit_list(
                world.workspace,
                &AuditFilter::default(),
                cursor.as_deref(),
                2,
            )
            .await
            .unwrap();
        listed.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, all.items);
}

/// Whether a filter returns an entry.
type Check = fn(&AuditEntry) -> bool;

async fn entries_are_filtered(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let agent = Actor::Agent(world.agent);
    for n in 0..3 {
        let mut forwarded = world.forward(version, None);
        forwarded.entry.at = later(n);
        done(store, forwarded).await;
        let by_user = NewAuditEntry {
            actor: Actor::User(world.user),
            subject: Subject::Service(world.service),
            ..entry(Event::ServiceTestCalled, later(n))
        };
        store.audit_append(by_user).await.unwrap();
    }
    let all = store
        .audit_list(world.workspace, &AuditFilter::default(), None, 200)
        .await
        .unwrap()
        .items;
    let tested = vec![Event::ServiceTestCalled];
    let both = vec![Event::RequestForwarded, Event::ServiceTestCalled];
    let user = Some(ActorFilter::One(Actor::User(world.user)));
    let service = Some(Subject::Service(world.service));
    let is_tested: Check = |entry| entry.event == "service.test_called";
    let is_forwarded: Check = |entry| entry.event == "request.forwarded";
    let filters: Vec<(AuditFilter, Check)> = vec![
        (
            AuditFilter {
                events: tested.clone(),
                ..AuditFilter::default()
            },
            is_tested,
        ),
        (
            AuditFilter {
                events: both,
                ..AuditFilter::default()
            },
            |entry| ["request.forwarded", "service.test_called"].contains(&&*entry.event),
        ),
        (
            AuditFilter {
                actor: user,
                ..AuditFilter::default()
            },
            is_tested,
        ),
        (
            AuditFilter {
                actor: Some(ActorFilter::Users),
                ..AuditFilter::default()
            },
            is_tested,
        ),
        (
            AuditFilter {
                actor: Some(ActorFilter::One(agent)),
                ..AuditFilter::default()
            },
            is_forwarded,
        ),
        (
            AuditFilter {
                actor: Some(ActorFilter::Agents),
                ..AuditFilter::default()
            },
            is_forwarded,
        ),
        (
            AuditFilter {
                subject: service.clone(),
                ..AuditFilter::default()
            },
            is_tested,
        ),
        (
            AuditFilter {
                events: tested,
                actor: user,
                subject: service,
                ..AuditFilter::default()
            },
            is_tested,
        ),
        (
            AuditFilter {
                since: Some(later(1)),
                until: Some(later(2)),
                ..AuditFilter::default()
            },
            |entry| entry.at == later(1),
        ),
    ];
    for (filter, check) in filters {
        let expected: Vec<_> = all.iter().filter(|entry| check(entry)).cloned().collect();
        assert!(!expected.is_empty(), "{filter:?}");
        let mut listed = Vec::new();
        let mut cursor = None;
        loop {
            let page = store
                .audit_list(world.workspace, &filter, cursor.as_deref(), 2)
                .await
                .unwrap();
            listed.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(listed, expected, "{filter:?}");
    }
}

async fn an_event_that_changes_nothing_else_is_recorded(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let entry = NewAuditEntry {
        event: Event::ServiceTestCalled,
        ..audit()
    };
    store.audit_append(entry).await.unwrap();
    let listed = store
        .audit_list(world.workspace, &AuditFilter::default(), None, 100)
        .await
        .unwrap();
    let appended = |entry: &&AuditEntry| entry.event() == Some(Event::ServiceTestCalled);
    assert_eq!(listed.items.iter().filter(appended).count(), 1);
    assert_eq!(world.version(store).await, version);
    verified(store).await.unwrap();
}

async fn a_subscriber_that_reconnects_receives_what_it_missed(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let entries = store
        .audit_list(world.workspace, &AuditFilter::default(), None, 100)
        .await
        .unwrap()
        .items;
    let last = entries[0].id;
    store
        .agent_block(world.workspace, world.agent, &word(NOW), audit())
        .await
        .unwrap();
    let Resume::Entries(missed) = store.audit_after(world.workspace, last, 100).await.unwrap()
    else {
        panic!("nothing to resume");
    };
    assert!(missed.iter().all(|entry| entry.id != last));
    assert_eq!(
        missed.len(),
        entries.len(),
        "the new entry and those it may not know"
    );
    assert_eq!(
        store.audit_after(world.workspace, last, 1).await.unwrap(),
        Resume::Reload
    );
    assert_eq!(
        store
            .audit_after(world.workspace, AuditId(-1), 100)
            .await
            .unwrap(),
        Resume::Reload
    );
}

async fn subscribers_receive_every_commit(database: &Database, store: &Store) {
    let world = World::new(store).await;
    // On PostgreSQL this is another replica, which receives the first one's commits.
    let other = if database.is_sqlite() {
        store.clone()
    } else {
        database.open(Purpose::Serve)
    };
    let mut notices = other.notices();
    let mut authority = false;
    let mut entry = None;
    let heard = async {
        while !authority || entry.is_none() {
            // The other replica may not be subscribed yet when the first change is made.
            store
                .agent_unblock(world.workspace, world.agent, NOW, audit())
                .await
                .unwrap();
            while let Ok(Ok(notice)) =
                tokio::time::timeout(Duration::from_millis(200), notices.recv()).await
            {
                match notice {
                    Notice::Entry(received)
                        if received.event() == Some(Event::UserPasswordReset) =>
                    {
                        entry = Some(received);
                    }
                    Notice::AuthorityChanged(workspace) => {
                        assert_eq!(workspace, world.workspace);
                        authority = true;
                    }
                    Notice::Entry(_) | Notice::Missed => {}
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), heard)
        .await
        .unwrap();
    let entries = store
        .audit_list(world.workspace, &AuditFilter::default(), None, 100)
        .await
        .unwrap()
        .items;
    assert!(entries.contains(&entry.unwrap()));
    if !database.is_sqlite() {
        other.close().await;
    }
}

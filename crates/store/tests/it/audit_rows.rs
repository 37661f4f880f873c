//! The audit log covers the rows that its entries describe: every manual change is detected, and
//! nothing that the gateway does is reported.

use futures_util::future::join_all;
use gaiterguard_domain::action::ActionEvent;
use gaiterguard_domain::audit::{Actor, AuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::RequestEntryId;
use gaiterguard_domain::ledger::{Outcome, Recorded};
use gaiterguard_domain::verdict::Decision;
use gaiterguard_store::{AuditBroken, AuditFilter, PendingOutcome, Store, UserCreated};
use serde_json::Value;

use crate::steps::{apply, approve, change, completion, done, response};
use crate::support::{Database, World, audit, email, entry, later, on_both, word};

on_both!(
    a_change_of_any_column_is_detected,
    a_removed_row_is_detected_but_not_one_removed_by_retention,
    the_latest_state_of_an_action_is_verified_while_writers_continue,
    ends_are_covered_by_entries_of_no_other_workspace,
    reads_that_are_committed_together_share_an_entry,
    retention_may_remove_some_of_the_reads_that_share_an_entry,
);

async fn verified(store: &Store) -> Result<u64, AuditBroken> {
    store.audit_verify(|_| {}).await.unwrap()
}

async fn a_change_of_any_column_is_detected(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let forwarded = done(store, world.forward(version, Some("k"))).await;
    let outcome = Outcome::Responded(response(&world, 200));
    let ended = completion(&world, forwarded, Some("k"), outcome);
    assert!(store.complete(ended).await.unwrap());
    let (pending, denied) = (world.held(store).await, world.held(store).await);
    apply(store, denied, ActionEvent::Deny(word(later(1)))).await;
    let executed = world.held(store).await;
    let approved = approve(store, executed).await;
    store.action_change(approved).await.unwrap();
    apply(store, executed, ActionEvent::Begin { at: later(2) }).await;
    let mut answered = change(store, executed, ActionEvent::Respond { at: later(3) }).await;
    answered.answer = Some(response(&world, 204));
    store.action_change(answered).await.unwrap();
    let refused = done(store, world.decision(version, Decision::Deny)).await;
    let running = done(store, world.forward(version, None)).await;
    // Retention of responses does not change what was recorded.
    let dropped = store.action_response_drop_before(later(9), 10, later(9));
    assert_eq!(dropped.await.unwrap(), 1);
    verified(store).await.unwrap();

    let requests = [
        ("target_url", "target_url = 'https://api.example.com/other'"),
        ("intent", "intent = 'List the charges'"),
        ("judgement", "judgement = '{}'"),
        ("decision", "decision = 'deny'"),
        ("agent_id", "agent_id = agent_id + 1"),
        ("service_id", "service_id = service_id + 1"),
        ("method", "method = 'GET'"),
        ("created_at", "created_at = created_at + 1"),
    ];
    let request = format!("id = {}", forwarded.0);
    for (column, change) in requests {
        shows(database, store, "requests", &request, change, column).await;
    }
    let never = "outcome = NULL, upstream_status = NULL, completed_at = NULL";
    let forged = "outcome = 'ANSWERED', upstream_status = 200, completed_at = created_at + 5";
    let of_action = format!("id = (SELECT entry_id FROM actions WHERE id = '{executed}')");
    let of_waiting = format!("id = (SELECT entry_id FROM actions WHERE id = '{pending}')");
    for (row, changes) in [
        (
            request.clone(),
            [never, "outcome = 'NOT_SENT'", "upstream_status = 500"],
        ),
        (
            request,
            [
                "completed_at = completed_at + 1",
                "outcome = NULL",
                "upstream_status = NULL",
            ],
        ),
        (
            of_action,
            [never, "outcome = 'BROKEN'", "upstream_status = 500"],
        ),
        (
            of_waiting,
            [forged, "outcome = 'BROKEN'", "completed_at = 7"],
        ),
        (
            format!("id = {}", refused.0),
            [
                never,
                "outcome = 'ANSWERED'",
                "completed_at = completed_at - 1",
            ],
        ),
        (
            format!("id = {}", running.0),
            [forged, "outcome = 'NOT_SENT'", "upstream_status = 200"],
        ),
    ] {
        for change in changes {
            let columns = "outcome, upstream_status or completed_at";
            shows(database, store, "requests", &row, change, columns).await;
        }
    }
    let all = [
        "status = 'APPROVED'",
        "resolved_by = 77",
        "resolution_note = 'fine by me'",
        "revision = revision + 1",
        "revision = revision - 1",
        "target_url = 'https://api.example.com/other'",
        "intent = 'something else'",
        "judgement = '{}'",
        "binding = '{}'",
    ];
    for change in all {
        let action = format!("id = '{denied}'");
        shows(database, store, "actions", &action, change, "").await;
    }
    let more = [
        (pending, "status = 'DENIED'"),
        (pending, "expires_at = expires_at + 1000"),
        (executed, "approved_by = 77"),
        (executed, "approval_note = NULL"),
        (executed, "answer_status = 500"),
    ];
    for (action, change) in more {
        let action = format!("id = '{action}'");
        shows(database, store, "actions", &action, change, "").await;
    }
}

/// Changes a row, expects verification to fail, and restores the row.
async fn shows(
    database: &Database,
    store: &Store,
    table: &'static str,
    row: &str,
    change: &str,
    column: &str,
) {
    let keep = format!("CREATE TABLE kept AS SELECT * FROM {table} WHERE {row}");
    database.meddle(&keep).await;
    let change = format!("UPDATE {table} SET {change} WHERE {row}");
    database.meddle(&change).await;
    match verified(store).await {
        Err(AuditBroken::Row {
            table: found, what, ..
        }) => {
            assert_eq!(found, table, "{change}");
            assert!(what.contains(column), "{change}: {what}");
        }
        other => panic!("{change}: {other:?}"),
    }
    let remove = format!("DELETE FROM {table} WHERE {row}");
    database.meddle(&remove).await;
    let put_back = format!("INSERT INTO {table} SELECT * FROM kept");
    database.meddle(&put_back).await;
    database.meddle("DROP TABLE kept").await;
    verified(store).await.unwrap();
}

async fn a_removed_row_is_detected_but_not_one_removed_by_retention(
    database: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let old = done(store, world.forward(version, None)).await;
    let held = world.held(store).await;
    apply(store, held, ActionEvent::Deny(word(later(1)))).await;
    let removed = store.request_delete_before(later(10), 10, later(10)).await;
    assert_eq!(removed.unwrap(), 2);
    assert!(
        store
            .request_get(world.workspace, old)
            .await
            .unwrap()
            .is_none()
    );
    verified(store).await.unwrap();

    let mut later_on = world.forward(version, None);
    later_on.entry.at = later(20);
    let kept = done(store, later_on).await;
    verified(store).await.unwrap();
    let remove = format!("DELETE FROM requests WHERE id = {}", kept.0);
    database.meddle(&remove).await;
    let broken = verified(store).await.unwrap_err();
    let is_gone = matches!(&broken, AuditBroken::Row { table: "requests", row, .. } if *row == kept.0.to_string());
    assert!(is_gone, "{broken}");
    // A removal entry that no writer made excuses nothing.
    let forged = "INSERT INTO audit (id, chain, sequence, workspace_id, at, actor, event, subject, \
         detail, previous_hash, hash) SELECT 900000, chain, 900000, NULL, at, actor, \
         'retention.requests_deleted', subject, '{\"before_ms\": 9000000000000000}', previous_hash, hash \
         FROM audit WHERE id = (SELECT MAX(id) FROM audit)";
    database.meddle(forged).await;
    assert!(verified(store).await.is_err());
}

async fn the_latest_state_of_an_action_is_verified_while_writers_continue(
    _: &Database,
    store: &Store,
) {
    let world = World::new(store).await;
    let mut actions = Vec::new();
    for _ in 0..3 {
        actions.push(world.held(store).await);
    }
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for action in &actions {
            let approved = approve(&writer, *action).await;
            writer.action_change(approved).await.unwrap();
            apply(&writer, *action, ActionEvent::Begin { at: later(2) }).await;
            apply(&writer, *action, ActionEvent::NothingSent).await;
            writer.audit_append(audit()).await.unwrap();
        }
    });
    while !writing.is_finished() {
        verified(store).await.unwrap();
    }
    writing.await.unwrap();
    let block = entry(Event::AgentBlocked, later(5));
    store
        .agent_block(world.workspace, world.agent, &word(later(5)), block)
        .await
        .unwrap();
    verified(store).await.unwrap();
    let held = world.held(store).await;
    let expired = store.action_expire_due(later(1000), 10).await.unwrap();
    assert_eq!(expired, [held]);
    verified(store).await.unwrap();
}

async fn ends_are_covered_by_entries_of_no_other_workspace(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let second = email("two@example.com");
    let created = store.user_create(&second, "hash", false, later(0), |_, _| audit());
    let UserCreated::Created(_, workspace) = created.await.unwrap() else {
        panic!("the user was not created");
    };
    let other = World { workspace, ..world };
    let version = world.version(store).await;
    let mut running = Vec::new();
    for _ in 0..20 {
        running.push(done(store, world.forward(version, None)).await);
    }
    let before = store
        .audit_list(workspace, &AuditFilter::default(), None, 200)
        .await
        .unwrap();
    // Ends without audit entries of their own: the other workspace has a decision in the same
    // batch, this one does not.
    for id in &running {
        let outcome = Outcome::Responded(response(&world, 200));
        store.complete_in_background(completion(&world, *id, None, outcome));
    }
    let version = other.version(store).await;
    for _ in 0..20 {
        done(store, other.forward(version, None)).await;
    }
    let last = done(store, world.forward(world.version(store).await, None)).await;
    let outcome = Outcome::Responded(response(&world, 200));
    assert!(
        store
            .complete(completion(&world, last, None, outcome))
            .await
            .unwrap()
    );
    let entries = store
        .audit_list(workspace, &AuditFilter::default(), None, 200)
        .await
        .unwrap();
    assert_eq!(entries.items.len(), before.items.len() + 20);
    for entry in entries.items {
        let covers = entry.covers.unwrap_or_default();
        assert!(!covers.contains("ends"), "{covers}");
    }
    verified(store).await.unwrap();
}

async fn reads_that_are_committed_together_share_an_entry(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let reads = (0..40).map(|number| {
        let outcome = PendingOutcome::default();
        if number % 2 == 0 {
            assert!(outcome.set(Outcome::Responded(response(&world, 200)), later(1)));
        }
        store.record_in_flight(world.forward(version, None), outcome)
    });
    for recorded in join_all(reads).await {
        assert!(matches!(recorded, Ok(Recorded::Done(_))), "{recorded:?}");
    }
    let filter = AuditFilter {
        events: vec![Event::RequestForwarded],
        ..AuditFilter::default()
    };
    let entries = store.audit_list(world.workspace, &filter, None, 200);
    let entries = entries.await.unwrap().items;
    let listed = |entry: &AuditEntry| {
        let detail: Value = serde_json::from_str(&entry.detail).unwrap();
        detail["request_ids"].as_array().map_or(1, Vec::len)
    };
    assert_eq!(entries.iter().map(listed).sum::<usize>(), 40);
    let shared = entries.iter().max_by_key(|entry| listed(entry)).unwrap();
    assert!(listed(shared) > 2, "{shared:?}");
    assert_eq!(shared.actor, Actor::Agent(world.agent).to_string());
    assert_eq!(shared.subject(), Some(Subject::Agent(world.agent)));

    // The end of a read that had not ended is covered by the entry that records it.
    let covers: Value = serde_json::from_str(shared.covers.as_ref().unwrap()).unwrap();
    let covered = covers["reads"].as_array().unwrap();
    assert_eq!(covered.len(), listed(shared));
    let one_that = |is_open: bool| {
        let is_open = move |read: &&Value| (read["is_open"] == Value::Bool(true)) == is_open;
        covered.iter().find(is_open).unwrap()["id"]
            .as_i64()
            .unwrap()
    };
    let (open, ended) = (one_that(true), one_that(false));
    let outcome = Outcome::Responded(response(&world, 404));
    let completed = store.complete(completion(&world, RequestEntryId(open), None, outcome));
    assert!(completed.await.unwrap());
    verified(store).await.unwrap();

    let of_end = [
        "completed_at = completed_at + 1",
        "upstream_status = 500",
        "outcome = NULL, upstream_status = NULL, completed_at = NULL",
    ];
    for (id, end) in [
        (ended, "one of its columns was changed"),
        (open, "outcome, upstream_status or completed_at"),
    ] {
        let row = format!("id = {id}");
        for change in [
            "target_url = 'https://api.example.com/other'",
            "intent = 'List the charges'",
            "judgement = '{}'",
            "agent_id = agent_id + 1",
            "created_at = created_at + 1",
        ] {
            let what = "one of its columns was changed";
            shows(database, store, "requests", &row, change, what).await;
        }
        for change in of_end {
            shows(database, store, "requests", &row, change, end).await;
        }
    }
}

async fn retention_may_remove_some_of_the_reads_that_share_an_entry(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let reads = (0..20).map(|number| {
        let mut read = world.forward(version, None);
        read.entry.at = later(number);
        let outcome = PendingOutcome::default();
        assert!(outcome.set(Outcome::Responded(response(&world, 200)), later(30)));
        store.record_in_flight(read, outcome)
    });
    for recorded in join_all(reads).await {
        assert!(matches!(recorded, Ok(Recorded::Done(_))), "{recorded:?}");
    }
    verified(store).await.unwrap();
    let removed = store.request_delete_before(later(10), 100, later(40)).await;
    assert_eq!(removed.unwrap(), 10);
    verified(store).await.unwrap();
}

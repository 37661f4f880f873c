//! Pagination of lists, and the overview's counts.

use std::time::Duration;

use gaiterguard_domain::action::{ActionEvent, ActionStatus};
use gaiterguard_domain::ledger::{Changed, Outcome, RequestFilter};
use gaiterguard_domain::verdict::Decision;
use gaiterguard_store::{
    ActionFilter, OverviewHeld, RequestOutcome, Store, StoreError, StoredAction,
};

use crate::steps::{apply, approve, completion, done, response};
use crate::support::{Database, NOW, World, later, on_both, word};

on_both!(
    actions_are_listed_in_pages,
    requests_are_listed_in_pages,
    the_overview_counts,
);

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
    let ids = |items: &[StoredAction]| {
        let id = |item: &StoredAction| match item {
            StoredAction::Intact(whole) => whole.action.id,
            StoredAction::Damaged(damaged) => panic!("{damaged:?}"),
        };
        items.iter().map(id).collect::<Vec<_>>()
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
    // Each writer assigns ids from its own reserved block.
    listed.sort_unstable();
    ids.sort_unstable();
    assert_eq!(listed, ids);
    let filter = RequestFilter {
        decision: Some(Decision::Deny),
        agent: Some(world.agent),
        service: Some(world.service),
        ..RequestFilter::default()
    };
    let page = store
        .request_list(world.workspace, &filter, None, 4)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.next_cursor, None);
    world.held(store).await;
    let count = async |status, text: &str| {
        let filter = RequestFilter {
            action_status: status,
            text: Some(text.to_owned()),
            ..RequestFilter::default()
        };
        let page = store.request_list(world.workspace, &filter, None, 50);
        page.await.unwrap().items.len()
    };
    let all = count(None, "").await;
    assert_eq!(all, 7);
    assert_eq!(count(Some(ActionStatus::Pending), "").await, 1);
    assert_eq!(count(Some(ActionStatus::Denied), "").await, 0);
    let intent = page.items[0].new.intent.to_uppercase();
    assert_eq!(count(None, &intent).await, all);
    assert_eq!(count(None, "%_").await, 0);
}

async fn the_overview_counts(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let id = done(store, world.forward(version, None)).await;
    let outcome = Outcome::Responded(response(&world, 200));
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
    for revoked in [world.held(store).await, world.held(store).await] {
        let approval = approve(store, revoked).await;
        assert_eq!(store.action_change(approval).await.unwrap(), Changed::Done);
        apply(store, revoked, ActionEvent::Revoke(word(later(9)))).await;
    }
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
            (NOW, Decision::Forward, Some(RequestOutcome::Responded), 1),
            (NOW, Decision::Hold, None, 4),
            (later(60), Decision::Deny, None, 1),
        ]
    );
    assert_eq!(overview.pending, 1);
    assert_eq!(overview.decision_ms_median, Some(1000));
    assert_eq!(
        (overview.agents[0].name.as_str(), overview.agents[0].count),
        ("agent 1", 6)
    );
    assert_eq!(
        (
            overview.services[0].name.as_str(),
            overview.services[0].count
        ),
        ("stripe", 6)
    );
    assert_eq!(
        overview.held,
        OverviewHeld {
            denied: 1,
            revoked: 2,
            pending: 1,
            ..OverviewHeld::default()
        }
    );
    let operations = overview.operations.iter();
    assert_eq!(operations.map(|operation| operation.count).sum::<i64>(), 6);
    let nothing = store
        .overview(world.workspace, later(1000), minute, later(1000))
        .await
        .unwrap();
    assert!(nothing.series.is_empty() && nothing.decision_ms_median.is_none());
}

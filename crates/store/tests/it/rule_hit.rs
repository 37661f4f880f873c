//! How often rules match.

use std::time::Duration;

use gaiterguard_domain::approvals::ApprovalTerms;
use gaiterguard_domain::id::{RuleId, WorkspaceId};
use gaiterguard_domain::ledger::{NewDecision, Recorded};
use gaiterguard_domain::rule::{MatchedRule, RuleEffect};
use gaiterguard_domain::time::{Day, Timestamp};
use gaiterguard_domain::verdict::Decision;
use gaiterguard_domain::workspace::AuthorityVersion;
use gaiterguard_store::{Purpose, RuleHits, Store};

use crate::support::{Database, NOW, World, later, on_both};

on_both!(
    hits_are_counted_with_the_decisions,
    matches_of_unrecorded_decisions_are_not_counted,
    the_counts_of_all_writers_are_added_up,
    counts_of_old_days_are_removed,
);

const DAY: Duration = Duration::from_hours(24);

/// A decision at `at` that `rules` matched.
fn matched(
    world: &World,
    version: AuthorityVersion,
    at: Timestamp,
    rules: &[i64],
    key: Option<&str>,
) -> NewDecision {
    let mut decision = world.forward(version, key);
    decision.entry.at = at;
    decision.entry.evaluation.matched_rules = rules
        .iter()
        .map(|id| MatchedRule {
            id: RuleId(*id),
            name: format!("rule {id}"),
            effect: RuleEffect::Allow,
            unevaluated: None,
            terms: ApprovalTerms::default(),
        })
        .collect();
    decision
}

fn hits(count: i64, last_at: Timestamp) -> RuleHits {
    RuleHits { count, last_at }
}

async fn hits_are_counted_with_the_decisions(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let decide = async |at, rules: &[i64]| {
        let recorded = store
            .record(matched(&world, version, at, rules, None))
            .await
            .unwrap();
        assert!(matches!(recorded, Recorded::Done(_)), "{recorded:?}");
    };
    decide(NOW, &[1, 2]).await;
    decide(NOW.after(DAY), &[1]).await;
    decide(NOW.before(DAY), &[1]).await;
    decide(NOW, &[]).await;
    // Several rules of several decisions are counted in one statement.
    let mut many = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let store = store.clone();
        let decision = matched(&world, version, later(5), &[3], None);
        many.spawn(async move { store.record(decision).await.unwrap() });
    }
    for recorded in many.join_all().await {
        assert!(matches!(recorded, Recorded::Done(_)), "{recorded:?}");
    }
    let today = Day::of(NOW);
    let counted = store.rule_hits(world.workspace, today).await.unwrap();
    assert_eq!(counted[&RuleId(1)], hits(2, NOW.after(DAY)));
    assert_eq!(counted[&RuleId(2)], hits(1, NOW));
    assert_eq!(counted[&RuleId(3)], hits(100, later(5)));
    assert_eq!(counted.len(), 3);
    let elsewhere = store.rule_hits(WorkspaceId(99), today).await.unwrap();
    assert!(elsewhere.is_empty());
}

async fn matches_of_unrecorded_decisions_are_not_counted(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let outdated = AuthorityVersion(version.0 - 1);
    for (version, key, expected) in [
        (version, Some("key"), 1),
        (version, Some("key"), 1),
        (outdated, None, 1),
    ] {
        store
            .record(matched(&world, version, NOW, &[1], key))
            .await
            .unwrap();
        let counted = store
            .rule_hits(world.workspace, Day::of(NOW))
            .await
            .unwrap();
        assert_eq!(counted[&RuleId(1)], hits(expected, NOW));
    }
    let denied = world.decision(version, Decision::Deny);
    store.record(denied).await.unwrap();
    let counted = store
        .rule_hits(world.workspace, Day::of(NOW))
        .await
        .unwrap();
    assert_eq!(counted.len(), 1);
}

async fn the_counts_of_all_writers_are_added_up(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    let other = database.open(Purpose::Tool);
    for (number, store) in [store, &other, store].into_iter().enumerate() {
        let at = later(number as u64);
        store
            .record(matched(&world, version, at, &[1], None))
            .await
            .unwrap();
    }
    other.close().await;
    let counted = store
        .rule_hits(world.workspace, Day::of(NOW))
        .await
        .unwrap();
    assert_eq!(counted[&RuleId(1)], hits(3, later(2)));
}

async fn counts_of_old_days_are_removed(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let version = world.version(store).await;
    for (at, rule) in [(NOW, 1), (NOW.before(DAY), 2), (NOW.before(DAY * 2), 3)] {
        store
            .record(matched(&world, version, at, &[rule], None))
            .await
            .unwrap();
    }
    let delete = async |limit| {
        store
            .rule_hits_delete_before(Day::of(NOW), limit, NOW)
            .await
            .unwrap()
    };
    assert_eq!(delete(1).await, 1);
    assert_eq!(delete(10).await, 1);
    assert_eq!(delete(10).await, 0);
    let counted = store.rule_hits(world.workspace, Day(0)).await.unwrap();
    assert_eq!(counted.into_keys().collect::<Vec<_>>(), [RuleId(1)]);
}

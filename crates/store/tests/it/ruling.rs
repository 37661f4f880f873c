//! Rulings: which of them are returned, and in what order.

use std::time::Duration;

use gaiterguard_domain::action::{ActionEvent, Resolution, Ruling};
use gaiterguard_domain::id::{ActionId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::{RulingFilter, Store};

use crate::steps::{apply, done};
use crate::support::{Database, NOW, World, later, on_both, word};

on_both!(
    rulings_are_found_newest_first,
    only_a_human_decision_is_a_ruling,
    a_damaged_ruling_hides_no_other,
);

/// Returns the rulings on requests of the world's agent.
async fn rulings(world: &World, store: &Store, held_since: Timestamp) -> Vec<(ActionId, Ruling)> {
    found(store, filter(world, "POST", held_since), 10).await
}

fn filter<'a>(world: &World, method: &'a str, held_since: Timestamp) -> RulingFilter<'a> {
    RulingFilter {
        workspace: world.workspace,
        agent: world.agent,
        service: world.service,
        method,
        held_since,
    }
}

async fn found(store: &Store, filter: RulingFilter<'_>, limit: u32) -> Vec<(ActionId, Ruling)> {
    let found = store.action_rulings(filter, limit).await.unwrap();
    found
        .into_iter()
        .map(|ruled| (ruled.action, ruled.ruling))
        .collect()
}

fn approval() -> ActionEvent {
    ActionEvent::Approve {
        decision: word(later(1)),
        undo: Duration::ZERO,
        lifetime: Duration::from_secs(30),
    }
}

fn denial() -> ActionEvent {
    ActionEvent::Deny(word(later(1)))
}

/// Holds an action `seconds` after [`NOW`].
async fn held_at(world: &World, store: &Store, seconds: u64) -> ActionId {
    let mut decision = world.hold(world.version(store).await, None);
    decision.entry.at = later(seconds);
    let hold = decision.hold.as_mut().unwrap();
    hold.expires_at = later(seconds + 100);
    let action = hold.action;
    done(store, decision).await;
    action
}

async fn rulings_are_found_newest_first(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let colleague = world.another_agent(store).await;
    let mut ruled = Vec::new();
    for (seconds, event, ruling) in [
        (0, approval(), Ruling::Approved),
        (1, denial(), Ruling::Denied),
        (2, approval(), Ruling::Approved),
    ] {
        let action = held_at(&world, store, seconds).await;
        apply(store, action, event).await;
        ruled.insert(0, (action, ruling));
    }
    let others = held_at(&colleague, store, 0).await;
    apply(store, others, denial()).await;

    assert_eq!(rulings(&world, store, NOW).await, ruled);
    assert_eq!(rulings(&world, store, later(1)).await, ruled[..2]);
    let all = filter(&world, "POST", NOW);
    assert_eq!(found(store, all, 1).await, ruled[..1]);
    assert_eq!(
        rulings(&colleague, store, NOW).await,
        [(others, Ruling::Denied)]
    );
    for none in [
        filter(&world, "PUT", NOW),
        RulingFilter {
            service: ServiceId(world.service.0 + 1),
            ..all
        },
        RulingFilter {
            workspace: WorkspaceId(world.workspace.0 + 1),
            ..all
        },
    ] {
        assert_eq!(found(store, none, 10).await, []);
    }
    let first = store.action_rulings(all, 1).await.unwrap().remove(0);
    let action = store.action_get(first.action).await.unwrap().unwrap();
    assert_eq!(first.decision, word(later(1)));
    assert_eq!(first.digest, action.action.digest);
    assert_eq!(first.target_url, "https://api.example.com/v1/charges");
}

async fn only_a_human_decision_is_a_ruling(_: &Database, store: &Store) {
    let world = World::new(store).await;
    let begin = || ActionEvent::Begin { at: later(2) };
    let broken = || ActionEvent::Break {
        at: later(3),
        detail: "cut".to_owned(),
    };
    let resolved = |resolution| ActionEvent::Resolve {
        decision: word(later(4)),
        resolution,
    };
    let mut approved = 0;
    for (events, is_ruling) in [
        (vec![], false),
        (vec![approval()], true),
        (vec![approval(), begin()], true),
        (
            vec![approval(), begin(), ActionEvent::Respond { at: later(3) }],
            true,
        ),
        (vec![approval(), begin(), broken()], true),
        (
            vec![
                approval(),
                begin(),
                broken(),
                resolved(Resolution::Executed),
            ],
            true,
        ),
        (vec![approval(), ActionEvent::Revoke(word(later(2)))], false),
        (vec![ActionEvent::Revoke(word(later(2)))], false),
    ] {
        let action = held_at(&world, store, 0).await;
        for event in events.clone() {
            apply(store, action, event).await;
        }
        approved += usize::from(is_ruling);
        let found = rulings(&world, store, NOW).await;
        assert_eq!(found.len(), approved, "{events:?}");
        assert_eq!(
            found.contains(&(action, Ruling::Approved)),
            is_ruling,
            "{events:?}"
        );
        // Few actions may be pending at the same time.
        if events.is_empty() {
            apply(store, action, ActionEvent::Revoke(word(later(2)))).await;
        }
    }
    let expires = held_at(&world, store, 0).await;
    apply(store, expires, approval()).await;
    store.action_expire_due(later(500), 10).await.unwrap();
    assert!(
        !rulings(&world, store, NOW)
            .await
            .contains(&(expires, Ruling::Approved))
    );
}

async fn a_damaged_ruling_hides_no_other(database: &Database, store: &Store) {
    let world = World::new(store).await;
    let (damaged, whole) = (
        held_at(&world, store, 0).await,
        held_at(&world, store, 1).await,
    );
    for action in [damaged, whole] {
        apply(store, action, denial()).await;
    }
    database
        .meddle(&format!(
            "UPDATE actions SET resolved_by = NULL WHERE id = '{damaged}'"
        ))
        .await;
    assert_eq!(rulings(&world, store, NOW).await, [(whole, Ruling::Denied)]);
}

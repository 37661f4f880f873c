//! What a model used is written down, and a day's ceiling is that of all who use it.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_clock::ManualClock;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::{Clock, Day};
use gaiterguard_llm::{Llm, LlmError, LlmSettings};
use gaiterguard_store::{Purpose, Store, StoreOptions};
use tempfile::TempDir;
use uuid::Uuid;

use crate::desk::{Desk, settings};

fn store(folder: &TempDir, name: &str) -> Store {
    let url = format!("sqlite://{}", folder.path().join(name).display());
    let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Tool);
    Store::open(&url, options).unwrap()
}

/// Another process on the same model.
fn another(desk: &Desk, change: impl FnOnce(&mut LlmSettings)) -> (Llm, Arc<ManualClock>) {
    let mut settings = settings(&desk.model);
    change(&mut settings);
    let clock = Arc::new(ManualClock::new(desk.clock.now()));
    let llm = Llm::new(&settings, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    (llm, clock)
}

#[tokio::test]
async fn what_was_spent_is_known_after_a_restart_and_counts_against_the_ceiling() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, "kept.db");
    store.migrate().await.unwrap();
    let desk = Desk::new().await;
    desk.llm.try_out().await.unwrap();
    desk.llm.write_spending(&store).await.unwrap();
    let spent = desk.llm.spent_today();
    assert_eq!(spent.calls, 1);

    let used = spent.tokens.input + spent.tokens.output;
    let (after, clock) = another(&desk, |settings| settings.ceilings.tokens_max = Some(used));
    after.recall_spending(&store).await.unwrap();
    assert_eq!(after.spent_today(), spent);
    let refused = after.try_out().await;
    assert!(
        matches!(refused, Err(LlmError::CeilingReached)),
        "{refused:?}"
    );
    clock.advance(Duration::from_hours(24));
    assert_eq!(after.spent_today().calls, 0);
}

#[tokio::test]
async fn processes_learn_of_one_another_with_each_of_their_own_calls() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, "kept.db");
    store.migrate().await.unwrap();
    let desk = Desk::new().await;
    let (other, _) = another(&desk, |_| {});
    for llm in [&*desk.llm, &other, &*desk.llm] {
        llm.try_out().await.unwrap();
        llm.write_spending(&store).await.unwrap();
        // What is written is not written twice.
        llm.write_spending(&store).await.unwrap();
    }
    assert_eq!(desk.llm.spent_today().calls, 3);
    assert_eq!(other.spent_today().calls, 2);
    let today = Day::of(desk.clock.now());
    let kept = store.model_use_since(today).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].0, kept[0].1.calls), (today, 3));
}

#[tokio::test]
async fn what_could_not_be_written_is_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new().await;
    desk.llm.try_out().await.unwrap();
    let spent = desk.llm.spent_today();
    let without_tables = store(&folder, "empty.db");
    assert!(desk.llm.write_spending(&without_tables).await.is_err());
    assert_eq!(desk.llm.spent_today(), spent);
    let store = store(&folder, "kept.db");
    store.migrate().await.unwrap();
    desk.llm.write_spending(&store).await.unwrap();
    assert_eq!(desk.llm.spent_today(), spent);
    let kept = store.model_use_since(Day(0)).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].1.calls, 1);
}

#[tokio::test]
async fn a_write_that_is_broken_off_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, "kept.db");
    store.migrate().await.unwrap();
    let desk = Desk::new().await;
    desk.llm.try_out().await.unwrap();
    let broken_off = tokio::time::timeout(Duration::ZERO, desk.llm.write_spending(&store)).await;
    assert!(broken_off.is_err());
    desk.llm.write_spending(&store).await.unwrap();
    let kept = store.model_use_since(Day(0)).await.unwrap();
    assert!(kept[0].1.calls >= 1);
}

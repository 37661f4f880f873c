//! Spending is stored, and the daily limit is shared by all processes.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_clock::ManualClock;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::{Clock, Day};
use gaiterguard_llm::{Llm, LlmError, LlmSettings};
use gaiterguard_store::{Purpose, Store, StoreOptions};
use tempfile::TempDir;
use uuid::Uuid;

use crate::setup::{Setup, settings};

fn store(folder: &TempDir, name: &str) -> Store {
    let url = format!("sqlite://{}", folder.path().join(name).display());
    let options = StoreOptions::new(ReplicaId(Uuid::new_v4()), Purpose::Tool);
    Store::open(&url, options).unwrap()
}

/// Creates another process with the same model.
fn another(setup: &Setup, change: impl FnOnce(&mut LlmSettings)) -> (Llm, Arc<ManualClock>) {
    let mut settings = settings(&setup.model);
    change(&mut settings);
    let clock = Arc::new(ManualClock::new(setup.clock.now()));
    let llm = Llm::new(&settings, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    (llm, clock)
}

#[tokio::test]
async fn spending_is_known_after_a_restart_and_counts_against_the_ceiling() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, "kept.db");
    store.migrate().await.unwrap();
    let setup = Setup::new().await;
    setup.llm.try_out().await.unwrap();
    setup.llm.write_spending(&store).await.unwrap();
    let spent = setup.llm.spent_today();
    assert_eq!(spent.calls, 1);

    let used = spent.tokens.input + spent.tokens.output;
    let (after, clock) = another(&setup, |settings| settings.ceilings.tokens_max = Some(used));
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
async fn processes_load_the_spending_of_others_with_each_of_their_own_calls() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, "kept.db");
    store.migrate().await.unwrap();
    let setup = Setup::new().await;
    let (other, _) = another(&setup, |_| {});
    for llm in [&*setup.llm, &other, &*setup.llm] {
        llm.try_out().await.unwrap();
        llm.write_spending(&store).await.unwrap();
        // Stored spending is not stored twice.
        llm.write_spending(&store).await.unwrap();
    }
    assert_eq!(setup.llm.spent_today().calls, 3);
    assert_eq!(other.spent_today().calls, 2);
    let today = Day::of(setup.clock.now());
    let kept = store.model_use_since(today).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].0, kept[0].1.calls), (today, 3));
}

#[tokio::test]
async fn spending_that_could_not_be_stored_is_stored_later() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new().await;
    setup.llm.try_out().await.unwrap();
    let spent = setup.llm.spent_today();
    let without_tables = store(&folder, "empty.db");
    assert!(setup.llm.write_spending(&without_tables).await.is_err());
    assert_eq!(setup.llm.spent_today(), spent);
    let store = store(&folder, "kept.db");
    store.migrate().await.unwrap();
    setup.llm.write_spending(&store).await.unwrap();
    assert_eq!(setup.llm.spent_today(), spent);
    let kept = store.model_use_since(Day(0)).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].1.calls, 1);
}

#[tokio::test]
async fn a_cancelled_write_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, "kept.db");
    store.migrate().await.unwrap();
    let setup = Setup::new().await;
    setup.llm.try_out().await.unwrap();
    let broken_off = tokio::time::timeout(Duration::ZERO, setup.llm.write_spending(&store)).await;
    assert!(broken_off.is_err());
    setup.llm.write_spending(&store).await.unwrap();
    let kept = store.model_use_since(Day(0)).await.unwrap();
    assert!(kept[0].1.calls >= 1);
}

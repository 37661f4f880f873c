//! Replicas.

use std::time::Duration;

use gaiterguard_domain::action::{ActionEvent, ActionStatus};
use gaiterguard_domain::ledger::{ClaimState, ReplicaId};
use gaiterguard_store::{Purpose, Store, StoreOptions};
use uuid::Uuid;

use crate::steps::{apply, approve, done, state};
use crate::support::{Database, NOW, World, key, later, on_both};

on_both!(replicas_live_as_long_as_their_leases,);

/// Ends during the test, by the database's clock.
const LEASE: Duration = Duration::from_millis(300);
const LONG_LEASE: Duration = Duration::from_mins(1);

async fn replicas_live_as_long_as_their_leases(database: &Database, store: &Store) {
    let (one, two) = (ReplicaId(Uuid::from_u128(1)), ReplicaId(Uuid::from_u128(2)));
    store.replica_register(one, LEASE, NOW).await.unwrap();
    store.replica_register(two, LEASE, NOW).await.unwrap();
    let shared = !database.is_sqlite();
    assert_eq!(store.replica_renew(one, LEASE, NOW).await.unwrap(), shared);
    assert!(store.replica_renew(two, LONG_LEASE, NOW).await.unwrap());
    tokio::time::sleep(2 * LEASE).await;
    let dead = store.replica_dead(later(1)).await.unwrap();
    assert_eq!(dead, if shared { vec![one] } else { vec![] });
    let hour = Duration::from_hours(1);
    assert_eq!(store.replica_delete_dead(hour, later(1)).await.unwrap(), 0);
    let removed = store.replica_delete_dead(Duration::ZERO, later(1)).await;
    assert_eq!(removed.unwrap(), u64::from(shared));
    store
        .replica_renew(two, Duration::ZERO, later(1))
        .await
        .unwrap();
    assert!(store.replica_dead(later(1)).await.unwrap() == [two]);
}

/// Replicas whose clocks differ by hours, in both directions, agree on which of them are alive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_with_a_wrong_clock_finds_exactly_the_dead_ones() {
    let database = Database::postgres().await;
    let id = ReplicaId(Uuid::new_v4());
    let options = StoreOptions::new(id, Purpose::Serve);
    let store = Store::open(&database.url, options).unwrap();
    store.migrate().await.unwrap();
    let world = World::new(&store).await;
    let version = world.version(&store).await;
    store.replica_register(id, LONG_LEASE, NOW).await.unwrap();
    let action = world.held(&store).await;
    let change = approve(&store, action).await;
    store.action_change(change).await.unwrap();
    apply(&store, action, ActionEvent::Begin { at: later(2) }).await;
    done(&store, world.forward(version, Some("k"))).await;

    let other = database.open(Purpose::Serve);
    let day = Duration::from_hours(24);
    for clock in [NOW.before(day), NOW, NOW.after(day)] {
        assert!(other.replica_dead(clock).await.unwrap().is_empty());
        let recovered = other.action_recover_executing(clock, 10).await.unwrap();
        assert_eq!(recovered, [], "it runs, whatever the clock of another says");
        assert_eq!(other.claim_recover_running(clock, 10).await.unwrap(), 0);
        let deleted = other.replica_delete_dead(Duration::ZERO, clock).await;
        assert_eq!(deleted.unwrap(), 0);
    }
    assert_eq!(
        state(&store, action).await.0.status(),
        ActionStatus::Executing
    );

    // The replica stops renewing its lease, and one whose clock is a day slow still notices.
    assert!(store.replica_renew(id, Duration::ZERO, NOW).await.unwrap());
    let late = NOW.before(day);
    assert_eq!(other.replica_dead(late).await.unwrap(), [id]);
    let recovered = other.action_recover_executing(late, 10).await.unwrap();
    assert_eq!(recovered, [action]);
    assert_eq!(other.claim_recover_running(late, 10).await.unwrap(), 1);
    let claim = store.claim_get(world.agent, &key("k"), NOW).await.unwrap();
    assert_eq!(claim.unwrap().state, ClaimState::Broken);
    other.close().await;
    store.close().await;
}

//! Replicas.

use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_store::Store;
use uuid::Uuid;

use crate::support::{Database, NOW, later, on_both};

on_both!(replicas_live_as_long_as_their_leases,);

async fn replicas_live_as_long_as_their_leases(database: &Database, store: &Store) {
    let (one, two) = (ReplicaId(Uuid::from_u128(1)), ReplicaId(Uuid::from_u128(2)));
    store.replica_register(one, later(10), NOW).await.unwrap();
    store.replica_register(two, later(20), NOW).await.unwrap();
    let shared = !database.is_sqlite();
    assert_eq!(
        store.replica_renew(one, later(15), later(5)).await.unwrap(),
        shared
    );
    assert!(store.replica_renew(two, later(30), later(5)).await.unwrap());
    let dead = store.replica_dead(later(15)).await.unwrap();
    assert_eq!(dead, if shared { vec![one] } else { vec![] });
    let removed = store
        .replica_delete_dead(later(15), later(16))
        .await
        .unwrap();
    assert_eq!(removed, u64::from(shared));
    assert!(store.replica_dead(later(100)).await.unwrap() == [two]);
}

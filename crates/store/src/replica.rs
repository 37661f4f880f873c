//! Replicas and their leases. When a replica dies, the others recover what it had begun.
//!
//! All replicas measure leases by the database's clock, because their own clocks may differ.

use std::time::Duration;

use gaiterguard_database::connection::{
    AnyConnection, execute, fetch_all, fetch_optional, lease_time,
};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::event::Event;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::pool::owner_name;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

impl Store {
    /// Registers a replica with a lease that begins now. On SQLite only one process serves, so all
    /// other replicas are known to be dead. `at` is the time by this process's own clock.
    pub async fn replica_register(
        &self,
        replica: ReplicaId,
        lease: Duration,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        if matches!(tx.any(), AnyConnection::Sqlite(_)) {
            execute!(tx, "DELETE FROM replicas");
        }
        let now = lease_time(tx.any(), at).await?;
        execute!(
            tx,
            "INSERT INTO replicas (id, lease_until, started_at) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until",
            owner_name(replica),
            now.after(lease).0,
            now.0,
        );
        tx.commit().await
    }

    /// Extends a replica's lease to begin now. Returns false if the replica is not registered, for
    /// example because it was declared dead.
    pub async fn replica_renew(
        &self,
        replica: ReplicaId,
        lease: Duration,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let now = lease_time(tx.any(), at).await?;
        let renewed = execute!(
            tx,
            "UPDATE replicas SET lease_until = $2 WHERE id = $1",
            owner_name(replica),
            now.after(lease).0,
        );
        tx.commit().await?;
        Ok(renewed == 1)
    }

    /// Lists the replicas whose lease is over. `at` is the time by this process's own clock.
    pub async fn replica_dead(&self, at: Timestamp) -> Result<Vec<ReplicaId>, StoreError> {
        let mut reader = self.reader().await?;
        let now = lease_time(reader.any(), at).await?;
        fetch_all!(
            reader,
            (String,),
            "SELECT id FROM replicas WHERE lease_until <= $1 ORDER BY id",
            now.0,
        )
        .into_iter()
        .map(|(id,)| {
            uuid::Uuid::try_parse(&id)
                .map(ReplicaId)
                .map_err(|_| StoreError::inconsistent("replicas", "id", id))
        })
        .collect()
    }

    /// Returns whether a replica is the one that has run the longest of those that are alive. `at` is the time
    /// by this process's own clock.
    pub async fn replica_is_oldest(
        &self,
        replica: ReplicaId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut reader = self.reader().await?;
        let now = lease_time(reader.any(), at).await?;
        let oldest = fetch_optional!(
            reader,
            (String,),
            "SELECT id FROM replicas WHERE lease_until > $1 ORDER BY started_at, id LIMIT 1",
            now.0,
        );
        Ok(oldest.is_some_and(|(id,)| id == owner_name(replica)))
    }

    /// Removes replicas whose lease ended longer than `retention` ago. Their claims and executions
    /// must have been recovered.
    pub async fn replica_delete_dead(
        &self,
        retention: Duration,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let now = lease_time(tx.any(), at).await?;
        let removed = execute!(
            tx,
            "DELETE FROM replicas WHERE lease_until <= $1",
            now.before(retention).0,
        );
        tx.end_retention(Event::RetentionReplicasDeleted, removed, at)
            .await?;
        Ok(removed)
    }
}

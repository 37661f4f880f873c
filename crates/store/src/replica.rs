//! Runs of the gateway and their leases. What a dead run had begun is recovered by the others.
//!
//! Every replica measures leases by the database's clock, whatever its own says.

use std::time::Duration;

use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Timestamp;

use crate::connection::{On, execute, fetch_all, lease_time};
use crate::error::StoreError;
use crate::lane::Write;
use crate::store::{Store, owner};

impl Store {
    /// Registers this run for as long as `lease` lasts from now on. On SQLite one process serves, so
    /// all others are known to be dead. `at` is the time by this process's own clock.
    pub async fn replica_register(
        &self,
        replica: ReplicaId,
        lease: Duration,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = Write::begin(self.shared(), at).await?;
        if matches!(write.on(), On::Sqlite(_)) {
            execute!(write, "DELETE FROM replicas");
        }
        let now = lease_time(write.on(), at).await?;
        execute!(
            write,
            "INSERT INTO replicas (id, lease_until, started_at) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until",
            owner(replica),
            now.after(lease).0,
            now.0,
        );
        write.commit().await
    }

    /// Prolongs a run's lease to last as long as `lease` from now on. False if the run is not
    /// registered, as after it was taken for dead.
    pub async fn replica_renew(
        &self,
        replica: ReplicaId,
        lease: Duration,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut write = Write::begin(self.shared(), at).await?;
        let now = lease_time(write.on(), at).await?;
        let renewed = execute!(
            write,
            "UPDATE replicas SET lease_until = $2 WHERE id = $1",
            owner(replica),
            now.after(lease).0,
        );
        write.commit().await?;
        Ok(renewed == 1)
    }

    /// The runs whose lease is over. `at` is the time by this process's own clock.
    pub async fn replica_dead(&self, at: Timestamp) -> Result<Vec<ReplicaId>, StoreError> {
        let mut read = self.read().await?;
        let now = lease_time(read.on(), at).await?;
        fetch_all!(
            read,
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

    /// Forgets runs whose lease ended longer than `kept` ago, once what they had begun is recovered.
    pub async fn replica_delete_dead(
        &self,
        kept: Duration,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut write = Write::begin(self.shared(), at).await?;
        let now = lease_time(write.on(), at).await?;
        let removed = execute!(
            write,
            "DELETE FROM replicas WHERE lease_until <= $1",
            now.before(kept).0,
        );
        write
            .retention("retention.replicas_deleted", removed, at)
            .await?;
        Ok(removed)
    }
}

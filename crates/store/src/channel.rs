//! Notification channels, and the lease of the replica that sends through one.

use std::time::Duration;

use gaiterguard_database::connection::{execute, fetch_all, fetch_one, fetch_optional, lease_time};
use gaiterguard_database::error::{Abandoned, StoreError};
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{ChannelId, WorkspaceId};
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::pool::owner_name;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::channel_row::{ChannelFields, ChannelRow, ChannelSecrets, StoredChannel};

use crate::store::Store;

/// Takes the id of a new channel. Others that create one wait until the commit.
pub(crate) async fn next_id(tx: &mut Transaction) -> Result<ChannelId, StoreError> {
    let (next,) = fetch_one!(
        tx,
        (i64,),
        "UPDATE counters SET next = next + 1 WHERE name = 'channels' RETURNING next - 1",
    );
    Ok(ChannelId(next))
}

/// Inserts a new channel.
pub(crate) async fn insert(
    tx: &mut Transaction,
    id: ChannelId,
    workspace: WorkspaceId,
    fields: &ChannelFields,
    secrets: &ChannelSecrets,
    at: Timestamp,
) -> Result<ChannelRow, StoreError> {
    Ok(fetch_one!(
        tx,
        ChannelRow,
        "INSERT INTO channels (id, workspace_id, kind, name, enabled, settings, data_key_id,
            sealed, sealed_version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING *",
        id.0,
        workspace.0,
        fields.kind,
        &fields.name,
        fields.enabled,
        &fields.settings,
        secrets.sealed.data_key.0,
        secrets.sealed.bytes.as_slice(),
        secrets.version,
        at.0,
    ))
}

impl Store {
    /// Creates a channel. `seal` seals its secrets once its id is known.
    pub async fn channel_create(
        &self,
        workspace: WorkspaceId,
        fields: &ChannelFields,
        at: Timestamp,
        seal: impl FnOnce(ChannelId) -> Result<ChannelSecrets, Abandoned>,
        audit: impl FnOnce(ChannelId) -> NewAuditEntry,
    ) -> Result<StoredChannel, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let id = next_id(&mut tx).await?;
        let secrets = match seal(id) {
            Ok(secrets) => secrets,
            Err(abandoned) => {
                tx.rollback().await?;
                return Err(abandoned.into());
            }
        };
        let row = insert(&mut tx, id, workspace, fields, &secrets, at).await?;
        tx.audit(audit(id));
        tx.commit().await?;
        Ok(row.into())
    }

    /// Returns a channel.
    pub async fn channel_get(
        &self,
        workspace: WorkspaceId,
        channel: ChannelId,
    ) -> Result<Option<StoredChannel>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(fetch_optional!(
            reader,
            ChannelRow,
            "SELECT * FROM channels WHERE id = $2 AND workspace_id = $1",
            workspace.0,
            channel.0,
        )
        .map(Into::into))
    }

    /// Lists the channels of a workspace, or those of all workspaces, in order of creation.
    pub async fn channel_list(
        &self,
        workspace: Option<WorkspaceId>,
    ) -> Result<Vec<StoredChannel>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            ChannelRow,
            "SELECT * FROM channels WHERE $1 IS NULL OR workspace_id = $1 ORDER BY id",
            workspace.map(|workspace| workspace.0),
        );
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Replaces the contents of a channel whose revision is still `revision`, and enables it again if
    /// the gateway had disabled it. Returns false if it has another revision or does not exist.
    pub async fn channel_update(
        &self,
        channel: ChannelId,
        revision: i64,
        fields: &ChannelFields,
        secrets: &ChannelSecrets,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let updated = execute!(
            tx,
            "UPDATE channels SET name = $3, enabled = $4, settings = $5, data_key_id = $6,
                sealed = $7, sealed_version = $8, updated_at = $9, disabled_reason = NULL,
                revision = revision + 1
             WHERE id = $1 AND revision = $2",
            channel.0,
            revision,
            &fields.name,
            fields.enabled,
            &fields.settings,
            secrets.sealed.data_key.0,
            secrets.sealed.bytes.as_slice(),
            secrets.version,
            at.0,
        );
        tx.end(updated, audit).await
    }

    /// Disables a channel for a reason. Returns false if it is disabled already.
    pub async fn channel_disable(
        &self,
        channel: ChannelId,
        reason: &str,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let disabled = execute!(
            tx,
            "UPDATE channels SET enabled = $2, disabled_reason = $3, updated_at = $4,
                revision = revision + 1
             WHERE id = $1 AND enabled",
            channel.0,
            false,
            reason,
            at.0,
        );
        tx.end(disabled, audit).await
    }

    /// Deletes a channel with its deliveries. Returns false if there is no such channel.
    pub async fn channel_delete(
        &self,
        workspace: WorkspaceId,
        channel: ChannelId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let deleted = execute!(
            tx,
            "DELETE FROM channels WHERE id = $2 AND workspace_id = $1",
            workspace.0,
            channel.0,
        );
        tx.end(deleted, audit).await
    }

    /// Returns the enabled channels that have messages to send now.
    pub async fn channel_due(&self, now: Timestamp) -> Result<Vec<StoredChannel>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            ChannelRow,
            "SELECT * FROM channels WHERE enabled AND EXISTS (
                SELECT 1 FROM deliveries WHERE channel_id = channels.id
                  AND state = 'waiting' AND due_at <= $1)",
            now.0,
        );
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Takes or renews the lease of a channel. Returns false if the channel is disabled, or if another
    /// replica that is alive has the lease. `at` is the time by this process's own clock.
    pub async fn channel_lease(
        &self,
        channel: ChannelId,
        replica: ReplicaId,
        lease: Duration,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let now = lease_time(tx.any(), at).await?;
        let leased = execute!(
            tx,
            "UPDATE channels SET leased_by = $2, leased_until = $3
             WHERE id = $1 AND enabled AND (leased_until <= $4 OR leased_by = $2
                OR leased_by NOT IN (SELECT id FROM replicas WHERE lease_until > $4))",
            channel.0,
            owner_name(replica),
            now.after(lease).0,
            now.0,
        );
        tx.commit().await?;
        Ok(leased == 1)
    }

    /// Ends the lease of a channel.
    pub async fn channel_release(
        &self,
        channel: ChannelId,
        replica: ReplicaId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        execute!(
            tx,
            "UPDATE channels SET leased_until = 0 WHERE id = $1 AND leased_by = $2",
            channel.0,
            owner_name(replica),
        );
        tx.commit().await
    }
}

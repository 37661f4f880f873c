//! Browsers that get push notifications, and the key by which push services recognize the gateway. The browser's
//! queue, lease, and state are those of its channel.

use gaiterguard_database::connection::{execute, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::error::{Abandoned, StoreError};
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{ChannelId, DataKeyId, SessionId, UserId, WorkspaceId};
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::Membership;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::channel_row::{ChannelFields, ChannelRow, ChannelSecrets, StoredChannel};
use gaiterguard_rows::membership::{self, MembershipRow};

use crate::action::read::pending_count;
use crate::channel;
use crate::store::Store;

/// The row of the only key.
const KEY: i64 = 1;

/// A browser to register.
#[derive(Clone, Copy, Debug)]
pub struct NewPushDevice<'a> {
    /// The member who uses it.
    pub user: UserId,
    /// The workspace whose events it is notified of.
    pub workspace: WorkspaceId,
    /// The session that it registers in. The browser is removed when that is ended.
    pub session: SessionId,
    /// SHA-256 of its endpoint.
    pub endpoint_hash: [u8; 32],
    /// SHA-256 of its keys.
    pub keys_hash: [u8; 32],
    /// The contents of its channel.
    pub fields: &'a ChannelFields,
    /// The most browsers of the member in the workspace.
    pub most: i64,
}

#[derive(sqlx::FromRow)]
struct DeviceRow {
    channel_id: i64,
    user_id: i64,
    workspace_id: i64,
    keys_hash: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct DeviceMemberRow {
    user_id: i64,
    #[sqlx(flatten)]
    membership: MembershipRow,
}

impl Store {
    /// Registers a browser. One that is registered for the same member, workspace, and keys keeps its
    /// channel, and belongs to the new session from then on. `seal` seals the subscription once the
    /// channel's id is known. Returns the channel, and whether it is new; `None` if the member has too many
    /// others.
    pub async fn push_device_register(
        &self,
        new: NewPushDevice<'_>,
        at: Timestamp,
        seal: impl FnOnce(ChannelId) -> Result<ChannelSecrets, Abandoned>,
        audit: impl FnOnce(ChannelId) -> NewAuditEntry,
    ) -> Result<Option<(StoredChannel, bool)>, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        // Taken first, so that two registrations of one browser follow each other.
        let id = channel::next_id(&mut tx).await?;
        let present = fetch_optional!(
            tx,
            DeviceRow,
            "SELECT channel_id, user_id, workspace_id, keys_hash
             FROM push_devices JOIN channels ON channels.id = channel_id WHERE endpoint_hash = $1",
            new.endpoint_hash.to_vec(),
        );
        if let Some(present) = present {
            let is_same = present.user_id == new.user.0
                && present.workspace_id == new.workspace.0
                && present.keys_hash == new.keys_hash;
            if is_same {
                execute!(
                    tx,
                    "UPDATE push_devices SET session_id = $2 WHERE channel_id = $1",
                    present.channel_id,
                    new.session.0,
                );
                let row = fetch_one!(
                    tx,
                    ChannelRow,
                    "SELECT * FROM channels WHERE id = $1",
                    present.channel_id,
                );
                tx.commit().await?;
                return Ok(Some((row.into(), false)));
            }
            execute!(tx, "DELETE FROM channels WHERE id = $1", present.channel_id);
        }
        let (count,) = fetch_one!(
            tx,
            (i64,),
            "SELECT COUNT(*) FROM push_devices JOIN channels ON channels.id = channel_id
             WHERE workspace_id = $1 AND user_id = $2",
            new.workspace.0,
            new.user.0,
        );
        if count >= new.most {
            tx.rollback().await?;
            return Ok(None);
        }
        let secrets = match seal(id) {
            Ok(secrets) => secrets,
            Err(abandoned) => {
                tx.rollback().await?;
                return Err(abandoned.into());
            }
        };
        let row = channel::insert(&mut tx, id, new.workspace, new.fields, &secrets, at).await?;
        execute!(
            tx,
            "INSERT INTO push_devices (channel_id, user_id, session_id, endpoint_hash, keys_hash)
             VALUES ($1, $2, $3, $4, $5)",
            id.0,
            new.user.0,
            new.session.0,
            new.endpoint_hash.to_vec(),
            new.keys_hash.to_vec(),
        );
        tx.audit(audit(id));
        tx.commit().await?;
        Ok(Some((row.into(), true)))
    }

    /// Lists the browsers of a member in a workspace, in order of registration.
    pub async fn push_device_list(
        &self,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Vec<StoredChannel>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            ChannelRow,
            "SELECT channels.* FROM channels JOIN push_devices ON channel_id = channels.id
             WHERE workspace_id = $1 AND user_id = $2 ORDER BY channels.id",
            workspace.0,
            user.0,
        );
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Returns the member whose browser this is; `None` if there is no such browser.
    pub async fn push_device_member(
        &self,
        channel: ChannelId,
    ) -> Result<Option<Membership>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            DeviceMemberRow,
            "SELECT members.user_id, role, services, effects FROM push_devices
             JOIN channels ON channels.id = channel_id
             JOIN members ON members.workspace_id = channels.workspace_id
                AND members.user_id = push_devices.user_id
             WHERE channel_id = $1",
            channel.0,
        );
        row.map(|row| row.membership.read(membership::context(&row.user_id)))
            .transpose()
    }

    /// Removes a browser of a member. Returns false if the member has no such browser.
    pub async fn push_device_delete(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        channel: ChannelId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let deleted = execute!(
            tx,
            "DELETE FROM channels WHERE id = $2 AND workspace_id = $1 AND EXISTS
                (SELECT 1 FROM push_devices WHERE channel_id = $2 AND user_id = $3)",
            workspace.0,
            channel.0,
            user.0,
        );
        tx.end(deleted, audit).await
    }

    /// Returns how many actions of a workspace wait for a human: those that are pending, and those whose
    /// outcome is unknown.
    pub async fn push_waiting(
        &self,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let mut reader = self.reader().await?;
        let pending = pending_count(&mut reader, workspace, now).await?;
        let (unknown,) = fetch_one!(
            reader,
            (i64,),
            "SELECT COUNT(*) FROM actions WHERE workspace_id = $1 AND status = 'INDETERMINATE'",
            workspace.0,
        );
        Ok(pending + unknown)
    }

    /// Returns the key by which push services recognize the gateway, sealed.
    pub async fn push_key(&self) -> Result<Option<Sealed>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            (i64, Vec<u8>),
            "SELECT data_key_id, sealed FROM push_keys WHERE id = $1",
            KEY,
        );
        Ok(row.map(|(data_key, bytes)| Sealed {
            data_key: DataKeyId(data_key),
            bytes,
        }))
    }

    /// Stores that key. Returns false if there is one already.
    pub async fn push_key_insert(
        &self,
        key: &Sealed,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let inserted = execute!(
            tx,
            "INSERT INTO push_keys (id, data_key_id, sealed, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            KEY,
            key.data_key.0,
            key.bytes.as_slice(),
            at.0,
        );
        tx.end(inserted, audit).await
    }
}

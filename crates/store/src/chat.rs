//! Arrivals from chats: which requests were accepted, and which replica receives messages.

use std::time::Duration;

use gaiterguard_database::connection::{execute, fetch_optional, lease_time};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::ChannelId;
use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::pool::owner_name;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::channel_row::{ChannelRow, StoredChannel};

use crate::store::Store;

impl Store {
    /// Returns a channel of any workspace.
    pub async fn channel_find(
        &self,
        channel: ChannelId,
    ) -> Result<Option<StoredChannel>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(fetch_optional!(
            reader,
            ChannelRow,
            "SELECT * FROM channels WHERE id = $1",
            channel.0,
        )
        .map(Into::into))
    }

    /// Records that a request of a chat is accepted. `mark` is a hash that identifies the request. Returns false if it
    /// was accepted before.
    pub async fn chat_request_accept(
        &self,
        channel: ChannelId,
        mark: &[u8; 32],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let added = execute!(
            tx,
            "INSERT INTO chat_requests (channel_id, mark, at) VALUES ($1, $2, $3)
             ON CONFLICT (channel_id, mark) DO NOTHING",
            channel.0,
            mark.as_slice(),
            at.0,
        );
        tx.commit().await?;
        Ok(added > 0)
    }

    /// Removes up to `limit` requests that were accepted before a point in time. Returns how many.
    pub async fn chat_requests_delete_before(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let removed = execute!(
            tx,
            "DELETE FROM chat_requests WHERE (channel_id, mark) IN
                (SELECT channel_id, mark FROM chat_requests WHERE at < $1 LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        tx.commit().await?;
        Ok(removed)
    }

    /// Takes or renews the right to receive the messages of a chat. Returns false if another replica that is alive
    /// has it. `at` is the time by this process's own clock.
    pub async fn chat_listen(
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
            "INSERT INTO chat_listeners (channel_id, leased_by, leased_until)
             SELECT id, $2, $3 FROM channels WHERE id = $1 AND enabled
             ON CONFLICT (channel_id) DO UPDATE SET leased_by = excluded.leased_by,
                leased_until = excluded.leased_until
             WHERE chat_listeners.leased_until <= $4 OR chat_listeners.leased_by = $2
                OR chat_listeners.leased_by NOT IN
                    (SELECT id FROM replicas WHERE lease_until > $4)",
            channel.0,
            owner_name(replica),
            now.after(lease).0,
            now.0,
        );
        tx.commit().await?;
        Ok(leased == 1)
    }

    /// Ends the right to receive the messages of a chat.
    pub async fn chat_listen_end(
        &self,
        channel: ChannelId,
        replica: ReplicaId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        execute!(
            tx,
            "DELETE FROM chat_listeners WHERE channel_id = $1 AND leased_by = $2",
            channel.0,
            owner_name(replica),
        );
        tx.commit().await
    }
}

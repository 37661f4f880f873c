//! The most deliveries of a channel that wait. The oldest beyond it are dropped and counted, and the receiver gets the
//! count with the next message.

use gaiterguard_database::connection::execute;
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::ChannelId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// The most deliveries of a channel that wait. A person who returns to a thousand messages reads the newest, and a
/// program can read the audit log.
const WAITING_MAX: i64 = 1000;

/// Why a delivery was dropped.
const TOO_MANY: &str = "not sent: too many newer messages were waiting";

/// Why a delivery was dropped that waited for too long.
const TOO_OLD: &str = "not sent: it waited for too long";

/// Drops the oldest waiting deliveries of a channel, so that [`WAITING_MAX`] remain.
pub(crate) async fn drop_beyond(
    tx: &mut Transaction,
    channel: ChannelId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let dropped = execute!(
        tx,
        "UPDATE deliveries SET state = 'dropped', ended_at = $2, last_error = $3
         WHERE channel_id = $1 AND state = 'waiting' AND id <= (
            SELECT id FROM deliveries WHERE channel_id = $1 AND state = 'waiting'
            ORDER BY id DESC LIMIT 1 OFFSET $4)",
        channel.0,
        at.0,
        TOO_MANY,
        WAITING_MAX,
    );
    count(tx, channel, dropped).await
}

async fn count(tx: &mut Transaction, channel: ChannelId, dropped: u64) -> Result<(), StoreError> {
    if dropped > 0 {
        execute!(
            tx,
            "UPDATE channels SET dropped = dropped + $2 WHERE id = $1",
            channel.0,
            i64::try_from(dropped).unwrap_or(i64::MAX),
        );
    }
    Ok(())
}

impl Store {
    /// Drops the deliveries of a channel that wait since before a point in time, as those of a disabled channel do.
    pub async fn delivery_drop_before(
        &self,
        channel: ChannelId,
        before: Timestamp,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let dropped = execute!(
            tx,
            "UPDATE deliveries SET state = 'dropped', ended_at = $2, last_error = $3
             WHERE channel_id = $1 AND state = 'waiting' AND created_at < $4",
            channel.0,
            at.0,
            TOO_OLD,
            before.0,
        );
        if dropped == 0 {
            return tx.rollback().await;
        }
        count(&mut tx, channel, dropped).await?;
        tx.commit().await
    }

    /// Records that the receiver of a channel was informed of so many dropped deliveries.
    pub async fn channel_dropped_reported(
        &self,
        channel: ChannelId,
        reported: i64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        execute!(
            tx,
            "UPDATE channels SET dropped = dropped - $2 WHERE id = $1 AND dropped >= $2",
            channel.0,
            reported,
        );
        tx.commit().await
    }
}

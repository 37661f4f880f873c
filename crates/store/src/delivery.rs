//! Deliveries: the messages that are or were to be sent through channels.

use std::time::Duration;

use gaiterguard_database::connection::{execute, fetch_all, fetch_optional};
use gaiterguard_database::cursor::{NumberPosition, Page, page};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::{ChannelId, DeliveryId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::delivery_row::{Attempt, Delivery, DeliveryRow, DeliveryState};
use uuid::Uuid;

use crate::store::Store;

impl Store {
    /// Returns up to `limit` deliveries of a channel that are due, oldest first. A delivery waits for
    /// every earlier one about the same object.
    pub async fn delivery_due(
        &self,
        channel: ChannelId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            DeliveryRow,
            "SELECT * FROM deliveries
             WHERE channel_id = $1 AND state = 'waiting' AND due_at <= $2 AND NOT EXISTS (
                SELECT 1 FROM deliveries AS earlier WHERE earlier.channel_id = $1
                  AND earlier.subject = deliveries.subject AND earlier.state = 'waiting'
                  AND earlier.id < deliveries.id)
             ORDER BY id LIMIT $3",
            channel.0,
            now.0,
            i64::from(limit),
        );
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Postpones the deliveries of a channel that are due.
    pub async fn delivery_postpone(
        &self,
        channel: ChannelId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), now).await?;
        execute!(
            tx,
            "UPDATE deliveries SET due_at = $2
             WHERE channel_id = $1 AND state = 'waiting' AND due_at <= $3",
            channel.0,
            until.0,
            now.0,
        );
        tx.commit().await
    }

    /// Makes the deliveries of a channel due that wait for exactly this time.
    pub async fn delivery_wait_no_more(
        &self,
        channel: ChannelId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), now).await?;
        execute!(
            tx,
            "UPDATE deliveries SET due_at = $3
             WHERE channel_id = $1 AND state = 'waiting' AND due_at = $2",
            channel.0,
            until.0,
            now.0,
        );
        tx.commit().await
    }

    /// Records how an attempt to send one message, or several in one, ended.
    pub async fn delivery_record(
        &self,
        channel: ChannelId,
        deliveries: &[DeliveryId],
        attempt: &Attempt,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let is_waiting = attempt.state == DeliveryState::Waiting;
        let mut tx = Transaction::begin(self.writers(), at).await?;
        for delivery in deliveries {
            execute!(
                tx,
                "UPDATE deliveries SET state = $2, attempts = attempts + 1, due_at = $3,
                    ended_at = $4, last_error = $5, receipt = COALESCE($6, receipt)
                 WHERE id = $1 AND state = 'waiting'",
                delivery.0,
                attempt.state.as_str(),
                attempt.due_at.0,
                (!is_waiting).then_some(at.0),
                &attempt.error,
                &attempt.receipt,
            );
        }
        match attempt.state {
            DeliveryState::Delivered => execute!(
                tx,
                "UPDATE channels SET last_delivered_at = $2, last_error = NULL, last_error_at = NULL
                 WHERE id = $1",
                channel.0,
                at.0,
            ),
            DeliveryState::Waiting | DeliveryState::Failed => execute!(
                tx,
                "UPDATE channels SET last_error = $3, last_error_at = $2 WHERE id = $1",
                channel.0,
                at.0,
                &attempt.error,
            ),
            DeliveryState::Skipped | DeliveryState::Dropped => 0,
        };
        tx.commit().await
    }

    /// Lists the deliveries of a channel, newest first.
    pub async fn delivery_list(
        &self,
        channel: ChannelId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Delivery>, StoreError> {
        let from = NumberPosition::of(cursor)?;
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            DeliveryRow,
            "SELECT * FROM deliveries WHERE channel_id = $1 AND (created_at, id) < ($2, $3)
             ORDER BY created_at DESC, id DESC LIMIT $4",
            channel.0,
            from.at,
            from.id,
            i64::from(limit) + 1,
        );
        let rows = page(rows, limit, |row| NumberPosition {
            at: row.created_at,
            id: row.id,
        });
        let items = rows.items.into_iter().map(TryInto::try_into);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next_cursor: rows.next_cursor,
        })
    }

    /// Returns the receipts of messages about an object that a channel's receiver accepted.
    pub async fn delivery_receipts(
        &self,
        channel: ChannelId,
        subject: &str,
    ) -> Result<Vec<String>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            (String,),
            "SELECT DISTINCT receipt FROM deliveries
             WHERE channel_id = $1 AND subject = $2 AND receipt IS NOT NULL",
            channel.0,
            subject,
        );
        Ok(rows.into_iter().map(|(receipt,)| receipt).collect())
    }

    /// Returns the deliveries that one message of a channel was sent for, oldest first: several if they were sent together
    /// with the one about `subject`. Those that were created more than `apart` before or after it are not searched.
    pub async fn delivery_together(
        &self,
        channel: ChannelId,
        subject: &str,
        receipt: &str,
        apart: Duration,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut reader = self.reader().await?;
        let first = fetch_optional!(
            reader,
            (i64,),
            "SELECT created_at FROM deliveries
             WHERE channel_id = $1 AND subject = $2 AND receipt = $3 ORDER BY id LIMIT 1",
            channel.0,
            subject,
            receipt,
        );
        let Some((created_at,)) = first else {
            return Ok(Vec::new());
        };
        let created_at = Timestamp(created_at);
        let rows = fetch_all!(
            reader,
            DeliveryRow,
            "SELECT * FROM deliveries WHERE channel_id = $1 AND receipt = $2
               AND created_at >= $3 AND created_at <= $4 ORDER BY id",
            channel.0,
            receipt,
            created_at.before(apart).0,
            created_at.after(apart).0,
        );
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Records that a receiver has a message about an object, if that is not known: the process that sent it may have
    /// been killed before it recorded that. If the latest message about the object was skipped since, it is sent again.
    pub async fn delivery_adopt(
        &self,
        channel: ChannelId,
        subject: &str,
        receipt: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let adopted = execute!(
            tx,
            "UPDATE deliveries SET receipt = $3 WHERE id =
                (SELECT MIN(id) FROM deliveries
                 WHERE channel_id = $1 AND subject = $2 AND receipt IS NULL)
             AND NOT EXISTS (SELECT 1 FROM deliveries AS known
                 WHERE known.channel_id = $1 AND known.subject = $2 AND known.receipt = $3)",
            channel.0,
            subject,
            receipt,
        );
        if adopted > 0 {
            execute!(
                tx,
                "INSERT INTO deliveries (message_id, channel_id, event, source, subject, actor,
                    detail, at, state, attempts, due_at, created_at)
                 SELECT $3, channel_id, event, $4, subject, actor, detail, at, 'waiting', 0, $5, $5
                 FROM deliveries WHERE state = 'skipped' AND id =
                    (SELECT MAX(id) FROM deliveries WHERE channel_id = $1 AND subject = $2)
                 ON CONFLICT (channel_id, event, source) DO NOTHING",
                channel.0,
                subject,
                Uuid::new_v4().to_string(),
                format!("message:{receipt}"),
                at.0,
            );
        }
        tx.commit().await
    }

    /// Returns whether the receiver of a channel accepted a message about an object that asked for a decision.
    pub async fn delivery_was_asked(
        &self,
        channel: ChannelId,
        subject: &str,
    ) -> Result<bool, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            (i64,),
            "SELECT id FROM deliveries
             WHERE channel_id = $1 AND subject = $2 AND state = 'delivered'
               AND event IN ('action.created', 'action.expiring') LIMIT 1",
            channel.0,
            subject,
        );
        Ok(!rows.is_empty())
    }

    /// Removes up to `limit` ended deliveries that were created before a point in time. Returns how many.
    pub async fn delivery_delete_before(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let removed = execute!(
            tx,
            "DELETE FROM deliveries WHERE id IN
                (SELECT id FROM deliveries WHERE created_at < $1 AND state <> 'waiting' LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        tx.commit().await?;
        Ok(removed)
    }
}

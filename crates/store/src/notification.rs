//! How far the audit log has been read for notifications, and the messages that were made from it.
//!
//! The audit log is the outbox: a change commits its entry in its own transaction, and the entries of a chain
//! have no gaps. So a reader that continues from a position misses nothing, and a position is advanced in the
//! transaction that adds the messages.

use std::collections::BTreeSet;

use gaiterguard_database::connection::{execute, fetch_all};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::id::{ActionId, ChannelId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::audit_row::{AuditRow, entries};
use gaiterguard_rows::delivery_row::NewDelivery;
use uuid::Uuid;

use crate::dropped_delivery::drop_beyond;
use crate::store::Store;

/// A chain that has entries beyond the position up to which it was read, or the time up to which reminders
/// were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotificationPosition {
    /// The chain; [`NotificationPosition::REMINDERS`] for the reminders.
    pub chain: i64,
    /// The position up to which it was read.
    pub from: i64,
    /// The end of the chain, or the position up to which it is read now.
    pub to: i64,
}

/// Selects the pending actions whose reminder was due after `$1` and up to `$2`, from a table expression. The other
/// expression repeats the one of the index `actions_by_reminder` literally: otherwise the databases would not use it.
macro_rules! select_expiring {
    ($actions:literal) => {
        concat!(
            "SELECT id, expires_at - (expires_at - created_at) / 5 FROM ",
            $actions,
            " WHERE status = 'PENDING' AND expires_at > $2
               AND (expires_at - (expires_at - created_at) / 5) > $1
               AND (expires_at - (expires_at - created_at) / 5) <= $2
             ORDER BY (expires_at - (expires_at - created_at) / 5), id LIMIT $3"
        )
    };
}

/// The query for SQLite, which would rather use the index of expiries and read every pending action; and the one for
/// PostgreSQL. Tests read their plans.
#[doc(hidden)]
pub const SELECT_EXPIRING: [&str; 2] = [
    select_expiring!("actions INDEXED BY actions_by_reminder"),
    select_expiring!("actions"),
];

impl NotificationPosition {
    /// The chain number of the reminders of expiring actions, whose position is a time in milliseconds. No writer has
    /// this chain.
    pub const REMINDERS: i64 = 0;
}

impl Store {
    /// Returns the chains with entries that were not read yet, and the position of the reminders.
    pub async fn notification_positions(&self) -> Result<Vec<NotificationPosition>, StoreError> {
        let mut reader = self.reader().await?;
        // Reminders have no last position, so their chain ends at the largest integer.
        let rows = fetch_all!(
            reader,
            (i64, i64, i64),
            "SELECT heads.chain, COALESCE(positions.sequence, 0), heads.sequence
             FROM (SELECT chain, sequence FROM audit_chains
                   UNION ALL SELECT 0, 9223372036854775807) AS heads
             LEFT JOIN notification_positions AS positions ON positions.chain = heads.chain
             WHERE heads.sequence > COALESCE(positions.sequence, 0) ORDER BY heads.chain",
        );
        let positions = rows.into_iter();
        Ok(positions
            .map(|(chain, from, to)| NotificationPosition { chain, from, to })
            .collect())
    }

    /// Returns up to `limit` entries of a chain after `from` and up to `to`, in order, without those of
    /// forwarded requests, which are most of a busy log.
    pub async fn notification_entries(
        &self,
        position: NotificationPosition,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(entries(fetch_all!(
            reader,
            AuditRow,
            "SELECT * FROM audit WHERE chain = $1 AND sequence > $2 AND sequence <= $3
               AND event NOT IN ('request.forwarded', 'request.ended', 'request.denied')
             ORDER BY sequence LIMIT $4",
            position.chain,
            position.from,
            position.to,
            i64::from(limit),
        )))
    }

    /// Adds messages and advances positions, if all positions are still those that were read. Returns false,
    /// and changes nothing, if another replica advanced one.
    pub async fn notification_advance(
        &self,
        positions: &[NotificationPosition],
        deliveries: &[NewDelivery],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        for position in positions {
            let advanced = execute!(
                tx,
                "INSERT INTO notification_positions (chain, sequence) VALUES ($1, $3)
                 ON CONFLICT (chain) DO UPDATE SET sequence = excluded.sequence
                 WHERE notification_positions.sequence = $2",
                position.chain,
                position.from,
                position.to,
            );
            if advanced == 0 {
                tx.rollback().await?;
                return Ok(false);
            }
        }
        for new in deliveries {
            execute!(
                tx,
                "INSERT INTO deliveries (message_id, channel_id, event, source, subject, actor,
                    detail, at, state, attempts, due_at, created_at)
                 SELECT $1, id, $3, $4, $5, $6, $7, $8, 'waiting', 0, $9, $10
                 FROM channels WHERE id = $2
                 ON CONFLICT (channel_id, event, source) DO NOTHING",
                Uuid::new_v4().to_string(),
                new.channel.0,
                new.event,
                &new.source,
                &new.subject,
                &new.actor,
                &new.detail,
                new.at.0,
                new.due_at.0,
                at.0,
            );
        }
        let channels: BTreeSet<_> = deliveries.iter().map(|new| new.channel.0).collect();
        for channel in channels {
            drop_beyond(&mut tx, ChannelId(channel), at).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Returns up to `limit` pending actions that have used four fifths of their time after `since` and up to
    /// `now`, each with that moment, in its order.
    pub async fn action_expiring(
        &self,
        since: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(ActionId, Timestamp)>, StoreError> {
        let mut reader = self.reader().await?;
        let [sqlite, postgres] = SELECT_EXPIRING;
        let sql = reader.dialect().sql(sqlite, postgres);
        let rows = fetch_all!(reader, (String, i64), sql, since.0, now.0, i64::from(limit),);
        rows.into_iter()
            .map(|(id, at)| {
                let action = id
                    .parse()
                    .map_err(|_| StoreError::inconsistent("actions", "id", id));
                Ok((action?, Timestamp(at)))
            })
            .collect()
    }
}

//! Deliveries: the messages that are or were to be sent through channels.

use gaiterguard_domain::id::{ChannelId, DeliveryId};
use gaiterguard_domain::time::Timestamp;
use uuid::Uuid;

use crate::store::Store;
use crate::writer::transaction::Transaction;
use gaiterguard_database::column::{RowContext, time};
use gaiterguard_database::connection::{execute, fetch_all};
use gaiterguard_database::cursor::{NumberPosition, Page, page};
use gaiterguard_database::error::StoreError;

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// The channel.
    pub channel: ChannelId,
    /// The event, as a word.
    pub event: &'static str,
    /// The entry or the action that the message is made from. A channel has one message for each event and source.
    pub source: String,
    /// The object of the event.
    pub subject: String,
    /// Who caused it.
    pub actor: String,
    /// The details of the event, as JSON.
    pub detail: String,
    /// When the event happened.
    pub at: Timestamp,
    /// When the message is to be sent.
    pub due_at: Timestamp,
}

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be sent, for the first time or again.
    Waiting,
    /// The receiver accepted it.
    Delivered,
    /// It was not sent, because it no longer says anything that the recipient has to know.
    Skipped,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    /// Returns the word for this state in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [Self::Waiting, Self::Delivered, Self::Skipped, Self::Failed];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

/// A delivery as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The delivery's id.
    pub id: DeliveryId,
    /// The id of the message, which is the same in every attempt.
    pub message: Uuid,
    /// The event, as a word.
    pub event: String,
    /// The object of the event.
    pub subject: String,
    /// Who caused it.
    pub actor: String,
    /// The details of the event, as JSON.
    pub detail: String,
    /// When the event happened.
    pub at: Timestamp,
    /// Its state.
    pub state: DeliveryState,
    /// How many attempts have ended.
    pub attempts: u32,
    /// When it is to be sent, if it is waiting.
    pub due_at: Timestamp,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was delivered, skipped or given up.
    pub ended_at: Option<Timestamp>,
    /// The error of the latest attempt, or why it was skipped.
    pub last_error: Option<String>,
    /// The identifier of the message at the receiver, for later changes of it.
    pub receipt: Option<String>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The state of the delivery from now on.
    pub state: DeliveryState,
    /// When it is to be sent again, if it is waiting.
    pub due_at: Timestamp,
    /// The error, or why it was skipped.
    pub error: Option<String>,
    /// The identifier of the message at the receiver.
    pub receipt: Option<String>,
}

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    id: i64,
    message_id: String,
    event: String,
    subject: String,
    actor: String,
    detail: String,
    at: i64,
    state: String,
    attempts: i64,
    due_at: i64,
    created_at: i64,
    ended_at: Option<i64>,
    last_error: Option<String>,
    receipt: Option<String>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        let context = RowContext {
            table: "deliveries",
            id: &row.id,
        };
        Ok(Self {
            id: DeliveryId(row.id),
            message: context.required("message_id", Uuid::try_parse(&row.message_id).ok())?,
            state: context.required("state", DeliveryState::parse(&row.state))?,
            attempts: context.u32("attempts", row.attempts)?,
            event: row.event,
            subject: row.subject,
            actor: row.actor,
            detail: row.detail,
            at: Timestamp(row.at),
            due_at: Timestamp(row.due_at),
            created_at: Timestamp(row.created_at),
            ended_at: time(row.ended_at),
            last_error: row.last_error,
            receipt: row.receipt,
        })
    }
}

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
                    ended_at = $4, last_error = $5, receipt = $6
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
            DeliveryState::Skipped => 0,
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

    /// Removes up to `limit` deliveries that were created before a point in time. Returns how many.
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
                (SELECT id FROM deliveries WHERE created_at < $1 LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        tx.commit().await?;
        Ok(removed)
    }
}

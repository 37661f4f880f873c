//! Rows of `deliveries`.

use gaiterguard_database::column::{RowContext, time};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::{ChannelId, DeliveryId};
use gaiterguard_domain::time::Timestamp;
use uuid::Uuid;

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
    /// It was not sent, because too many newer ones were waiting.
    Dropped,
}

impl DeliveryState {
    /// Returns the word for this state in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [
            Self::Waiting,
            Self::Delivered,
            Self::Skipped,
            Self::Failed,
            Self::Dropped,
        ];
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
pub struct DeliveryRow {
    pub id: i64,
    pub message_id: String,
    pub event: String,
    pub subject: String,
    pub actor: String,
    pub detail: String,
    pub at: i64,
    pub state: String,
    pub attempts: i64,
    pub due_at: i64,
    pub created_at: i64,
    pub ended_at: Option<i64>,
    pub last_error: Option<String>,
    pub receipt: Option<String>,
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

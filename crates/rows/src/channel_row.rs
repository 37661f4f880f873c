//! Rows of `channels`.

use gaiterguard_database::column::time;
use gaiterguard_domain::id::{ChannelId, DataKeyId, WorkspaceId};
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::time::Timestamp;

/// The contents of a channel that an operator sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelFields {
    /// The kind of channel, as a word.
    pub kind: &'static str,
    /// The channel's name.
    pub name: String,
    /// Whether messages are sent.
    pub enabled: bool,
    /// Everything else but the secrets, as JSON.
    pub settings: String,
}

/// The secrets of a channel, sealed, with the version that they are sealed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSecrets {
    /// The version.
    pub version: i64,
    /// The secrets.
    pub sealed: Sealed,
}

/// A channel as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChannel {
    /// The channel's id.
    pub id: ChannelId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The kind of channel, as a word.
    pub kind: String,
    /// The channel's name.
    pub name: String,
    /// Whether messages are sent.
    pub enabled: bool,
    /// Everything else but the secrets, as JSON.
    pub settings: String,
    /// The secrets.
    pub secrets: ChannelSecrets,
    /// Why the gateway disabled it, if it did.
    pub disabled_reason: Option<String>,
    /// The error of the latest attempt, if that failed.
    pub last_error: Option<String>,
    /// When that attempt failed.
    pub last_error_at: Option<Timestamp>,
    /// When a message was last accepted by the receiver.
    pub last_delivered_at: Option<Timestamp>,
    /// How many dropped deliveries the receiver has not been notified of yet.
    pub dropped: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Incremented by every change. A change names the revision it was based on.
    pub revision: i64,
}

#[derive(sqlx::FromRow)]
pub struct ChannelRow {
    pub id: i64,
    pub workspace_id: i64,
    pub kind: String,
    pub name: String,
    pub enabled: bool,
    pub settings: String,
    pub data_key_id: i64,
    pub sealed: Vec<u8>,
    pub sealed_version: i64,
    pub disabled_reason: Option<String>,
    pub last_error: Option<String>,
    pub last_error_at: Option<i64>,
    pub last_delivered_at: Option<i64>,
    pub dropped: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
}

impl From<ChannelRow> for StoredChannel {
    fn from(row: ChannelRow) -> Self {
        Self {
            id: ChannelId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            kind: row.kind,
            name: row.name,
            enabled: row.enabled,
            settings: row.settings,
            secrets: ChannelSecrets {
                version: row.sealed_version,
                sealed: Sealed {
                    data_key: DataKeyId(row.data_key_id),
                    bytes: row.sealed,
                },
            },
            disabled_reason: row.disabled_reason,
            last_error: row.last_error,
            last_error_at: time(row.last_error_at),
            last_delivered_at: time(row.last_delivered_at),
            dropped: row.dropped,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            revision: row.revision,
        }
    }
}

//! A channel as it is stored, read into values.

use std::borrow::Cow;

use gaiterguard_domain::body;
use gaiterguard_domain::field::{Checked, FieldValue, whole_number};
use gaiterguard_domain::id::{ChannelId, WorkspaceId};
use gaiterguard_store::{ChannelFields, StoredChannel};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::event::NotificationEvent;
use crate::filter::Filter;
use crate::kind::ChannelKind;
use crate::nested::{self, NOT_AN_OBJECT};
use crate::quiet_hours::QuietHours;
use crate::settings::ChannelSettings;

/// The longest time for which held requests are collected into one message, in seconds.
const GROUPING_SECONDS_MAX: u32 = 3600;

/// How held requests are collected into one message. Webhooks are never grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelGrouping {
    /// Time for which the message of a held request waits for others, in seconds.
    #[schema(minimum = 1, maximum = 3600)]
    pub seconds: u32,
}

body! {
    /// How held requests are collected into one message. Webhooks are never grouped.
    pub struct NewChannelGrouping {
        /// Time for which the message of a held request waits for others, in seconds.
        #[schema(minimum = 1, maximum = 3600)]
        seconds "seconds": Seconds as u32,
    }
}

/// A time in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Seconds(u32);

impl FieldValue for Seconds {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        whole_number(&value, 1, GROUPING_SECONDS_MAX).map(Self)
    }
}

impl FieldValue for ChannelGrouping {
    fn parse(_: Value) -> Result<Self, Cow<'static, str>> {
        Err(NOT_AN_OBJECT.into())
    }

    fn read(name: &str, value: Option<Value>) -> Checked<Self> {
        nested::read(name, value, |body: NewChannelGrouping| {
            body.seconds.map(|seconds| Self { seconds: seconds.0 })
        })
    }
}

/// A channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// The row that it was read from.
    pub stored: StoredChannel,
    /// The kind.
    pub kind: ChannelKind,
    /// Settings, by kind.
    pub settings: ChannelSettings,
    /// The events that it is notified of.
    pub filter: Filter,
    /// The hours in which nothing is sent.
    pub quiet_hours: Option<QuietHours>,
    /// How held requests are collected into one message.
    pub grouping: Option<ChannelGrouping>,
}

/// A channel whose row is damaged, or was written by another version. It can be deleted.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the stored channel {} cannot be read", .0.id)]
pub struct UnreadableChannel(pub Box<StoredChannel>);

/// The column `settings`.
#[derive(Deserialize)]
struct Stored {
    settings: Value,
    filter: Filter,
    quiet_hours: Option<QuietHours>,
    grouping: Option<ChannelGrouping>,
}

impl Channel {
    /// Reads a stored channel.
    ///
    /// # Errors
    ///
    /// If the row has a value that this version does not write.
    pub fn read(stored: StoredChannel) -> Result<Self, UnreadableChannel> {
        let parts = ChannelKind::of_name(&stored.kind).and_then(|kind| {
            let columns: Stored = serde_json::from_str(&stored.settings).ok()?;
            let settings = ChannelSettings::stored(kind, columns.settings.clone())?;
            Some((kind, settings, columns))
        });
        let Some((kind, settings, columns)) = parts else {
            return Err(UnreadableChannel(Box::new(stored)));
        };
        Ok(Self {
            stored,
            kind,
            settings,
            filter: columns.filter,
            quiet_hours: columns.quiet_hours,
            grouping: columns.grouping,
        })
    }

    /// Returns the channel's id.
    pub fn id(&self) -> ChannelId {
        self.stored.id
    }

    /// Returns the workspace that the channel belongs to.
    pub(crate) fn workspace(&self) -> WorkspaceId {
        self.stored.workspace
    }

    /// Returns the seconds for which a message about this event waits for others.
    pub(crate) fn grouping_seconds(&self, event: NotificationEvent) -> u32 {
        let is_grouped = event == NotificationEvent::ActionCreated && self.kind.is_for_people();
        self.grouping
            .filter(|_| is_grouped)
            .map_or(0, |grouping| grouping.seconds)
    }
}

/// The contents of a channel, checked.
pub(crate) struct Wanted {
    pub(crate) kind: ChannelKind,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) settings: ChannelSettings,
    pub(crate) filter: Filter,
    pub(crate) quiet_hours: Option<QuietHours>,
    pub(crate) grouping: Option<ChannelGrouping>,
}

impl Wanted {
    /// Returns the columns to store.
    pub(crate) fn fields(&self) -> ChannelFields {
        let settings = json!({
            "settings": self.settings,
            "filter": self.filter,
            "quiet_hours": self.quiet_hours,
            "grouping": self.grouping,
        });
        ChannelFields {
            kind: self.kind.as_str(),
            name: self.name.clone(),
            enabled: self.enabled,
            settings: settings.to_string(),
        }
    }
}

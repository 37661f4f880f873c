//! The kinds of channels.

use std::borrow::Cow;
use std::time::Duration;

use gaiterguard_domain::field::{FieldValue, one_of};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A kind of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Signed requests to a program, after the specification Standard Webhooks.
    Webhook,
    /// Push notifications through a server of ntfy.
    Ntfy,
    /// Email.
    Email,
    /// Messages of a bot of Slack.
    Slack,
    /// Messages of a bot of Telegram.
    Telegram,
    /// Messages for one member: by email and in the member's browsers.
    Member,
    /// Push notifications in the browser of one member, who registers it. Not a channel of the workspace.
    #[serde(skip)]
    WebPush,
}

impl ChannelKind {
    /// Every kind of channel that a workspace can have.
    pub const ALL: [Self; 6] = [
        Self::Webhook,
        Self::Ntfy,
        Self::Email,
        Self::Slack,
        Self::Telegram,
        Self::Member,
    ];

    /// Returns the word for this kind in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Ntfy => "ntfy",
            Self::Email => "email",
            Self::Slack => "slack",
            Self::Telegram => "telegram",
            Self::Member => "member",
            Self::WebPush => "web_push",
        }
    }

    /// Parses such a word.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let mut kinds = Self::ALL.into_iter().chain([Self::WebPush]);
        kinds.find(|kind| kind.as_str() == name)
    }

    /// Whether people read the messages. A program gets every event; a person gets one message for an entry of
    /// the audit log, and none that asks for a decision that was made already.
    pub(crate) fn is_for_people(self) -> bool {
        self != Self::Webhook
    }

    /// Whether a message that was sent can be changed.
    pub(crate) fn can_edit(self) -> bool {
        matches!(self, Self::Slack | Self::Telegram | Self::WebPush)
    }

    /// Returns the shortest time between two messages. Slack and Telegram accept one in a second in a chat. Public
    /// servers of ntfy accept one in five seconds after a burst of sixty, and mail servers take many messages in a row
    /// for spam.
    pub(crate) fn pause(self) -> Duration {
        match self {
            Self::Webhook | Self::WebPush => Duration::from_millis(20),
            Self::Ntfy | Self::Email | Self::Member => Duration::from_millis(500),
            Self::Slack | Self::Telegram => Duration::from_secs(1),
        }
    }
}

impl FieldValue for ChannelKind {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        one_of(value, &Self::ALL, Self::as_str)
    }
}

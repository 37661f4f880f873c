//! Identifiers, one type per noun, so that the compiler rejects mix-ups.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::field::{FieldValue, whole};

macro_rules! integer_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl FieldValue for $name {
            fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
                let id = value.as_number().and_then(whole);
                id.map(Self)
                    .ok_or_else(|| "must be an ID, which is a whole number".into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

integer_id! {
    /// A workspace: the owner of services, agents, rules and their history.
    WorkspaceId,
    /// A human with a password.
    UserId,
    /// An invitation to join a workspace.
    InvitationId,
    /// A login of a user: a family of refresh tokens.
    SessionId,
    /// A passkey of a user.
    PasskeyId,
    /// A client that sends requests through the gateway.
    AgentId,
    /// An upstream API with its base URL and credential.
    ServiceId,
    /// A document that describes a service.
    DocumentId,
    /// An operator's rule.
    RuleId,
    /// A row of the request ledger.
    RequestEntryId,
    /// A row of the audit log, and of the event stream that is read from it.
    AuditId,
    /// A wrapped data key of the vault.
    DataKeyId,
    /// A notification channel.
    ChannelId,
    /// A message that is or was to be sent through a channel.
    DeliveryId,
    /// An account in a chat that is linked to a user.
    ChatAccountId,
}

impl WorkspaceId {
    /// The owner of values that belong to the gateway as a whole. No workspace has this ID.
    pub const GATEWAY: Self = Self(0);
}

/// A held request and its lifecycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(pub Uuid);

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl std::str::FromStr for ActionId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

/// The id of a request: the response carries it as `X-Request-Id`, and logs and the ledger repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

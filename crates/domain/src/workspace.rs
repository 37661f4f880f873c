//! A workspace, the owner of every other object, and its kill switch.

use serde::{Deserialize, Serialize};

use crate::id::{UserId, WorkspaceId};
use crate::time::Timestamp;

/// A member's role in a workspace. Everyone who registers owns a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Has every permission in the workspace.
    Owner,
}

impl Role {
    /// Returns the word for this role in database rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
        }
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        (word == "owner").then_some(Self::Owner)
    }
}

/// Whether requests may leave a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KillSwitch {
    /// Requests are decided as usual.
    Off,
    /// Every request is refused, and running requests were canceled.
    Active {
        /// The user who activated it.
        by: UserId,
        /// When it was activated.
        at: Timestamp,
        /// The reason that the user gave.
        reason: Option<String>,
    },
}

impl KillSwitch {
    /// Returns whether requests are refused.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

/// The version of a workspace's definitions: its agents, scopes, services, credentials, rules and
/// kill switch.
///
/// Every change increments it in the same transaction. A request that was decided on a version can
/// therefore prove at commit that no definition has changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorityVersion(pub i64);

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The workspace's id.
    pub id: WorkspaceId,
    /// The state of its kill switch.
    pub kill_switch: KillSwitch,
    /// The version of its definitions.
    pub version: AuthorityVersion,
}

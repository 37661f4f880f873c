//! A workspace: the owner of everything else, and its kill switch.

use serde::{Deserialize, Serialize};

use crate::id::{UserId, WorkspaceId};
use crate::time::Timestamp;

/// What a member of a workspace may do. Everyone who registers owns a workspace of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything in the workspace.
    Owner,
}

impl Role {
    /// The word that stands for the role in a row.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
        }
    }

    /// The role of such a word.
    pub fn parse(word: &str) -> Option<Self> {
        (word == "owner").then_some(Self::Owner)
    }
}

/// Whether anything at all may leave a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KillSwitch {
    /// Requests are decided as usual.
    Off,
    /// Every request is refused and every running one has been cut.
    Active {
        /// Who threw it.
        by: UserId,
        /// When.
        at: Timestamp,
        /// Why, in the operator's words.
        reason: Option<String>,
    },
}

impl KillSwitch {
    /// Whether requests are refused.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

/// The version of a workspace's definitions: its agents, scopes, services, credentials, rules and
/// kill switch. It grows with every change, in the change's own transaction, so whoever acts on a
/// version can prove at commit that nothing has changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorityVersion(pub i64);

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its kill switch.
    pub kill_switch: KillSwitch,
    /// The version of its definitions.
    pub version: AuthorityVersion,
}

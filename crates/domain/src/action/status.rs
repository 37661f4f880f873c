//! The names of the states of an action.

use serde::{Deserialize, Serialize};

/// The status of an action: the name of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ActionStatus {
    /// See [`ActionState::Pending`](super::ActionState::Pending).
    Pending,
    /// See [`ActionState::Approved`](super::ActionState::Approved).
    Approved,
    /// See [`ActionState::Denied`](super::ActionState::Denied).
    Denied,
    /// See [`ActionState::Revoked`](super::ActionState::Revoked).
    Revoked,
    /// See [`ActionState::Expired`](super::ActionState::Expired).
    Expired,
    /// See [`ActionState::Executing`](super::ActionState::Executing).
    Executing,
    /// See [`ActionState::Executed`](super::ActionState::Executed).
    Executed,
    /// See [`ActionState::Indeterminate`](super::ActionState::Indeterminate).
    Indeterminate,
}

impl ActionStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Approved,
        Self::Denied,
        Self::Revoked,
        Self::Expired,
        Self::Executing,
        Self::Executed,
        Self::Indeterminate,
    ];

    /// Returns the word for this status in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Approved => "APPROVED",
            Self::Denied => "DENIED",
            Self::Revoked => "REVOKED",
            Self::Expired => "EXPIRED",
            Self::Executing => "EXECUTING",
            Self::Executed => "EXECUTED",
            Self::Indeterminate => "INDETERMINATE",
        }
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

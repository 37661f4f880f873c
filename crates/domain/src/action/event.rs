//! The events in the life of an action.

use std::time::Duration;

use super::decision::{HumanDecision, Resolution};
use crate::event::Event;
use crate::time::Timestamp;

/// The longest time that an approver may keep to undo an approval, in seconds. Longer than a person needs
/// to notice a slip, and shorter than agents wait for a response.
pub const UNDO_SECONDS_MAX: u64 = 30;

/// An event in an action's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionEvent {
    /// A human approves; the approval is valid for `lifetime` after its release.
    Approve {
        /// The approval.
        decision: HumanDecision,
        /// How long the approval can be undone before it is released to the agent.
        undo: Duration,
        /// How long the agent has to execute the action.
        lifetime: Duration,
    },
    /// A human denies.
    Deny(HumanDecision),
    /// A human revokes.
    Revoke(HumanDecision),
    /// The agent executes.
    Begin {
        /// When.
        at: Timestamp,
    },
    /// The execution ended, and it is proven that nothing reached the upstream.
    NothingSent,
    /// The upstream's response is complete.
    Respond {
        /// When.
        at: Timestamp,
    },
    /// The request may have been sent, and its outcome cannot be determined.
    Break {
        /// When.
        at: Timestamp,
        /// A description of the failure.
        detail: String,
    },
    /// A human checked the upstream.
    Resolve {
        /// The decision.
        decision: HumanDecision,
        /// The finding.
        resolution: Resolution,
    },
}

impl ActionEvent {
    /// Returns the event of the audit log that records it.
    pub fn audited_as(&self) -> Event {
        match self {
            Self::Approve { .. } => Event::ActionApproved,
            Self::Deny(_) => Event::ActionDenied,
            Self::Revoke(_) => Event::ActionRevoked,
            Self::Begin { .. } => Event::ActionExecuting,
            Self::NothingSent => Event::ActionReturned,
            Self::Respond { .. } => Event::ActionExecuted,
            Self::Break { .. } => Event::ActionIndeterminate,
            Self::Resolve { .. } => Event::ActionResolved,
        }
    }
}

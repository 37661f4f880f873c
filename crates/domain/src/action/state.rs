//! The states of an action, and the one match that leads from a state to the next.

use thiserror::Error;

use super::decision::{HumanDecision, Resolution, Ruling};
use super::event::ActionEvent;
use super::status::ActionStatus;
use crate::time::Timestamp;

/// An execution that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The approval that permits it.
    pub approval: HumanDecision,
    /// When that approval expires, if nothing was sent and it can be used again.
    pub expires_at: Timestamp,
    /// When the execution began.
    pub started_at: Timestamp,
}

/// How the execution of a request that was sent ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The upstream responded.
    Responded {
        /// When the response was complete.
        at: Timestamp,
    },
    /// The outcome was unknown until a human checked the upstream and confirmed the execution.
    Resolved(HumanDecision),
}

/// The reason for a revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// A human withdrew the action, blocked the agent or activated the kill switch.
    Withdrawn(HumanDecision),
    /// The outcome was unknown until a human checked the upstream and found that nothing was done.
    Resolved(HumanDecision),
}

/// The state of an action, with the facts that hold in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionState {
    /// Waiting for a human.
    Pending {
        /// When it expires.
        expires_at: Timestamp,
    },
    /// A human approved it; the agent may execute it.
    Approved {
        /// The approval.
        approval: HumanDecision,
        /// When it is released to the agent, if the approver kept time to undo it; `None` if it was
        /// released immediately. Measured by the ledger's clock, which all replicas share.
        releases_at: Option<Timestamp>,
        /// When the approval expires.
        expires_at: Timestamp,
    },
    /// A human denied it.
    Denied(HumanDecision),
    /// Revoked before or after its approval.
    Revoked(Revocation),
    /// No human decided, or the agent did not execute it, in time.
    Expired {
        /// When it expired.
        at: Timestamp,
    },
    /// The request is being sent.
    Executing(Execution),
    /// The request was sent, and the outcome is known.
    Executed {
        /// The execution.
        execution: Execution,
        /// How it ended.
        ending: Ending,
    },
    /// The request may have been sent; only a human who checks the upstream can find out.
    Indeterminate {
        /// The execution.
        execution: Execution,
        /// When the outcome became unknown.
        at: Timestamp,
        /// A description of the failure.
        detail: String,
    },
}

/// The rejection of an event that the action's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the action is {}", .status.as_str())]
pub struct TransitionRefused {
    /// The action's status.
    pub status: ActionStatus,
}

impl ActionState {
    /// Returns the state's name.
    pub fn status(&self) -> ActionStatus {
        match self {
            Self::Pending { .. } => ActionStatus::Pending,
            Self::Approved { .. } => ActionStatus::Approved,
            Self::Denied(_) => ActionStatus::Denied,
            Self::Revoked(_) => ActionStatus::Revoked,
            Self::Expired { .. } => ActionStatus::Expired,
            Self::Executing(_) => ActionStatus::Executing,
            Self::Executed { .. } => ActionStatus::Executed,
            Self::Indeterminate { .. } => ActionStatus::Indeterminate,
        }
    }

    /// Returns the state at `now`: a pending or approved action whose time has passed is expired as of
    /// that time, even if no expiry has been recorded.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::Pending { expires_at } | Self::Approved { expires_at, .. }
                if expires_at <= now =>
            {
                Self::Expired { at: expires_at }
            }
            other => other,
        }
    }

    /// Returns the state at `now` as the agent sees it: until an approval is released, the action is
    /// pending.
    #[must_use]
    pub fn seen_by_agent(self, now: Timestamp) -> Self {
        match self.at(now) {
            Self::Approved {
                releases_at: Some(releases_at),
                expires_at,
                ..
            } if now < releases_at => Self::Pending { expires_at },
            other => other,
        }
    }

    /// Returns when the state that the agent sees changes by itself after `now`, if it can.
    pub fn changes_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.releases_at() {
            Some(releases_at) if now < releases_at => Some(releases_at),
            _ => self.expires_at(),
        }
    }

    /// Returns the state after an event.
    ///
    /// The caller passes the state through [`Self::at`] first, so that a late approval finds
    /// [`ActionState::Expired`].
    pub fn apply(self, event: ActionEvent) -> Result<Self, TransitionRefused> {
        use ActionEvent as Event;
        match (self, event) {
            (
                Self::Pending { .. },
                Event::Approve {
                    decision,
                    undo,
                    lifetime,
                },
            ) => {
                let released = decision.at.after(undo);
                Ok(Self::Approved {
                    releases_at: (!undo.is_zero()).then_some(released),
                    expires_at: released.after(lifetime),
                    approval: decision,
                })
            }
            (Self::Pending { .. }, Event::Deny(decision)) => Ok(Self::Denied(decision)),
            (Self::Pending { .. } | Self::Approved { .. }, Event::Revoke(decision)) => {
                Ok(Self::Revoked(Revocation::Withdrawn(decision)))
            }
            (
                Self::Approved {
                    approval,
                    releases_at,
                    expires_at,
                },
                Event::Begin { at },
            ) if releases_at.is_none_or(|releases_at| releases_at <= at) => {
                Ok(Self::Executing(Execution {
                    approval,
                    expires_at,
                    started_at: at,
                }))
            }
            (Self::Executing(execution), Event::NothingSent) => Ok(Self::Approved {
                approval: execution.approval,
                // An execution begins only after the release.
                releases_at: None,
                expires_at: execution.expires_at,
            }),
            (Self::Executing(execution), Event::Respond { at }) => Ok(Self::Executed {
                execution,
                ending: Ending::Responded { at },
            }),
            (Self::Executing(execution), Event::Break { at, detail }) => Ok(Self::Indeterminate {
                execution,
                at,
                detail,
            }),
            (
                Self::Indeterminate { execution, .. },
                Event::Resolve {
                    decision,
                    resolution,
                },
            ) => Ok(match resolution {
                Resolution::Executed => Self::Executed {
                    execution,
                    ending: Ending::Resolved(decision),
                },
                Resolution::NotExecuted => Self::Revoked(Revocation::Resolved(decision)),
            }),
            (state, _) => Err(TransitionRefused {
                status: state.status(),
            }),
        }
    }

    /// Returns when the action expires, if it can.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Pending { expires_at } | Self::Approved { expires_at, .. } => Some(*expires_at),
            _ => None,
        }
    }

    /// Returns when its approval is released to the agent, if the approver kept time to undo it.
    pub fn releases_at(&self) -> Option<Timestamp> {
        match self {
            Self::Approved { releases_at, .. } => *releases_at,
            _ => None,
        }
    }

    /// Returns when the action ended, or when a human last decided about it.
    pub fn resolved_at(&self) -> Option<Timestamp> {
        match self {
            Self::Pending { .. } => None,
            Self::Approved { approval, .. } => Some(approval.at),
            Self::Executing(execution) => Some(execution.approval.at),
            Self::Denied(decision)
            | Self::Revoked(Revocation::Withdrawn(decision) | Revocation::Resolved(decision))
            | Self::Executed {
                ending: Ending::Resolved(decision),
                ..
            } => Some(decision.at),
            Self::Expired { at }
            | Self::Executed {
                ending: Ending::Responded { at },
                ..
            }
            | Self::Indeterminate { at, .. } => Some(*at),
        }
    }

    /// Returns the approval that permitted its execution, if it is known.
    pub fn approval(&self) -> Option<&HumanDecision> {
        match self {
            Self::Approved { approval, .. } => Some(approval),
            _ => self.execution().map(|execution| &execution.approval),
        }
    }

    /// Returns its execution, if one has begun.
    pub fn execution(&self) -> Option<&Execution> {
        match self {
            Self::Executing(execution)
            | Self::Executed { execution, .. }
            | Self::Indeterminate { execution, .. } => Some(execution),
            Self::Pending { .. }
            | Self::Approved { .. }
            | Self::Denied(_)
            | Self::Revoked(_)
            | Self::Expired { .. } => None,
        }
    }

    /// Returns how a human ruled, with the human's decision. `None` for an action on which nobody ruled, and for
    /// an approval that expired or was withdrawn before it was used.
    pub fn ruling(&self) -> Option<(Ruling, &HumanDecision)> {
        match self {
            Self::Denied(decision) => Some((Ruling::Denied, decision)),
            _ => self.approval().map(|decision| (Ruling::Approved, decision)),
        }
    }

    /// Returns the human decision that led to the current state.
    pub fn last_decision(&self) -> Option<&HumanDecision> {
        match self {
            Self::Pending { .. } | Self::Expired { .. } => None,
            Self::Approved { approval, .. } => Some(approval),
            Self::Denied(decision)
            | Self::Revoked(Revocation::Withdrawn(decision) | Revocation::Resolved(decision))
            | Self::Executed {
                ending: Ending::Resolved(decision),
                ..
            } => Some(decision),
            Self::Executing(execution)
            | Self::Executed {
                execution,
                ending: Ending::Responded { .. },
            }
            | Self::Indeterminate { execution, .. } => Some(&execution.approval),
        }
    }
}

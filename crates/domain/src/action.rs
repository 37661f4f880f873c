//! An action: a held request and its lifecycle.
//!
//! [`ActionState::apply`] is the whole specification: one match over state and event. Each state
//! carries exactly the facts that are true in it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::agent::Binding;
use crate::event::Event;
use crate::id::{ActionId, AgentId, RequestEntryId, ServiceId, UserId, WorkspaceId};
use crate::request::{Digest, Intent};
use crate::time::Timestamp;
use crate::verdict::Evaluation;

/// The length limit of a human's note to an agent, in characters: that of an intent, to which it replies.
pub const NOTE_CHARS_MAX: usize = 2000;

/// The longest time that an approver may keep to undo an approval, in seconds. Longer than a person needs
/// to notice a slip, and shorter than agents wait for a response.
pub const UNDO_SECONDS_MAX: u64 = 30;

/// A human's decision about an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HumanDecision {
    /// The user who decided.
    pub by: UserId,
    /// When the user decided.
    pub at: Timestamp,
    /// The user's note to the agent.
    pub note: Option<String>,
}

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

/// The status of an action: the name of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ActionStatus {
    /// See [`ActionState::Pending`].
    Pending,
    /// See [`ActionState::Approved`].
    Approved,
    /// See [`ActionState::Denied`].
    Denied,
    /// See [`ActionState::Revoked`].
    Revoked,
    /// See [`ActionState::Expired`].
    Expired,
    /// See [`ActionState::Executing`].
    Executing,
    /// See [`ActionState::Executed`].
    Executed,
    /// See [`ActionState::Indeterminate`].
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

/// How a human ruled on a held request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It may be sent.
    Approved,
    /// It must not be sent.
    Denied,
}

impl Ruling {
    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }
}

/// The finding of a human who checked the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Outcome))]
pub enum Resolution {
    /// The request was carried out.
    Executed,
    /// The request was not carried out.
    NotExecuted,
}

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

/// A held request.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// The action's id.
    pub id: ActionId,
    /// Incremented by every change of state. A change names the revision it was based on.
    pub revision: i64,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The agent that sent the request.
    pub agent: AgentId,
    /// The service it is for.
    pub service: ServiceId,
    /// Its ledger entry.
    pub entry: RequestEntryId,
    /// Its state.
    pub state: ActionState,
    /// The method.
    pub method: String,
    /// The URL, with agent keys masked. The sealed request has the exact one.
    pub target_url: String,
    /// The digest of the exact request.
    pub digest: Digest,
    /// The agent's intent.
    pub intent: Intent,
    /// The evaluation that led to the hold.
    pub evaluation: Evaluation,
    /// The facts that an approval depends on in addition to the request's bytes.
    pub binding: Binding,
    /// When it was held.
    pub created_at: Timestamp,
}

impl Action {
    /// Returns the action with its state at `now`; see [`ActionState::at`].
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        Self {
            state: self.state.at(now),
            ..self
        }
    }

    /// Returns the action as its agent sees it at `now`; see [`ActionState::seen_by_agent`].
    #[must_use]
    pub fn seen_by_agent(self, now: Timestamp) -> Self {
        Self {
            state: self.state.seen_by_agent(now),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decision(at: i64) -> HumanDecision {
        HumanDecision {
            by: UserId(1),
            at: Timestamp(at),
            note: None,
        }
    }

    fn event() -> impl Strategy<Value = ActionEvent> {
        (0..100i64, 0..8usize, any::<bool>()).prop_map(|(at, which, done)| match which {
            0 => ActionEvent::Approve {
                decision: decision(at),
                undo: Duration::from_millis(if done { 10 } else { 0 }),
                lifetime: Duration::from_millis(20),
            },
            1 => ActionEvent::Deny(decision(at)),
            2 => ActionEvent::Revoke(decision(at)),
            3 => ActionEvent::Begin { at: Timestamp(at) },
            4 => ActionEvent::NothingSent,
            5 => ActionEvent::Respond { at: Timestamp(at) },
            6 => ActionEvent::Break {
                at: Timestamp(at),
                detail: "cut".to_owned(),
            },
            _ => ActionEvent::Resolve {
                decision: decision(at),
                resolution: if done {
                    Resolution::Executed
                } else {
                    Resolution::NotExecuted
                },
            },
        })
    }

    proptest! {
        #[test]
        fn an_action_is_sent_at_most_once_and_only_after_approval(
            events in prop::collection::vec(event(), 0..60)
        ) {
            let mut state = ActionState::Pending { expires_at: Timestamp(1000) };
            let mut approvals = 0;
            let mut sent = 0;
            for event in events {
                let before = state.clone();
                match state.clone().apply(event.clone()) {
                    Err(refused) => prop_assert_eq!(refused.status, before.status()),
                    Ok(after) => {
                        match event {
                            ActionEvent::Approve { .. } => approvals += 1,
                            ActionEvent::Begin { at } => {
                                prop_assert_eq!(approvals, 1);
                                prop_assert!(before.releases_at().is_none_or(|released| released <= at));
                                sent += 1;
                            }
                            ActionEvent::NothingSent => sent -= 1,
                            _ => {}
                        }
                        prop_assert!(sent <= 1);
                        state = after;
                    }
                }
            }
            prop_assert!(approvals <= 1);
        }

        #[test]
        fn no_event_leaves_a_final_state(events in prop::collection::vec(event(), 0..40)) {
            for end in [
                ActionState::Denied(decision(1)),
                ActionState::Revoked(Revocation::Withdrawn(decision(1))),
                ActionState::Expired { at: Timestamp(1) },
            ] {
                for event in &events {
                    prop_assert!(end.clone().apply(event.clone()).is_err());
                }
            }
        }

        #[test]
        fn nothing_can_be_approved_after_its_expiry(expires in 0..100i64, now in 0..100i64) {
            let state = ActionState::Pending { expires_at: Timestamp(expires) }.at(Timestamp(now));
            let approve = ActionEvent::Approve {
                decision: decision(now),
                undo: Duration::ZERO,
                lifetime: Duration::from_secs(1),
            };
            prop_assert_eq!(state.apply(approve).is_ok(), now < expires);
        }
    }

    #[test]
    fn an_approval_that_can_be_undone_is_pending_for_the_agent_until_its_release() {
        let approve = ActionEvent::Approve {
            decision: decision(5),
            undo: Duration::from_millis(10),
            lifetime: Duration::from_millis(20),
        };
        let pending = ActionState::Pending {
            expires_at: Timestamp(100),
        };
        let approved = pending.apply(approve).unwrap();
        assert_eq!(approved.releases_at(), Some(Timestamp(15)));
        assert_eq!(approved.expires_at(), Some(Timestamp(35)));
        for (now, status, changes_at) in [
            (14, ActionStatus::Pending, 15),
            (15, ActionStatus::Approved, 35),
            (35, ActionStatus::Expired, 35),
        ] {
            let now = Timestamp(now);
            assert_eq!(approved.clone().seen_by_agent(now).status(), status);
            assert_eq!(approved.changes_at(now), Some(Timestamp(changes_at)));
            let begun = approved
                .clone()
                .at(now)
                .apply(ActionEvent::Begin { at: now });
            assert_eq!(begun.is_ok(), status == ActionStatus::Approved);
        }
        let revoked = approved.apply(ActionEvent::Revoke(decision(14))).unwrap();
        assert_eq!(revoked.status(), ActionStatus::Revoked);
    }

    #[test]
    fn proof_that_nothing_was_sent_restores_the_same_approval() {
        let approved = ActionState::Approved {
            approval: decision(5),
            releases_at: None,
            expires_at: Timestamp(50),
        };
        let executing = approved
            .clone()
            .apply(ActionEvent::Begin { at: Timestamp(7) })
            .unwrap();
        assert_eq!(executing.apply(ActionEvent::NothingSent).unwrap(), approved);
    }

    #[test]
    fn a_human_may_resolve_only_what_is_indeterminate() {
        let resolve = ActionEvent::Resolve {
            decision: decision(9),
            resolution: Resolution::Executed,
        };
        let execution = Execution {
            approval: decision(1),
            expires_at: Timestamp(50),
            started_at: Timestamp(2),
        };
        let executing = ActionState::Executing(execution);
        assert!(executing.clone().apply(resolve.clone()).is_err());
        let broken = executing
            .apply(ActionEvent::Break {
                at: Timestamp(3),
                detail: String::new(),
            })
            .unwrap();
        let settled = broken.apply(resolve.clone()).unwrap();
        assert_eq!(settled.status(), ActionStatus::Executed);
        assert!(settled.apply(resolve).is_err());
    }
}

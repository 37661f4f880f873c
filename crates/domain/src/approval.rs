//! A held request and everything that can become of it.
//!
//! [`ActionState::apply`] is the whole specification: one match over state and event. Each state
//! carries exactly the facts that are true in it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::agent::Binding;
use crate::id::{ActionId, AgentId, RequestEntryId, ServiceId, UserId, WorkspaceId};
use crate::request::{Digest, Intent};
use crate::time::Timestamp;
use crate::verdict::Judgement;

/// The longest note of a human to an agent, in characters.
pub const NOTE_CHARS_MAX: usize = 2000;

/// A human's word on an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Whose.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// What the human tells the agent.
    pub note: Option<String>,
}

/// What is known of an execution that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The approval it rests on.
    pub approval: Word,
    /// When that approval expires, if nothing was sent and it is to be used again.
    pub expires_at: Timestamp,
    /// When the execution was begun.
    pub started_at: Timestamp,
}

/// How an action reached its end with a request that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The upstream answered.
    Answered {
        /// When its answer was complete.
        at: Timestamp,
    },
    /// The outcome was unknown until a human looked at the upstream and said it was done.
    Resolved(Word),
}

/// Who or what took an action back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// A human withdrew it, blocked the agent or threw the kill switch.
    Withdrawn(Word),
    /// The outcome was unknown until a human looked at the upstream and said nothing was done.
    Resolved(Word),
}

/// Where an action stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionState {
    /// Waits for a human.
    Pending {
        /// Until when.
        expires_at: Timestamp,
    },
    /// A human agreed; the agent may have it executed.
    Approved {
        /// The human's word.
        approval: Word,
        /// Until when.
        expires_at: Timestamp,
    },
    /// A human refused.
    Denied(Word),
    /// Taken back.
    Revoked(Revocation),
    /// Nobody decided, or nobody executed, in time.
    Expired {
        /// Since when.
        at: Timestamp,
    },
    /// The request is on its way.
    Executing(Execution),
    /// The request was sent and is done.
    Executed {
        /// How it was begun.
        execution: Execution,
        /// How it ended.
        ending: Ending,
    },
    /// The request may have been sent; only a human who looks at the upstream can tell.
    Indeterminate {
        /// How it was begun.
        execution: Execution,
        /// Since when nothing more is known.
        at: Timestamp,
        /// What happened.
        detail: String,
    },
}

/// The name of a state, as rows and answers spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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

    /// The word that stands for the status in a row and in JSON.
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

    /// The status of such a word.
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

/// What a human found at the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The request was carried out.
    Executed,
    /// It was not.
    NotExecuted,
}

/// What can happen to an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionEvent {
    /// A human agrees; the approval lasts for `lifetime`.
    Approve {
        /// The human's word.
        word: Word,
        /// How long the agent has to execute it.
        lifetime: Duration,
    },
    /// A human refuses.
    Deny(Word),
    /// A human takes it back.
    Revoke(Word),
    /// The agent asks for it to be sent.
    Begin {
        /// When.
        at: Timestamp,
    },
    /// It is proven that nothing reached the upstream.
    NothingSent,
    /// The upstream's answer is complete.
    Answer {
        /// When.
        at: Timestamp,
    },
    /// The request may have been sent and nothing more will be known.
    Break {
        /// When.
        at: Timestamp,
        /// What happened.
        detail: String,
    },
    /// A human looked at the upstream.
    Resolve {
        /// The human's word.
        word: Word,
        /// What the human found.
        finding: Finding,
    },
}

/// An event that an action's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the action is {}", .status.as_str())]
pub struct TransitionRefused {
    /// Where the action stands.
    pub status: ActionStatus,
}

impl ActionState {
    /// The state's name.
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

    /// The state as it is at `now`: what waits past its time has expired at that time, whether or
    /// not anything has noticed yet.
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

    /// The state after an event. The caller looks at the state through [`Self::at`] first, so an
    /// approval that comes too late meets [`ActionState::Expired`].
    pub fn apply(self, event: ActionEvent) -> Result<Self, TransitionRefused> {
        use ActionEvent as Event;
        match (self, event) {
            (Self::Pending { .. }, Event::Approve { word, lifetime }) => Ok(Self::Approved {
                expires_at: word.at.after(lifetime),
                approval: word,
            }),
            (Self::Pending { .. }, Event::Deny(word)) => Ok(Self::Denied(word)),
            (Self::Pending { .. } | Self::Approved { .. }, Event::Revoke(word)) => {
                Ok(Self::Revoked(Revocation::Withdrawn(word)))
            }
            (
                Self::Approved {
                    approval,
                    expires_at,
                },
                Event::Begin { at },
            ) => Ok(Self::Executing(Execution {
                approval,
                expires_at,
                started_at: at,
            })),
            (Self::Executing(execution), Event::NothingSent) => Ok(Self::Approved {
                approval: execution.approval,
                expires_at: execution.expires_at,
            }),
            (Self::Executing(execution), Event::Answer { at }) => Ok(Self::Executed {
                execution,
                ending: Ending::Answered { at },
            }),
            (Self::Executing(execution), Event::Break { at, detail }) => Ok(Self::Indeterminate {
                execution,
                at,
                detail,
            }),
            (Self::Indeterminate { execution, .. }, Event::Resolve { word, finding }) => {
                Ok(match finding {
                    Finding::Executed => Self::Executed {
                        execution,
                        ending: Ending::Resolved(word),
                    },
                    Finding::NotExecuted => Self::Revoked(Revocation::Resolved(word)),
                })
            }
            (state, _) => Err(TransitionRefused {
                status: state.status(),
            }),
        }
    }

    /// When the action expires, while it can.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Pending { expires_at } | Self::Approved { expires_at, .. } => Some(*expires_at),
            _ => None,
        }
    }

    /// When the action came to its end, or a human decided on it.
    pub fn resolved_at(&self) -> Option<Timestamp> {
        match self {
            Self::Pending { .. } => None,
            Self::Approved { approval, .. } => Some(approval.at),
            Self::Executing(execution) => Some(execution.approval.at),
            Self::Denied(word)
            | Self::Revoked(Revocation::Withdrawn(word) | Revocation::Resolved(word))
            | Self::Executed {
                ending: Ending::Resolved(word),
                ..
            } => Some(word.at),
            Self::Expired { at }
            | Self::Executed {
                ending: Ending::Answered { at },
                ..
            }
            | Self::Indeterminate { at, .. } => Some(*at),
        }
    }

    /// The human's word that let it be executed, where it is known still.
    pub fn approval(&self) -> Option<&Word> {
        match self {
            Self::Approved { approval, .. } => Some(approval),
            _ => self.execution().map(|execution| &execution.approval),
        }
    }

    /// How its execution was begun, if it was.
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

    /// Returns how a human ruled, with their word. `None` for an action on which nobody ruled, and for
    /// an approval that expired or was withdrawn before it was used.
    pub fn ruling(&self) -> Option<(Ruling, &Word)> {
        match self {
            Self::Denied(word) => Some((Ruling::Denied, word)),
            _ => self.approval().map(|word| (Ruling::Approved, word)),
        }
    }

    /// The human's word that brought the action where it is.
    pub fn word(&self) -> Option<&Word> {
        match self {
            Self::Pending { .. } | Self::Expired { .. } => None,
            Self::Approved { approval, .. } => Some(approval),
            Self::Denied(word)
            | Self::Revoked(Revocation::Withdrawn(word) | Revocation::Resolved(word))
            | Self::Executed {
                ending: Ending::Resolved(word),
                ..
            } => Some(word),
            Self::Executing(execution)
            | Self::Executed {
                execution,
                ending: Ending::Answered { .. },
            }
            | Self::Indeterminate { execution, .. } => Some(&execution.approval),
        }
    }
}

/// A held request.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// Grows with every change of state; a change is made against the revision that was seen.
    pub revision: i64,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// Who asked.
    pub agent: AgentId,
    /// Of which service.
    pub service: ServiceId,
    /// Its row in the request ledger.
    pub entry: RequestEntryId,
    /// Where it stands.
    pub state: ActionState,
    /// The method.
    pub method: String,
    /// The address, with agent keys masked. The exact one is in the sealed request.
    pub target_url: String,
    /// The digest of the exact request.
    pub digest: Digest,
    /// Why the agent asked.
    pub intent: Intent,
    /// Why it was held.
    pub judgement: Judgement,
    /// What an approval rests on besides the bytes.
    pub binding: Binding,
    /// When it was held.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word(at: i64) -> Word {
        Word {
            by: UserId(1),
            at: Timestamp(at),
            note: None,
        }
    }

    fn event() -> impl Strategy<Value = ActionEvent> {
        (0..100i64, 0..8usize, any::<bool>()).prop_map(|(at, which, done)| match which {
            0 => ActionEvent::Approve {
                word: word(at),
                lifetime: Duration::from_millis(20),
            },
            1 => ActionEvent::Deny(word(at)),
            2 => ActionEvent::Revoke(word(at)),
            3 => ActionEvent::Begin { at: Timestamp(at) },
            4 => ActionEvent::NothingSent,
            5 => ActionEvent::Answer { at: Timestamp(at) },
            6 => ActionEvent::Break {
                at: Timestamp(at),
                detail: "cut".to_owned(),
            },
            _ => ActionEvent::Resolve {
                word: word(at),
                finding: if done {
                    Finding::Executed
                } else {
                    Finding::NotExecuted
                },
            },
        })
    }

    proptest! {
        #[test]
        fn whatever_happens_it_is_sent_at_most_once_and_only_after_approval(
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
                            ActionEvent::Begin { .. } => {
                                prop_assert_eq!(approvals, 1);
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
        fn an_end_is_an_end(events in prop::collection::vec(event(), 0..40)) {
            for end in [
                ActionState::Denied(word(1)),
                ActionState::Revoked(Revocation::Withdrawn(word(1))),
                ActionState::Expired { at: Timestamp(1) },
            ] {
                for event in &events {
                    prop_assert!(end.clone().apply(event.clone()).is_err());
                }
            }
        }

        #[test]
        fn nothing_waits_past_its_time(expires in 0..100i64, now in 0..100i64) {
            let state = ActionState::Pending { expires_at: Timestamp(expires) }.at(Timestamp(now));
            let approve = ActionEvent::Approve { word: word(now), lifetime: Duration::from_secs(1) };
            prop_assert_eq!(state.apply(approve).is_ok(), now < expires);
        }
    }

    #[test]
    fn proof_that_nothing_was_sent_gives_the_same_approval_back() {
        let approved = ActionState::Approved {
            approval: word(5),
            expires_at: Timestamp(50),
        };
        let executing = approved
            .clone()
            .apply(ActionEvent::Begin { at: Timestamp(7) })
            .unwrap();
        assert_eq!(executing.apply(ActionEvent::NothingSent).unwrap(), approved);
    }

    #[test]
    fn a_human_may_settle_only_what_is_indeterminate() {
        let resolve = ActionEvent::Resolve {
            word: word(9),
            finding: Finding::Executed,
        };
        let execution = Execution {
            approval: word(1),
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

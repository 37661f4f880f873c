//! A human's ruling on an action, and the view that it is based on.

use std::time::Duration;

use gaiterguard_domain::action::{
    Action, ActionEvent, ActionStatus, HumanDecision, NOTE_CHARS_MAX, Resolution, TransitionRefused,
};
use gaiterguard_domain::approvals::{Tally, VoteRefused};
use gaiterguard_domain::field::KEY_NOT_STORED;
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::ledger::Press;
use gaiterguard_domain::redact;
use gaiterguard_domain::workspace::Membership;
use gaiterguard_provenance::ValueSource;
use gaiterguard_store::{InvalidCursor, StoreError};
use gaiterguard_summary::Summary;
use thiserror::Error;

use crate::action::held::HeldError;
use crate::action::shown::{ShownRequest, ShownResponse};
use crate::storage::StorageFailed;

/// A human who views actions or rules on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// The human.
    pub user: UserId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The human's membership of the workspace.
    pub membership: Membership,
    /// The button that the human pressed, in a channel.
    pub press: Option<Press>,
}

/// An action with everything that a human needs to see.
#[derive(Clone, Debug)]
pub struct ActionView {
    /// The action with its current state.
    pub action: Action,
    /// The agent's name.
    pub agent_name: String,
    /// The service's name.
    pub service_name: String,
    /// The label that the client's user chose. Untrusted text.
    pub label: Option<String>,
    /// The request: all of it for one action, its head in a list. `None` if it is damaged; then the
    /// action can be ended but not approved.
    pub request: Option<ShownRequest>,
    /// The summary of the request; `None` if it was not summarized or the summary is damaged.
    pub summary: Option<Summary>,
    /// The upstream's response, if it is stored; shortened in a list, like the request.
    pub response: Option<ShownResponse>,
    /// Whether a response is stored that cannot be read.
    pub response_is_damaged: bool,
    /// Where values of the request had been seen when it was held; empty in a list.
    pub provenance: Vec<ValueSource>,
    /// Why the human who views the action may not decide on it, whatever its state; `None` if the human may.
    pub not_permitted: Option<String>,
}

/// How much of an action is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of the action.
    Whole,
    /// The part that a list shows.
    Head,
}

/// A human's ruling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The agent may execute the action once the time to undo the approval has passed.
    Approve {
        /// That time.
        undo: Duration,
        /// Whether an owner approves alone, without the other approvals that the action requires.
        break_glass: bool,
    },
    /// The action is denied.
    Deny,
    /// The action, or its approval, is revoked.
    Revoke,
    /// The outcome, which a human looked up at the upstream.
    Resolve(Resolution),
}

impl Ruling {
    /// Returns the event of the ruling.
    pub(super) fn event(&self, decision: HumanDecision, lifetime: Duration) -> ActionEvent {
        match self {
            Self::Approve { undo, .. } => ActionEvent::Approve {
                decision,
                undo: *undo,
                lifetime,
            },
            Self::Deny => ActionEvent::Deny(decision),
            Self::Revoke => ActionEvent::Revoke(decision),
            Self::Resolve(resolution) => ActionEvent::Resolve {
                decision,
                resolution: *resolution,
            },
        }
    }
}

/// The result of a ruling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruled {
    /// The action has this status now.
    Done(ActionStatus),
    /// The approval counts, and the action waits for others.
    Voted(Tally),
}

/// Reasons why a ruling has no effect.
#[derive(Debug, Error)]
pub enum RulingRefused {
    /// The workspace does not have the action.
    #[error("this workspace has no action with this ID")]
    NotFound,
    /// The role of the human, or its limits, do not allow the ruling.
    #[error("{0}")]
    NotPermitted(String),
    /// The role of the human changed, or the human was removed, while the ruling was made.
    #[error("your role in this workspace has just changed; nothing was changed")]
    RoleChanged,
    /// The button was used already, or the account in the chat is not linked to the human.
    #[error("this button was used already, or your account is not linked; nothing was changed")]
    ButtonUsed,
    /// The note is too long, or contains a NUL, which no database text can.
    #[error(
        "must be at most {NOTE_CHARS_MAX} characters long and must not contain a null \
             character"
    )]
    NoteRefused,
    /// The note contains an agent key.
    #[error("{KEY_NOT_STORED}")]
    NoteHoldsKey,
    /// The digest does not match the stored request.
    #[error("the digest does not match the request; review the request again before you decide")]
    DigestMismatch,
    /// The stored action is damaged, so no human can have seen the request that would be sent.
    #[error("the stored request cannot be read, so it cannot be approved; deny it instead")]
    Unreadable,
    /// The approval of this user does not count.
    #[error("{0}")]
    MayNotApprove(VoteRefused),
    /// The user has no vote on the action while it is pending.
    #[error(
        "you have no approval of a pending action to withdraw; revoke the action if it is approved"
    )]
    NoVote,
    /// The ruling is not possible in the action's state.
    #[error("the action is {}; nothing was changed", .0.as_str())]
    NotPossible(ActionStatus),
    /// The cursor does not belong to this list.
    #[error(transparent)]
    Cursor(InvalidCursor),
    /// The database or the vault failed.
    #[error("the gateway's storage is unavailable; check the action's status before you try again")]
    Unavailable,
}

impl From<StoreError> for RulingRefused {
    fn from(error: StoreError) -> Self {
        if let StoreError::Cursor(refused) = error {
            return Self::Cursor(refused);
        }
        StorageFailed::from(error).into()
    }
}

impl From<StorageFailed> for RulingRefused {
    fn from(StorageFailed: StorageFailed) -> Self {
        Self::Unavailable
    }
}

impl From<TransitionRefused> for RulingRefused {
    fn from(refused: TransitionRefused) -> Self {
        Self::NotPossible(refused.status)
    }
}

impl From<HeldError> for RulingRefused {
    fn from(error: HeldError) -> Self {
        match error {
            HeldError::Unreadable => Self::Unreadable,
            HeldError::NotFound | HeldError::Unavailable => Self::Unavailable,
        }
    }
}

/// Checks the note of a ruling.
pub(super) fn check_note(note: Option<&str>) -> Result<(), RulingRefused> {
    let Some(note) = note else { return Ok(()) };
    if note.chars().count() > NOTE_CHARS_MAX || note.contains('\0') {
        return Err(RulingRefused::NoteRefused);
    }
    if redact::holds_agent_key(note.as_bytes()) {
        return Err(RulingRefused::NoteHoldsKey);
    }
    Ok(())
}

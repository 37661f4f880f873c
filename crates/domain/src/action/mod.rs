//! An action: a held request and its lifecycle.
//!
//! [`ActionState::apply`] is the whole specification: one match over state and event. Each state
//! carries exactly the facts that are true in it.

mod decision;
mod event;
mod state;
mod status;

use crate::agent::Binding;
use crate::id::{ActionId, AgentId, RequestEntryId, ServiceId, WorkspaceId};
use crate::request::{Digest, Intent};
use crate::time::Timestamp;
use crate::verdict::Evaluation;

pub use decision::{HumanDecision, NOTE_CHARS_MAX, Resolution, Ruling};
pub use event::{ActionEvent, UNDO_SECONDS_MAX};
pub use state::{ActionState, Ending, Execution, Revocation, TransitionRefused};
pub use status::ActionStatus;

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
mod tests;

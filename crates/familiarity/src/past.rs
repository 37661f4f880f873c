//! The past of a held request, as its approver sees it.

use gaiterguard_domain::action::{ActionState, ActionStatus};
use gaiterguard_domain::id::{ActionId, UserId};
use gaiterguard_domain::repeats::Repeats;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::EarlierAttempt;
use serde::Serialize;

/// How an agent repeated a held request while it was pending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RequestRepeats {
    /// Number of repetitions.
    pub count: u64,
    /// When the last one arrived.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub last_at: Timestamp,
    /// Intents of repetitions that differ from the first intent, oldest first. At most 20. Untrusted text.
    pub intents: Vec<String>,
}

impl From<Repeats> for RequestRepeats {
    fn from(repeats: Repeats) -> Self {
        Self {
            count: repeats.count,
            last_at: repeats.last_at,
            intents: repeats.intents,
        }
    }
}

/// An earlier attempt of the same agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = EarlierAttempt))]
pub struct Earlier {
    /// ID of the earlier action.
    #[cfg_attr(feature = "schema", schema(value_type = uuid::Uuid))]
    pub action_id: ActionId,
    /// Whether it is the same request: method, URL, body, and the headers that do not differ between
    /// retries. If false, it is another request to the same operation, and the upstream
    /// responded to it with an error.
    pub same_request: bool,
    /// Its status.
    pub status: ActionStatus,
    /// Its intent. Untrusted text.
    pub intent: String,
    /// When it was held.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When a human ruled on it or, without a ruling, when it expired.
    #[cfg_attr(feature = "schema", schema(required, value_type = Option<String>, format = DateTime))]
    pub decided_at: Option<Timestamp>,
    /// ID of the user who ruled on it.
    #[cfg_attr(feature = "schema", schema(required, value_type = Option<i64>))]
    pub decided_by: Option<UserId>,
    /// Email address of that user. Null if the user was never a member of the workspace.
    #[cfg_attr(feature = "schema", schema(required))]
    pub decided_by_name: Option<String>,
    /// That user's note to the agent.
    #[cfg_attr(feature = "schema", schema(required))]
    pub note: Option<String>,
    /// Status of the upstream's response.
    #[cfg_attr(feature = "schema", schema(required))]
    pub response_status: Option<u16>,
}

impl From<EarlierAttempt> for Earlier {
    fn from(attempt: EarlierAttempt) -> Self {
        let ruling = attempt.state.last_decision();
        let expired_at = match &attempt.state {
            ActionState::Expired { at } => Some(*at),
            _ => None,
        };
        Self {
            action_id: attempt.action,
            same_request: attempt.is_same,
            status: attempt.state.status(),
            created_at: attempt.held_at,
            decided_at: ruling.map(|ruling| ruling.at).or(expired_at),
            decided_by: ruling.map(|ruling| ruling.by),
            decided_by_name: None,
            note: ruling.and_then(|ruling| ruling.note.clone()),
            response_status: attempt.response_status,
            intent: attempt.intent,
        }
    }
}

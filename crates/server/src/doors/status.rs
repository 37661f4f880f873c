//! `GET /status/{action_id}`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::action::{ActionState, ActionStatus, Revocation};
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_gateway::action::status::{ActionReport, STATUS_WAIT_MAX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::agent::Agent;
use crate::endpoints::StatusWord;
use crate::extract::{ApiPath, ApiQuery};
use crate::kept_answer::KeptAnswerBody;
use crate::openapi::responses::{InvalidParameter, NoAction, NoAgent, Unavailable};
use crate::problem::Problem;
use crate::state::AgentState;

/// How long to wait for a change.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusQuery {
    wait: Option<u64>,
}

/// Where an action stands; each status has the members that are true in it.
#[derive(Serialize, ToSchema)]
#[schema(as = Status)]
pub(crate) struct StatusBody {
    /// Where it stands.
    #[schema(value_type = StatusWord)]
    status: ActionStatus,
    /// The action.
    #[schema(value_type = uuid::Uuid)]
    action_id: ActionId,
    /// When it was held; of a pending one.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    /// When it expires; of a pending or approved one.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// Where to have it executed; of an approved one.
    #[serde(skip_serializing_if = "Option::is_none")]
    execute_url: Option<String>,
    /// When it was decided; of a denied, revoked or expired one.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<Timestamp>,
    /// The human's words to the agent; of an approved, denied or revoked one.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
    /// What happened; of an indeterminate one.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The upstream's answer, while it is kept; of an executed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<KeptAnswerBody>,
}

/// The human's words; null where none were left.
#[derive(Serialize)]
struct Note(Option<String>);

/// Ask where an action stands
///
/// At once, or with `wait` as soon as it changes.
#[utoipa::path(
    get,
    path = "/status/{action_id}",
    operation_id = "getStatus",
    tag = "agent",
    params(
        ("action_id" = uuid::Uuid, Path, description = "The action."),
        ("wait" = Option<u64>, Query, description = "How many seconds to wait for a change.", minimum = 0, maximum = 60),
    ),
    security(("agentKey" = [])),
    responses(
        (status = 200, description = "Where it stands.", body = StatusBody),
        InvalidParameter, NoAgent, NoAction, Unavailable,
    )
)]
pub(super) async fn status(
    State(state): State<AgentState>,
    Agent(caller): Agent,
    ApiPath(action): ApiPath<String>,
    ApiQuery(query): ApiQuery<StatusQuery>,
) -> Result<Json<StatusBody>, Problem> {
    let wait = Duration::from_secs(query.wait.unwrap_or(0));
    if wait > STATUS_WAIT_MAX {
        let message = format!("must be from 0 to {} seconds", STATUS_WAIT_MAX.as_secs());
        return Err(Problem::field("wait", message));
    }
    let action = super::action_id::action_id(&action)?;
    let report = state.gateway.status(&caller, action, wait).await?;
    Ok(Json(StatusBody::from(report)))
}

impl From<ActionReport> for StatusBody {
    fn from(report: ActionReport) -> Self {
        let action = report.action;
        let mut body = Self {
            status: action.state.status(),
            action_id: action.id,
            created_at: None,
            expires_at: None,
            execute_url: None,
            resolved_at: None,
            note: None,
            detail: None,
            result: None,
        };
        match action.state {
            ActionState::Pending { expires_at } => {
                body.created_at = Some(action.created_at);
                body.expires_at = Some(expires_at);
            }
            ActionState::Approved {
                approval,
                expires_at,
            } => {
                body.execute_url = Some(format!("/proxy/execute/{}", action.id));
                body.expires_at = Some(expires_at);
                body.note = Some(Note(approval.note));
            }
            ActionState::Denied(word)
            | ActionState::Revoked(Revocation::Withdrawn(word) | Revocation::Resolved(word)) => {
                body.resolved_at = Some(word.at);
                body.note = Some(Note(word.note));
            }
            ActionState::Expired { at } => body.resolved_at = Some(at),
            ActionState::Executing(_) => {}
            ActionState::Executed { .. } => body.result = report.answer.map(KeptAnswerBody::from),
            ActionState::Indeterminate { detail, .. } => body.detail = Some(detail),
        }
        body
    }
}

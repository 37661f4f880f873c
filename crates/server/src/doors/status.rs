//! `GET /status/{action_id}`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::action::{ActionState, ActionStatus, Revocation};
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_gateway::action::{ActionReport, STATUS_WAIT_MAX};
use gaiterguard_web::extract::{ApiPath, ApiQuery};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{AgentUnavailable, InvalidParameter, NoAction, NoAgent};
use gaiterguard_web::stored_response::StoredResponseBody;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::agent::Agent;
use crate::state::AgentState;

/// Query parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusQuery {
    wait: Option<u64>,
}

/// Status of an action. Contains only the members that apply to the status.
#[derive(Serialize, ToSchema)]
#[schema(as = Status)]
pub(crate) struct StatusBody {
    /// The status.
    status: ActionStatus,
    /// ID of the action.
    #[schema(value_type = uuid::Uuid)]
    action_id: ActionId,
    /// When the request was held. Set for pending actions.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    /// When the action expires. Set for pending and approved actions.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// Path to execute the action. Set for approved actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    execute_url: Option<String>,
    /// When the action ended. Set for denied, revoked, and expired actions.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<Timestamp>,
    /// The human's note to the agent; null if there is none. Set for approved, denied, and revoked
    /// actions.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
    /// Explanation. Set for indeterminate actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The upstream's response, while it is stored. Set for executed actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<StoredResponseBody>,
}

/// A human's note; null if there is none.
#[derive(Serialize)]
struct Note(Option<String>);

/// Get the status of an action
///
/// Without `wait`, returns immediately. With `wait`, returns when the status changes or the time has
/// passed.
#[utoipa::path(
    get,
    path = "/status/{action_id}",
    operation_id = "getStatus",
    tag = "agent",
    params(
        ("action_id" = uuid::Uuid, Path, description = "ID of the action."),
        ("wait" = Option<u64>, Query, description = "How long to wait for a change, in seconds.", minimum = 0, maximum = 60),
    ),
    security(("agentKey" = [])),
    responses(
        (status = 200, description = "The status.", body = StatusBody),
        InvalidParameter, NoAgent, NoAction, AgentUnavailable,
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
    let mut body = StatusBody::from(report);
    body.execute_url = body.execute_url.map(|url| format!("{}{url}", state.path));
    Ok(Json(body))
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
                ..
            } => {
                body.execute_url = Some(format!("/proxy/execute/{}", action.id));
                body.expires_at = Some(expires_at);
                body.note = Some(Note(approval.note));
            }
            ActionState::Denied(ruling)
            | ActionState::Revoked(Revocation::Withdrawn(ruling) | Revocation::Resolved(ruling)) => {
                body.resolved_at = Some(ruling.at);
                body.note = Some(Note(ruling.note));
            }
            ActionState::Expired { at } => body.resolved_at = Some(at),
            ActionState::Executing(_) => {}
            ActionState::Executed { .. } => {
                body.result = report.response.map(StoredResponseBody::from);
            }
            ActionState::Indeterminate { detail, .. } => body.detail = Some(detail),
        }
        body
    }
}

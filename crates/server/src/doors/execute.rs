//! `POST /proxy/execute/{action_id}`.

use axum::extract::State;
use axum::response::Response;
use gaiterguard_web::extract::ApiPath;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{NoAction, NoAgent, NotExecutable};

use super::agent::Agent;
use super::outcome;
use crate::state::AgentState;

/// Execute an approved action
///
/// Sends the approved request once, unchanged, and returns the upstream's response.
#[utoipa::path(
    post,
    path = "/proxy/execute/{action_id}",
    operation_id = "execute",
    tag = "agent",
    params(("action_id" = uuid::Uuid, Path, description = "ID of the action.")),
    security(("agentKey" = [])),
    responses(
        (status = "2XX", description = "A successful response of the upstream."),
        (status = "default", description = "The upstream's response, whatever its status; \
                                            `X-Proxy-Status` is `executed-approved`."),
        NoAgent, NoAction, NotExecutable,
    )
)]
pub(super) async fn execute(
    State(state): State<AgentState>,
    Agent(caller): Agent,
    ApiPath(action): ApiPath<String>,
) -> Result<Response, Problem> {
    let action = super::action_id::action_id(&action)?;
    let response = state.gateway.execute(caller, action).await?;
    Ok(outcome::upstream_response(response))
}

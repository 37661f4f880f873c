//! The API for agents. A handler translates the request for the engine, and the engine's outcome to
//! a response. Handlers make no decisions.

mod agent;
mod call_headers;
mod envelope;
mod execute;
mod mcp;
mod outcome;
mod passthrough;
mod proposal;
mod proxy;
mod refusal;
mod status;

use gaiterguard_domain::id::ActionId;
use gaiterguard_gateway::refusal::Refusal;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::state::AgentState;

/// Routes that agents call with their key.
pub(crate) fn routes() -> OpenApiRouter<AgentState> {
    OpenApiRouter::default()
        .routes(routes!(proxy::proxy))
        .routes(routes!(proxy::dry_run))
        .routes(routes!(execute::execute))
        .routes(routes!(status::status))
        .routes(routes!(mcp::mcp))
        .merge(passthrough::routes())
}

/// Parses an action id in a path. Text that is not a UUID is treated as an unknown action.
fn action_id(text: &str) -> Result<ActionId, Problem> {
    text.parse()
        .map_err(|_| Problem::from(Refusal::ActionNotFound))
}

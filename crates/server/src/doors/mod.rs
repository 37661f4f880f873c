//! The agent's side: doors that turn what comes in into the engine's request, and the engine's
//! outcome into an answer. No door decides anything.

mod action_id;
mod agent;
mod envelope;
mod execute;
mod mcp;
mod outcome;
mod passthrough;
mod proposal;
mod proxy;
mod refusal;
mod status;
mod terms;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AgentState;

/// Called by agents, with their key.
pub(crate) fn routes() -> OpenApiRouter<AgentState> {
    OpenApiRouter::default()
        .routes(routes!(proxy::proxy))
        .routes(routes!(proxy::dry_run))
        .routes(routes!(execute::execute))
        .routes(routes!(status::status))
        .routes(routes!(mcp::mcp))
        .merge(passthrough::routes())
}

//! The API for agents. A handler translates the request for the engine, and the engine's outcome to
//! a response. Handlers make no decisions.

mod action_id;
mod agent;
mod call_headers;
mod envelope;
mod execute;
mod intercept;
mod manifest;
mod mcp;
mod outcome;
mod own_request;
mod passthrough;
mod proxy;
mod served;
mod status;
mod unmodified;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AgentState;

pub(crate) use intercept::proxy_port;

/// Routes that agents call with their key.
pub(crate) fn routes() -> OpenApiRouter<AgentState> {
    OpenApiRouter::default()
        .routes(routes!(proxy::proxy))
        .routes(routes!(proxy::dry_run))
        .routes(routes!(execute::execute))
        .routes(routes!(status::status))
        .routes(routes!(mcp::mcp, mcp::decisions))
        .merge(passthrough::routes())
}

//! Every route, on one page, grouped by who calls it.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::engine::Engine;
use crate::settings::Settings;
use crate::state::AgentState;
use crate::{doors, endpoints};

/// The routers of the ports: of `PORT` first and, if the dashboard has a port of its own, of that
/// one. The dashboard is on one of them alone, so that the networks of agents never reach the
/// approvals.
pub(crate) fn by_port(engine: &Engine, settings: &Settings) -> Vec<Router> {
    let agents = agents(AgentState {
        gateway: Arc::clone(&engine.gateway),
        request_body_bytes_max: settings.listen.request_body_bytes_max,
    });
    if settings.listen.dashboard_port.is_some() {
        vec![agents.merge(machines()), dashboard().merge(machines())]
    } else {
        vec![agents.merge(dashboard()).merge(machines())]
    }
}

/// Called by agents, with their key.
fn agents(state: AgentState) -> Router {
    Router::new()
        .route("/proxy", post(doors::proxy))
        .route("/proxy/dry-run", post(doors::dry_run))
        .route("/proxy/execute/{action_id}", post(doors::execute))
        .route("/status/{action_id}", get(doors::status))
        .with_state(state)
}

/// Called by the dashboard, with a human's token.
fn dashboard() -> Router {
    Router::new()
}

/// Called by whatever watches the gateway, without a token, on every port.
fn machines() -> Router {
    Router::new().route("/health", get(endpoints::health::health))
}

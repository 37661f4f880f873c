//! Every route, on one page, grouped by who calls it.

use axum::Router;
use axum::routing::get;

use crate::endpoints;

/// The routers of the ports: of `PORT` first and, if the dashboard has a port of its own, of that
/// one. The dashboard is on one of them alone, so that the networks of agents never reach the
/// approvals.
pub(crate) fn by_port(has_dashboard_port: bool) -> Vec<Router> {
    if has_dashboard_port {
        vec![agents().merge(machines()), dashboard().merge(machines())]
    } else {
        vec![agents().merge(dashboard()).merge(machines())]
    }
}

/// Called by agents, with their key.
fn agents() -> Router {
    Router::new()
}

/// Called by the dashboard, with a human's token.
fn dashboard() -> Router {
    Router::new()
}

/// Called by whatever watches the gateway, without a token, on every port.
fn machines() -> Router {
    Router::new().route("/health", get(endpoints::health::health))
}

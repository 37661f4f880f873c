//! Every route, on one page, grouped by who calls it.

use axum::Router;
use axum::routing::get;

use crate::endpoints;
use crate::settings::ListenSettings;

/// The router of each port. With a port of its own, the dashboard is nowhere else, so that the
/// networks of agents never reach the approvals.
pub(crate) fn by_port(settings: &ListenSettings) -> Vec<(u16, Router)> {
    match settings.dashboard_port {
        None => vec![(settings.port, agents().merge(dashboard()).merge(machines()))],
        Some(dashboard_port) => vec![
            (settings.port, agents().merge(machines())),
            (dashboard_port, dashboard().merge(machines())),
        ],
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

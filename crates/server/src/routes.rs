//! Every route, grouped by who calls it.

use std::sync::{Arc, LazyLock};

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use bytes::Bytes;
use utoipa::openapi::OpenApi;

use crate::endpoints::{DashboardState, DocumentSource};
use crate::middleware::{KnownHosts, demand_known_host};
use crate::state::AgentState;
use crate::{doors, endpoints, openapi};

/// The routers of the ports: of `PORT` first and, if the dashboard has a port of its own, of that
/// one. The dashboard is on one of them alone, so that the networks of agents never reach the
/// approvals. The dashboard alone asks under which name it is called: machines that probe a gateway
/// and agents use names that no setting lists.
pub(crate) fn by_port(
    has_dashboard_port: bool,
    agents_state: AgentState,
    dashboard_state: DashboardState,
    known_hosts: KnownHosts,
) -> Vec<Router> {
    let machines = Router::from(endpoints::machines())
        .with_state(Arc::clone(&agents_state.gateway))
        .layer(Extension(DocumentSource(document)));
    let agents = Router::from(doors::routes()).with_state(agents_state);
    let signed_in = Router::from(endpoints::signed_in()).layer(from_fn_with_state(
        dashboard_state.clone(),
        endpoints::end_with_session,
    ));
    let dashboard = Router::from(endpoints::signing_in())
        .merge(signed_in)
        .merge(endpoints::pages())
        .with_state(dashboard_state)
        .route_layer(from_fn_with_state(Arc::new(known_hosts), demand_known_host));
    if has_dashboard_port {
        vec![agents.merge(machines.clone()), dashboard.merge(machines)]
    } else {
        vec![agents.merge(dashboard).merge(machines)]
    }
}

/// Returns the OpenAPI document as it is served and kept.
pub(crate) fn document() -> Bytes {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi::to_json(described()).into());
    DOCUMENT.clone()
}

/// Returns the descriptions of all handlers.
fn described() -> OpenApi {
    let mut described = doors::routes().into_openapi();
    described.merge(endpoints::signing_in().into_openapi());
    described.merge(endpoints::signed_in().into_openapi());
    described.merge(endpoints::machines().into_openapi());
    described
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_kept_document_is_the_one_that_is_served() {
        let kept = include_str!("../openapi.json");
        assert!(
            kept == super::document(),
            "crates/server/openapi.json is not current: run `make openapi`"
        );
    }
}

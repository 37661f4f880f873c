//! State of the routes for agents.

use std::sync::Arc;

use axum::extract::FromRef;
use gaiterguard_gateway::Gateway;
use gaiterguard_listener::Lifecycle;
use gaiterguard_settings::CorsOrigins;

/// Shared by all routes; a clone is another handle.
#[derive(Clone)]
pub(crate) struct AgentState {
    /// The engine.
    pub(crate) gateway: Arc<Gateway>,
    /// Maximum length of a request body, in bytes.
    pub(crate) request_body_bytes_max: usize,
    /// `PUBLIC_URL`, without a trailing slash, if it is set.
    pub(crate) public_url: Option<Arc<str>>,
    /// Where people open the dashboard, without a trailing slash: `None` without `PUBLIC_URL` on a gateway that
    /// listens beyond this machine, where it is not known.
    pub(crate) dashboard_url: Option<Arc<str>>,
    /// The path of `PUBLIC_URL`, without a trailing slash; empty for the root.
    pub(crate) path: Arc<str>,
    /// Other origins whose pages may use the routes that check the origin.
    pub(crate) cors_origins: Arc<CorsOrigins>,
    /// Ends streams when the gateway stops.
    pub(crate) lifecycle: Lifecycle,
}

impl FromRef<AgentState> for Arc<Gateway> {
    fn from_ref(state: &AgentState) -> Self {
        Self::clone(&state.gateway)
    }
}

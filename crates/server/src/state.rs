//! What the agents' doors work with.

use std::sync::Arc;

use axum::extract::FromRef;
use gaiterguard_gateway::Gateway;

use crate::settings::CorsOrigins;

/// Shared by all of them; a clone is another handle.
#[derive(Clone)]
pub(crate) struct AgentState {
    /// The engine.
    pub(crate) gateway: Arc<Gateway>,
    /// How long the body of a call may be.
    pub(crate) request_body_bytes_max: usize,
    /// Whose pages in browsers may call doors that have to care.
    pub(crate) cors_origins: Arc<CorsOrigins>,
}

impl FromRef<AgentState> for Arc<Gateway> {
    fn from_ref(state: &AgentState) -> Self {
        Self::clone(&state.gateway)
    }
}

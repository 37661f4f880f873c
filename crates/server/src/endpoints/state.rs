//! What the dashboard's endpoints work with.

use std::sync::Arc;

use axum::extract::FromRef;
use gaiterguard_definitions::desk::Desk;
use gaiterguard_domain::time::Clock;
use gaiterguard_gateway::Gateway;
use gaiterguard_identity::Identity;

use super::auth::origin::PublicOrigin;
use super::configured::Configured;
use crate::lifecycle::Lifecycle;
use crate::settings::CorsOrigins;

/// Shared by all of them; a clone is another handle.
#[derive(Clone)]
pub(crate) struct DashboardState {
    /// The engine.
    pub(crate) gateway: Arc<Gateway>,
    /// Where definitions are changed.
    pub(crate) desk: Desk,
    /// Users and their sessions.
    pub(crate) identity: Arc<Identity>,
    /// Where browsers find this gateway.
    pub(crate) public_origin: Arc<PublicOrigin>,
    /// Whose other pages may use the dashboard's API.
    pub(crate) cors_origins: Arc<CorsOrigins>,
    /// What may be shown of the settings.
    pub(crate) configured: Arc<Configured>,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// The process's running and stopping.
    pub(crate) lifecycle: Lifecycle,
}

macro_rules! parts {
    ($($field:ident: $kind:ty),+ $(,)?) => {$(
        impl FromRef<DashboardState> for $kind {
            fn from_ref(state: &DashboardState) -> Self {
                state.$field.clone()
            }
        }
    )+};
}

parts! {
    gateway: Arc<Gateway>,
    desk: Desk,
    identity: Arc<Identity>,
    public_origin: Arc<PublicOrigin>,
    cors_origins: Arc<CorsOrigins>,
    configured: Arc<Configured>,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
}

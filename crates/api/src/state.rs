//! State of the dashboard's endpoints.

use std::sync::Arc;

use axum::extract::FromRef;
use gaiterguard_chat::Chats;
use gaiterguard_definitions::definition_store::DefinitionStore;
use gaiterguard_domain::time::Clock;
use gaiterguard_evidence::Checkpoints;
use gaiterguard_familiarity::Familiarity;
use gaiterguard_gateway::Gateway;
use gaiterguard_identity::Identity;
use gaiterguard_listener::Lifecycle;
use gaiterguard_notify::Notifications;
use gaiterguard_settings::CorsOrigins;

use super::auth::origin::PublicOrigin;
use super::configured::Configured;
use super::single_sign_on::ConfiguredSingleSignOn;

/// `PUBLIC_URL` without a trailing slash, if it is set.
#[derive(Clone)]
pub struct GivenPublicUrl(pub Option<Arc<str>>);

/// Shared by all endpoints; a clone is another handle.
#[derive(Clone)]
pub struct DashboardState {
    /// The engine.
    pub gateway: Arc<Gateway>,
    /// Access to definitions.
    pub definition_store: DefinitionStore,
    /// Comparisons with earlier requests.
    pub familiarity: Familiarity,
    /// Decisions in chats, and linked accounts.
    pub chats: Arc<Chats>,
    /// Notification channels.
    pub notifications: Arc<Notifications>,
    /// Signed checkpoints of the audit log.
    pub checkpoints: Checkpoints,
    /// Users and sessions.
    pub identity: Arc<Identity>,
    /// Single sign-on, if it is configured.
    pub single_sign_on: ConfiguredSingleSignOn,
    /// Public origin of this gateway.
    pub public_origin: Arc<PublicOrigin>,
    /// The URL of this gateway, if an operator set it.
    pub given_public_url: GivenPublicUrl,
    /// Other origins whose pages may use the dashboard's API.
    pub cors_origins: Arc<CorsOrigins>,
    /// Settings that may be shown.
    pub configured: Arc<Configured>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Start and shutdown of the process.
    pub lifecycle: Lifecycle,
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
    definition_store: DefinitionStore,
    familiarity: Familiarity,
    chats: Arc<Chats>,
    notifications: Arc<Notifications>,
    checkpoints: Checkpoints,
    identity: Arc<Identity>,
    public_origin: Arc<PublicOrigin>,
    single_sign_on: ConfiguredSingleSignOn,
    given_public_url: GivenPublicUrl,
    cors_origins: Arc<CorsOrigins>,
    configured: Arc<Configured>,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
}

//! The API for humans and for monitoring, one file per resource.

mod agent;
mod approval;
mod audit;
mod auth;
mod authorization;
mod ca_certificate;
mod caller;
mod channel;
mod chat;
mod configured;
mod document;
mod editing;
mod events;
pub mod health;
mod inbox;
mod kill_switch;
mod list;
mod member;
mod metrics;
mod openapi;
mod overview;
mod people;
mod push_device;
mod ready;
mod recorded;
mod request;
mod rule;
mod service;
mod session_end;
mod settings;
mod single_sign_on;
mod state;
mod test_call;

use std::sync::Arc;

use gaiterguard_gateway::Gateway;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use approval::{MatchedRuleBody, OperationBody, SignalBody};
pub use auth::origin::PublicOrigin;
pub use ca_certificate::{CaCertificate, Certificates};
pub use configured::Configured;
pub use list::each;
pub use openapi::DocumentSource;
pub use session_end::end_with_session;
pub use single_sign_on::{ConfiguredSingleSignOn, SingleSignOn};
pub use state::{DashboardState, GivenPublicUrl};

/// Routes that start and end a session, and those of chats, whose requests are signed.
pub fn signing_in() -> OpenApiRouter<DashboardState> {
    auth::routes().merge(chat::routes())
}

/// Routes that require a user's access token.
pub fn signed_in() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::default()
        .merge(approval::routes())
        .merge(agent::routes())
        .merge(service::routes())
        .merge(authorization::routes())
        .merge(document::routes())
        .merge(test_call::routes())
        .merge(rule::routes())
        .merge(kill_switch::routes())
        .merge(request::routes())
        .merge(audit::routes())
        .merge(channel::routes())
        .merge(push_device::routes())
        .merge(inbox::routes())
        .merge(overview::routes())
        .merge(settings::routes())
        .merge(events::routes())
        .merge(member::routes())
}

/// Routes for monitoring, without authentication.
pub fn machines() -> OpenApiRouter<Arc<Gateway>> {
    OpenApiRouter::default()
        .routes(routes!(health::health))
        .routes(routes!(ready::ready))
        .routes(routes!(metrics::metrics))
        .routes(routes!(openapi::openapi))
        .routes(routes!(ca_certificate::ca_certificate))
}

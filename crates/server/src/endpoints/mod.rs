//! The endpoints, one file for each noun: the human's side of the API, and what whoever watches the
//! gateway may ask.

mod agent;
mod approval;
mod audit;
mod auth;
mod caller;
mod configured;
mod document;
mod editing;
mod events;
mod fields;
pub(crate) mod health;
mod kill_switch;
mod list;
mod metrics;
mod openapi;
mod overview;
mod page;
mod ready;
mod refused;
mod request;
mod rule;
mod service;
mod session_end;
mod settings;
mod state;
mod test_call;
mod words;

use std::sync::Arc;

use axum::Router;
use gaiterguard_gateway::Gateway;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use approval::{MatchedRuleBody, OperationBody, SignalBody};
pub(crate) use auth::origin::PublicOrigin;
pub(crate) use configured::Configured;
pub(crate) use list::each;
pub(crate) use openapi::DocumentSource;
pub(crate) use page::unknown_host_page;
pub(crate) use session_end::end_with_session;
pub(crate) use state::DashboardState;
pub(crate) use words::StatusWord;

use crate::openapi::with_session;

/// Called by the dashboard to begin a session, and to end one.
pub(crate) fn signing_in() -> OpenApiRouter<DashboardState> {
    auth::routes()
}

/// Called by the dashboard with a human's token.
pub(crate) fn signed_in() -> OpenApiRouter<DashboardState> {
    let signed_in = OpenApiRouter::default()
        .merge(approval::routes())
        .merge(agent::routes())
        .merge(service::routes())
        .merge(document::routes())
        .merge(test_call::routes())
        .merge(rule::routes())
        .merge(kill_switch::routes())
        .merge(request::routes())
        .merge(audit::routes())
        .merge(overview::routes())
        .merge(settings::routes())
        .merge(events::routes());
    with_session(signed_in)
}

/// Opened by humans in their browsers.
pub(crate) fn pages() -> Router<DashboardState> {
    page::routes()
}

/// Called by whatever watches the gateway, without a token.
pub(crate) fn machines() -> OpenApiRouter<Arc<Gateway>> {
    OpenApiRouter::default()
        .routes(routes!(health::health))
        .routes(routes!(ready::ready))
        .routes(routes!(metrics::metrics))
        .routes(routes!(openapi::openapi))
}

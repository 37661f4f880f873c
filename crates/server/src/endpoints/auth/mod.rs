//! Users and their sessions.

mod cookie;
mod login;
mod logout;
mod me;
pub(super) mod origin;
mod refresh;
mod register;
mod shown_token;
mod user;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(me::me))
}

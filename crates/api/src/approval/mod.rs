//! Reviewing and deciding held requests.

pub(crate) mod action;
mod decide;
mod decisions;
mod digest;
mod step_up;
mod view;
mod votes;

use gaiterguard_domain::workspace::Permission;
use gaiterguard_web::session::with_session;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;

pub use action::{MatchedRuleBody, OperationBody, SignalBody};

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .merge(with_session(
            Permission::Read,
            OpenApiRouter::new()
                .routes(routes!(view::pending))
                .routes(routes!(view::list))
                .routes(routes!(view::get)),
        ))
        .merge(with_session(
            Permission::Decide,
            OpenApiRouter::new()
                .routes(routes!(decisions::decide_several))
                .routes(routes!(decide::approve))
                .routes(routes!(step_up::begin))
                .routes(routes!(decide::deny))
                .routes(routes!(votes::withdraw))
                .routes(routes!(decide::revoke))
                .routes(routes!(decide::resolve)),
        ))
}

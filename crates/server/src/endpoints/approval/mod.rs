//! Reviewing and deciding held requests.

pub(crate) mod action;
mod decide;
mod look;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;

pub(crate) use action::{MatchedRuleBody, OperationBody, SignalBody};

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .routes(routes!(look::pending))
        .routes(routes!(look::list))
        .routes(routes!(look::get))
        .routes(routes!(decide::approve))
        .routes(routes!(decide::deny))
        .routes(routes!(decide::revoke))
        .routes(routes!(decide::resolve))
}

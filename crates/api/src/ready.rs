//! `GET /ready`: readiness check.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_gateway::Gateway;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::Unavailable;
use serde::Serialize;
use utoipa::ToSchema;

/// Response of a gateway that is ready.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    #[schema(value_type = String, example = "ready")]
    status: &'static str,
    #[schema(value_type = String, example = "connected")]
    database: &'static str,
}

/// Readiness check
///
/// Returns 200 if the gateway can reach its database and handle requests.
#[utoipa::path(
    get,
    path = "/ready",
    operation_id = "getReady",
    tag = "monitoring",
    responses((status = 200, description = "The gateway is ready.", body = Ready), Unavailable)
)]
pub(crate) async fn ready(State(gateway): State<Arc<Gateway>>) -> Result<Json<Ready>, Problem> {
    gateway.ready().await?;
    Ok(Json(Ready {
        status: "ready",
        database: "connected",
    }))
}

//! `GET /health`: liveness check.

use axum::Json;
use serde::Serialize;

/// Response of a live process.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// Liveness check
///
/// Returns 200 while the process is running, without checking anything else. To check whether the
/// gateway can handle requests, use `/ready`.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "getHealth",
    tag = "monitoring",
    responses((status = 200, description = "The process is running.", body = Health))
)]
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

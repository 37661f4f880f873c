//! `GET /health`: whether the process is there at all.

use axum::Json;
use serde::Serialize;

/// The answer of a process that runs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// Whether the process is there at all
///
/// Answers without looking at anything else; `/ready` says whether work can be done.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "getHealth",
    tag = "watching",
    responses((status = 200, description = "It is there.", body = Health))
)]
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

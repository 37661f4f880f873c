//! `GET /metrics`: metrics for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gaiterguard_gateway::Gateway;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

const OPENMETRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Prometheus metrics
///
/// Returns counts and durations since this process started, in the `OpenMetrics` text format.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "getMetrics",
    tag = "monitoring",
    responses((
        status = 200,
        description = "Metrics in the OpenMetrics text format.",
        body = String,
        content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ))
)]
pub(crate) async fn metrics(State(gateway): State<Arc<Gateway>>) -> Response {
    ([(CONTENT_TYPE, OPENMETRICS)], gateway.metrics().to_text()).into_response()
}

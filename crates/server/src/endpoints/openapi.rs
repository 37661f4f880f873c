//! `GET /openapi.json`: serves the OpenAPI document.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::openapi;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi::to_json().into());

/// Get the OpenAPI document
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenapi",
    tag = "monitoring",
    responses((
        status = 200,
        description = "The OpenAPI document.",
        body = HashMap<String, serde_json::Value>,
        content_type = "application/json",
    ))
)]
pub(crate) async fn openapi() -> Response {
    ([(CONTENT_TYPE, JSON)], DOCUMENT.clone()).into_response()
}

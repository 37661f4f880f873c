//! `GET /openapi.json`: serves the OpenAPI document.

use axum::Extension;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The function that returns the OpenAPI document. The routes pass it in, because the document
/// describes this endpoint too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DocumentSource(pub(crate) fn() -> Bytes);

/// Get the OpenAPI document
///
/// The document that describes this API.
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
pub(crate) async fn openapi(Extension(document): Extension<DocumentSource>) -> Response {
    ([(CONTENT_TYPE, JSON)], document.0()).into_response()
}

//! `GET /openapi.json`: serves the OpenAPI document.

use std::sync::{Arc, LazyLock};

use axum::Extension;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The OpenAPI document, written when it is first read. The routes pass it in, because the document
/// describes this endpoint too.
#[derive(Clone)]
pub struct DocumentSource(Arc<LazyLock<Bytes, Box<dyn FnOnce() -> Bytes + Send>>>);

impl DocumentSource {
    /// Creates the source of the document that `write` returns.
    pub fn new(write: impl FnOnce() -> Bytes + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(write))))
    }
}

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
    ([(CONTENT_TYPE, JSON)], Bytes::clone(&document.0)).into_response()
}

//! `GET /ca.pem`: the certificate that clients of the proxy port must trust.

use std::sync::Arc;

use axum::Extension;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::problem::{Problem, ProblemBody};

const PEM: HeaderValue = HeaderValue::from_static("application/x-pem-file");

/// The certificate of the authority, in PEM; `None` without a proxy port.
pub(crate) type CaCertificate = Option<Arc<str>>;

/// Get the CA certificate
///
/// Returns the certificate of the authority that clients of the proxy port (`INTERCEPT_PORT`) must trust.
#[utoipa::path(
    get,
    path = "/ca.pem",
    operation_id = "getCaCertificate",
    tag = "monitoring",
    responses(
        (status = 200, description = "The certificate, in PEM.", body = String, content_type = "application/x-pem-file"),
        (status = 404, description = "The gateway has no proxy port.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ca_certificate(
    Extension(pem): Extension<CaCertificate>,
) -> Result<Response, Problem> {
    let no_proxy =
        || Problem::not_found("this gateway has no proxy port: INTERCEPT_PORT is not set");
    let pem = pem.ok_or_else(no_proxy)?;
    Ok(([(CONTENT_TYPE, PEM)], pem.to_string()).into_response())
}

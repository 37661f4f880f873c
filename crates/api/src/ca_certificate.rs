//! `GET /ca.pem`: the certificate that clients of the proxy port must trust.

use std::sync::Arc;

use axum::Extension;
use axum::response::{IntoResponse, Response};
use gaiterguard_web::problem::{Problem, ProblemBody};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};

const PEM: HeaderValue = HeaderValue::from_static("application/x-pem-file");

const X_INTERCEPT_PORT: HeaderName = HeaderName::from_static("x-intercept-port");

/// Returns the certificates of the authorities, in PEM.
pub type Certificates = Arc<dyn Fn() -> String + Send + Sync>;

/// The certificates of the authorities, and the proxy port; `None` without a proxy port.
pub type CaCertificate = Option<(Certificates, u16)>;

/// Get the CA certificate
///
/// Returns the certificate of the authority that clients of the proxy port (`INTERCEPT_PORT`) must trust. While the
/// authority is rotated, there are two.
#[utoipa::path(
    get,
    path = "/ca.pem",
    operation_id = "getCaCertificate",
    tag = "monitoring",
    responses(
        (status = 200, description = "The certificate, in PEM.", body = String, content_type = "application/x-pem-file",
            headers(("X-Intercept-Port" = u16, description = "The number of the proxy port."))),
        (status = 404, description = "The gateway has no proxy port.", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ca_certificate(
    Extension(pem): Extension<CaCertificate>,
) -> Result<Response, Problem> {
    let no_proxy =
        || Problem::not_found("this gateway has no proxy port: INTERCEPT_PORT is not set");
    let (pem, port) = pem.ok_or_else(no_proxy)?;
    let headers = [(CONTENT_TYPE, PEM), (X_INTERCEPT_PORT, port.into())];
    Ok((headers, pem()).into_response())
}

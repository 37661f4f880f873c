//! One line for each answered request. It never holds a header's value or a query.

use axum::response::Response;
use http::Method;

use super::request_context::RequestContext;
use super::route_class::is_passthrough_path;
use crate::problem::NoRoute;

/// Logs an answer. Failures of the gateway are warnings, all else is information.
pub(super) fn log(context: &RequestContext, method: &Method, path: &str, response: &Response) {
    let status = response.status().as_u16();
    let route = route(path, response);
    let milliseconds = context.received_at.elapsed().as_secs_f64() * 1000.0;
    let request_id = context.id;
    if response.status().is_server_error() {
        tracing::warn!(
            request.id = %request_id,
            duration_ms = milliseconds,
            "{method} {route} {status}"
        );
    } else {
        tracing::info!(
            request.id = %request_id,
            duration_ms = milliseconds,
            "{method} {route} {status}"
        );
    }
}

/// What may be shown of a path: all of it where a route took it, because our own routes hold ids
/// and nothing secret; only the service where the rest is an upstream's; nothing where no route
/// took it.
fn route<'a>(path: &'a str, response: &Response) -> std::borrow::Cow<'a, str> {
    if response.extensions().get::<NoRoute>().is_some() {
        return "(no route)".into();
    }
    if is_passthrough_path(path) {
        let service = path.split('/').nth(2).unwrap_or_default();
        return format!("/s/{service}/…").into();
    }
    path.into()
}

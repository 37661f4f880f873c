//! One log line per request. It never contains a header value or a query.

use std::fmt;

use axum::response::Response;
use gaiterguard_domain::redact;
use gaiterguard_web::problem::NoRoute;
use gaiterguard_web::request_context::RequestContext;
use http::Method;

use super::route_class::is_passthrough_path;
use super::security_headers::FromUpstream;

/// Logs a response: a failure of the gateway as a warning, everything else as information.
pub(super) fn log(
    context: &RequestContext,
    method: &Method,
    path: &str,
    proxied_host: Option<&str>,
    response: &Response,
) {
    let status = response.status().as_u16();
    let route = Route {
        path,
        proxied_host,
        response,
    };
    let duration_us = context.received_at.elapsed().as_micros();
    let request_id = context.id;
    let is_failure = response.status().is_server_error()
        && response.extensions().get::<FromUpstream>().is_none();
    if is_failure {
        tracing::warn!(
            request.id = %request_id,
            duration_us = %duration_us,
            "{method} {route} {status}"
        );
    } else {
        tracing::info!(
            request.id = %request_id,
            duration_us = %duration_us,
            "{method} {route} {status}"
        );
    }
}

/// The part of a path that may be logged. A path with a route is logged in full, because
/// the gateway's own routes contain ids and no secrets, unless an agent puts its key there; below
/// `/s/`, only the service, because the rest is the upstream's, and at the proxy port only the host;
/// without a route, nothing.
struct Route<'a> {
    path: &'a str,
    proxied_host: Option<&'a str>,
    response: &'a Response,
}

impl fmt::Display for Route<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = self.proxied_host {
            write!(formatter, "{}/…", redact::agent_keys(host))
        } else if self.response.extensions().get::<NoRoute>().is_some() {
            formatter.write_str("(no route)")
        } else if is_passthrough_path(self.path) {
            let service = self.path.split('/').nth(2).unwrap_or_default();
            write!(formatter, "/s/{}/…", redact::agent_keys(service))
        } else {
            formatter.write_str(&redact::agent_keys(self.path))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::response::IntoResponse;

    use super::*;

    #[tokio::test]
    async fn only_what_is_ours_of_a_path_is_shown() {
        let response = Response::new(Body::empty());
        let unknown = gaiterguard_web::problem::no_such_path()
            .await
            .into_response();
        let spelled = format!("/s/%61gt_{}/x", "0a".repeat(32));
        let host = Some("api.example.com:443");
        for (path, proxied_host, response, shown) in [
            ("/agents/7", None, &response, "/agents/7"),
            ("/s/stripe/v1/charges", None, &response, "/s/stripe/…"),
            ("/agt_secret", None, &unknown, "(no route)"),
            (&spelled, None, &response, "/s/•••/…"),
            ("/v1/secret", host, &response, "api.example.com:443/…"),
        ] {
            let route = Route {
                path,
                proxied_host,
                response,
            };
            assert_eq!(route.to_string(), shown);
        }
    }
}

//! The outermost layer, which every request and every response passes.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use gaiterguard_domain::header;
use gaiterguard_domain::id::RequestId;
use gaiterguard_listener::{Handler, HeadError, RequestBody};
use gaiterguard_settings::{CorsOrigins, CrossOrigin};
use gaiterguard_web::grpc::GrpcStatus;
use gaiterguard_web::problem::{Problem, adapt_to_unmodified_client};
use gaiterguard_web::request_context::{RequestContext, id_value, new_id};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, Version};
use http_body::Body as _;
use tower::Service;

use super::access_log;
use super::host::stated_host;
use super::route_class::{is_agent_path, is_for_pages, is_passthrough_path};
use super::security_headers::{self, FromUpstream};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const X_PROXY_STATUS: HeaderName = HeaderName::from_static("x-proxy-status");

/// A router with this layer; what a listener serves.
#[derive(Debug, Clone)]
pub(crate) struct Boundary {
    router: Router,
    cors_origins: Arc<CorsOrigins>,
    /// The path of the gateway's URL, without a slash at its end.
    path: Arc<str>,
    /// Whether requests are for other hosts, so that every path is an upstream's.
    is_proxy: bool,
}

impl Boundary {
    /// Adds the layer to `router`, and problems for unknown paths and methods.
    pub(crate) fn new(router: Router, cors_origins: Arc<CorsOrigins>, path: Arc<str>) -> Self {
        let router = router
            .fallback(gaiterguard_web::problem::no_such_path)
            .method_not_allowed_fallback(gaiterguard_web::problem::no_such_method);
        Self {
            router,
            cors_origins,
            path,
            is_proxy: false,
        }
    }

    /// Adds the layer to a router of requests that are for other hosts.
    pub(crate) fn of_proxy(router: Router, cors_origins: Arc<CorsOrigins>) -> Self {
        Self {
            router,
            cors_origins,
            path: "".into(),
            is_proxy: true,
        }
    }

    /// Handles a request. It never fails: errors become responses too.
    pub(super) async fn respond(&self, mut request: Request<Body>, peer: SocketAddr) -> Response {
        let context = RequestContext {
            id: new_id(),
            peer,
            received_at: Instant::now(),
        };
        request.extensions_mut().insert(context);
        remove_path(&mut request, &self.path);
        let uri = request.uri().clone();
        let method = request.method().clone();
        let path = uri.path();
        let speaks_grpc = self.is_proxy
            && request.version() == Version::HTTP_2
            && header::is_grpc(request.headers());
        let cross_origin = CrossOrigin::of(&request).filter(|_| !self.is_proxy);
        let is_passthrough = self.is_proxy || is_passthrough_path(path);
        let proxied_host = self
            .is_proxy
            .then(|| stated_host(&request).unwrap_or_default().to_owned());

        let mut response = if is_preflight(cross_origin.as_ref(), path) {
            StatusCode::NO_CONTENT.into_response()
        } else {
            self.route(request, context.id).await
        };

        let from_upstream = response.extensions().get::<FromUpstream>().is_some();
        let grpc_status = (speaks_grpc && !from_upstream).then(|| GrpcStatus::of(&response));
        if is_passthrough {
            adapt_to_unmodified_client(&mut response);
        }
        let is_error = response.status().is_client_error() || response.status().is_server_error();
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id_value(context.id));
        if from_upstream || is_event_stream(headers) {
            forbid_buffering(headers);
        }
        if !from_upstream {
            security_headers::add(headers);
        } else if is_passthrough && !self.is_proxy {
            security_headers::sandbox(headers);
        }
        if self.is_proxy || is_agent_path(path) {
            headers.entry(X_PROXY_STATUS).or_insert_with(|| {
                HeaderValue::from_static(if is_error { "refused" } else { "gateway" })
            });
        }
        if let Some(cross_origin) = &cross_origin
            && is_for_pages(path)
        {
            cross_origin.allow(&self.cors_origins, headers);
        }
        let proxied_host = proxied_host.as_deref();
        access_log::log(&context, &method, path, proxied_host, &response);
        if let Some(status) = grpc_status {
            status.replace(&mut response);
        }
        response
    }

    /// Responds to a request whose head was refused.
    pub(super) fn refusal(error: HeadError) -> Response {
        let request_id = new_id();
        let mut response = Problem::from(error).into_response();
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id_value(request_id));
        security_headers::add(headers);
        // It is unknown whether the request was for an agent route, and on other routes the header
        // is harmless.
        headers.insert(X_PROXY_STATUS, HeaderValue::from_static("refused"));
        tracing::info!(
            request.id = %request_id,
            "(unreadable request) {}: {error}",
            response.status().as_u16()
        );
        response
    }

    async fn route(&self, request: Request<Body>, id: RequestId) -> Response {
        // Unwinding is safe here: a handler that panics loses only the state of its own request,
        // and shared state is behind locks and atomic swaps that are never left half updated.
        let handling = AssertUnwindSafe(self.router.clone().call(request)).catch_unwind();
        match handling.await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => {
                tracing::error!(request.id = %id, "a handler panicked during request {id}");
                Problem::internal().into_response()
            }
        }
    }
}

impl Handler for Boundary {
    type Body = Body;

    async fn handle(&self, request: Request<RequestBody>, peer: SocketAddr) -> Response {
        let request = request.map(|body| {
            if body.is_end_stream() {
                Body::empty()
            } else {
                Body::new(body)
            }
        });
        self.respond(request, peer).await
    }

    fn refuse(&self, error: HeadError) -> Response {
        Self::refusal(error)
    }
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// Asks reverse proxies to pass a response of unknown length on as it arrives: nginx collects responses by default,
/// and events or lines of JSON that arrive minutes late are useless.
fn forbid_buffering(headers: &mut HeaderMap) {
    if !headers.contains_key(CONTENT_LENGTH) {
        headers
            .entry(X_ACCEL_BUFFERING)
            .or_insert(HeaderValue::from_static("no"));
    }
}

/// Removes the path of the gateway's URL from the beginning of a request's path. Some reverse proxies have removed
/// it already.
fn remove_path(request: &mut Request<Body>, path: &str) {
    let Some(sent) = request.uri().path_and_query() else {
        return;
    };
    let rest = match sent.as_str().strip_prefix(path) {
        Some(rest) if !path.is_empty() && rest.starts_with('/') => rest,
        Some(rest) if !path.is_empty() && (rest.is_empty() || rest.starts_with('?')) => {
            &format!("/{rest}")
        }
        _ => return,
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = rest.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}

/// Below `/s/`, the OPTIONS method belongs to the upstream, and a preflight request fails there
/// because it has no key.
fn is_preflight(cross_origin: Option<&CrossOrigin>, path: &str) -> bool {
    cross_origin.is_some_and(|cross_origin| cross_origin.is_preflight) && !is_passthrough_path(path)
}

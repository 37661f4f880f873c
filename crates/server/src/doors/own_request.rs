//! A request that a client sends as it would send it to the upstream, rather than in an envelope.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::header::{self, HeaderCount};
use gaiterguard_domain::id::RequestId;
use gaiterguard_domain::request::{Destination, Label, METHODS, ProxyRequest, is_forwardable};
use gaiterguard_gateway::response::Outcome;
use gaiterguard_intake::preferred_wait;
use gaiterguard_problem::Code;
use gaiterguard_web::extract::arriving_body;
use gaiterguard_web::problem::Problem;
use http::header::{ALLOW, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use http_body::Body as _;
use hyper::upgrade::OnUpgrade;

use super::{call_headers, outcome};
use crate::state::AgentState;

/// The upstream's `Content-Length` of a response to HEAD.
const X_UPSTREAM_CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-upstream-content-length");

/// A client's request, with its agent and its destination.
pub(super) struct OwnRequest {
    pub(super) caller: AgentCaller,
    pub(super) destination: Destination,
    /// The label that the client's user chose.
    pub(super) label: Option<Label>,
    /// How long the call stays open if it is held, unless its headers say otherwise.
    pub(super) wait: Option<Duration>,
    pub(super) parts: Parts,
    pub(super) body: Body,
}

/// The outcome of a client's request.
pub(super) struct Submitted {
    pub(super) outcome: Outcome,
    /// The client's connection, if it asks for another protocol.
    switching: Option<OnUpgrade>,
}

impl OwnRequest {
    /// Passes the request to the engine.
    pub(super) async fn submit(
        self,
        state: &AgentState,
        request_id: RequestId,
    ) -> Result<Submitted, Problem> {
        let Self {
            caller,
            destination,
            label,
            wait,
            mut parts,
            body,
        } = self;
        if !is_forwardable(&parts.method) {
            return Err(other_method());
        }
        check_headers(&parts.headers)?;
        if header::is_grpc(&parts.headers) && parts.version != Version::HTTP_2 {
            return Err(grpc_over_http_1());
        }
        let is_head = parts.method == Method::HEAD;
        let switching = parts.extensions.remove::<OnUpgrade>();
        let asks = parts.method == Method::GET
            && header::ask_for_web_socket(&parts.headers)
            && body.is_end_stream();
        let proposed = ProxyRequest {
            destination,
            method: parts.method,
            web_socket: asks && switching.is_some(),
            intent: call_headers::intent(&parts.headers)?,
            label,
            idempotency_key: call_headers::idempotency_key(&parts.headers, None)?,
            wait: preferred_wait(&parts.headers).or(wait),
            headers: parts.headers,
            body: Bytes::new(),
        };
        let gateway = &state.gateway;
        let mut outcome = if body.is_end_stream() {
            gateway.submit(caller, proposed, request_id).await
        } else {
            let body = arriving_body(body, state.request_body_bytes_max)?;
            // Boxed because the future is large and most requests have no body.
            let submitting = gateway.submit_arriving(caller, proposed, body, request_id);
            Box::pin(submitting).await
        };
        if is_head {
            keep_length(&mut outcome);
        }
        Ok(Submitted { outcome, switching })
    }
}

impl Submitted {
    /// Returns the response. `url` is the URL of the gateway, or its path, for the status of a held request.
    pub(super) fn respond(mut self, state: &AgentState, url: &str) -> Response {
        if let (Some(switching), Some(tunnel)) = (self.switching, self.outcome.take_tunnel()) {
            state.gateway.carry(tunnel, switching);
            return outcome::switched(self.outcome);
        }
        outcome::response(self.outcome, url)
    }
}

/// Gives a response to HEAD the length that the upstream stated.
fn keep_length(outcome: &mut Outcome) {
    if let Outcome::Responded(response) = outcome
        && let Some(length) = response.headers.get(X_UPSTREAM_CONTENT_LENGTH).cloned()
    {
        response.headers.insert(CONTENT_LENGTH, length);
    }
}

fn check_headers(headers: &HeaderMap) -> Result<(), Problem> {
    let mut counted = HeaderCount::default();
    headers
        .iter()
        .try_for_each(|(name, value)| counted.add(name.as_str(), value.as_bytes()))
        .map_err(|error| Problem::field("headers", error.to_string()))
}

/// gRPC ends each call with trailers, and its clients speak HTTP/2.
fn grpc_over_http_1() -> Problem {
    Problem::new(
        Code::UnsupportedMediaType,
        "gRPC needs HTTP/2: send the call through the gateway's proxy port (INTERCEPT_PORT), with HTTPS_PROXY",
    )
}

fn other_method() -> Problem {
    let allowed = METHODS.map(|method| method.to_string()).join(", ");
    let problem = Problem::new(
        Code::MethodNotAllowed,
        format!(
            "the gateway forwards the methods {allowed}, and those of other protocols in upper case, \
             but not CONNECT or TRACE"
        ),
    );
    match HeaderValue::try_from(allowed) {
        Ok(allowed) => problem.header(ALLOW, allowed),
        Err(_) => problem,
    }
}

//! Converts the engine's outcomes to responses.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use gaiterguard_domain::header;
use gaiterguard_domain::id::ActionId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_gateway::response::{Held, Outcome, ProxyStatus, Response as UpstreamResponse};
use gaiterguard_gateway::send::relay::ResponseBody;
use gaiterguard_problem::Code;
use gaiterguard_web::problem::{Problem, respond};
use http::header::{CONNECTION, CONTENT_LENGTH, LOCATION, RETRY_AFTER, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde::Serialize;
use utoipa::ToSchema;

use crate::middleware::FromUpstream;

const X_PROXY_STATUS: HeaderName = HeaderName::from_static("x-proxy-status");
const X_RISK_SCORE: HeaderName = HeaderName::from_static("x-risk-score");
const X_IDEMPOTENCY_STATUS: HeaderName = HeaderName::from_static("x-idempotency-status");

/// Returns the response to an agent's request. `path` is the path of the gateway's URL.
pub(super) fn response(outcome: Outcome, path: &str) -> Response {
    match outcome {
        Outcome::Responded(upstream) => upstream_response(upstream),
        Outcome::Held(held) => blocked(held, path),
        Outcome::Refused(refusal) => Problem::from(refusal).into_response(),
    }
}

/// Returns an upstream's response as the agent receives it. A WebSocket is carried only by the
/// handler that the client asked for one.
pub(super) fn upstream_response(upstream: UpstreamResponse) -> Response {
    if upstream.status == StatusCode::SWITCHING_PROTOCOLS {
        return Problem::from(Refusal::WebSocketLost).into_response();
    }
    passed(upstream)
}

/// Returns the response that opens a WebSocket, which the handler carries.
pub(super) fn switched(outcome: Outcome) -> Response {
    let Outcome::Responded(upstream) = outcome else {
        return response(outcome, "");
    };
    let mut response = passed(upstream);
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    response
}

/// Returns the upstream's status, headers, and body, with the gateway's own headers, which replace
/// the upstream's headers of the same name. Headers that would affect the gateway's origin in a
/// browser are removed.
fn passed(mut upstream: UpstreamResponse) -> Response {
    let body = match upstream.body {
        ResponseBody::Whole(bytes) => whole(bytes, &mut upstream.headers),
        ResponseBody::Relayed(body) => Body::new(body),
        ResponseBody::Switched(_) => Body::empty(),
    };
    let mut response = Response::new(body);
    *response.status_mut() = upstream.status;
    *response.headers_mut() = upstream.headers;
    let headers = response.headers_mut();
    header::remove_origin_wide(headers);
    let idempotency_status = match upstream.proxy_status {
        ProxyStatus::Forwarded | ProxyStatus::ExecutedApproved => "processed",
        ProxyStatus::Replayed => "replayed",
    };
    let proxy_status = proxy_status(upstream.proxy_status);
    headers.insert(X_PROXY_STATUS, HeaderValue::from_static(proxy_status));
    if let Ok(score) = HeaderValue::from_str(&format!("{:.2}", upstream.risk_score)) {
        headers.insert(X_RISK_SCORE, score);
    }
    headers.remove(X_IDEMPOTENCY_STATUS);
    if upstream.has_key {
        headers.insert(
            X_IDEMPOTENCY_STATUS,
            HeaderValue::from_static(idempotency_status),
        );
    }
    // These statuses never have a body (RFC 9110, section 6.4.1), so the response states no length.
    if upstream.status == StatusCode::NO_CONTENT || upstream.status == StatusCode::NOT_MODIFIED {
        headers.remove(CONTENT_LENGTH);
    }
    response.extensions_mut().insert(FromUpstream);
    response
}

/// Returns a body that is there. The status of a stored call of gRPC is among its headers, and follows the body.
fn whole(bytes: Bytes, headers: &mut HeaderMap) -> Body {
    if bytes.is_empty() || !header::is_grpc(headers) {
        return Body::from(bytes);
    }
    let trailers = header::take_grpc_status(headers);
    let trailers = async move { Some(Ok(trailers)) };
    Body::new(Full::new(bytes).with_trailers(trailers))
}

/// Returns the `X-Proxy-Status` for the way the gateway got a response.
pub(super) fn proxy_status(status: ProxyStatus) -> &'static str {
    match status {
        ProxyStatus::Forwarded => "forwarded",
        ProxyStatus::ExecutedApproved => "executed-approved",
        ProxyStatus::Replayed => "replayed",
    }
}

/// Response to a held request.
#[derive(Serialize, ToSchema)]
pub(super) struct HeldProblem {
    /// URI reference of the problem type: `/problems/approval_required`.
    r#type: String,
    /// The code in words.
    title: String,
    /// HTTP status code: 428.
    status: u16,
    /// The agent's next step.
    #[schema(value_type = String)]
    detail: &'static str,
    /// Always `approval_required`.
    #[schema(value_type = String)]
    code: &'static str,
    /// Same as `detail`.
    #[schema(value_type = String)]
    error: &'static str,
    /// ID of the action.
    #[schema(value_type = uuid::Uuid)]
    action_id: ActionId,
    /// Risk score, from 0.0 (harmless) to 1.0.
    #[schema(minimum = 0.0, maximum = 1.0)]
    risk_score: f64,
    /// Explanation of the risk score.
    risk_explanation: String,
    /// Path of the action's status.
    status_url: String,
    /// When the action expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Returns 428 `approval_required`.
fn blocked(held: Held, path: &str) -> Response {
    let code = Code::ApprovalRequired;
    let detail = "a human must approve this request; poll status_url until it is decided";
    let body = HeldProblem {
        r#type: code.problem_type(),
        title: code.title(),
        status: code.status().as_u16(),
        detail,
        code: code.as_str(),
        error: detail,
        action_id: held.action,
        risk_score: held.risk_score,
        risk_explanation: held.risk_explanation,
        status_url: format!("{path}/status/{}", held.action),
        expires_at: held.expires_at,
    };
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, HeaderValue::from(held.retry_after.as_secs()));
    headers.insert(X_PROXY_STATUS, HeaderValue::from_static("blocked"));
    if let Ok(location) = HeaderValue::from_str(&body.status_url) {
        headers.insert(LOCATION, location);
    }
    respond(code.status(), headers, &body)
}

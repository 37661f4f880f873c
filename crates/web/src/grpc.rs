//! The gateway's own responses to clients of gRPC, which read a status of gRPC and show no body.

use axum::body::Body;
use axum::response::Response;
use gaiterguard_domain::redact;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::problem::described;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// The headers of the gateway that are also for clients of gRPC.
const KEPT: [HeaderName; 4] = [
    HeaderName::from_static("x-proxy-status"),
    HeaderName::from_static("x-request-id"),
    RETRY_AFTER,
    LOCATION,
];

/// The characters that a `grpc-message` must percent-encode, apart from those that are not ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// The status of a call of gRPC that the gateway itself ends.
#[derive(Debug)]
pub struct GrpcStatus {
    code: u16,
    message: String,
}

impl GrpcStatus {
    /// Returns the status for a response of the gateway. The text is the detail of the problem, and for a held
    /// request how to wait for its decision.
    pub fn of(response: &Response) -> Self {
        let status = response.status();
        let (detail, action) = described(response).unwrap_or_default();
        let message = match action {
            Some(action) if status == StatusCode::PRECONDITION_REQUIRED => format!(
                "a human must approve this request (action {action}); to wait for the decision, make the \
                 same call again with the metadata \"prefer: wait=300\""
            ),
            Some(action) => format!("{detail} (action {action})"),
            None => detail.to_owned(),
        };
        Self {
            code: code(status),
            message,
        }
    }

    /// Replaces the status and the body of a response by this status.
    pub fn replace(self, response: &mut Response) {
        *response.status_mut() = StatusCode::OK;
        *response.body_mut() = Body::empty();
        // Clients show all headers as metadata. Those for browsers mean nothing to them.
        let all = std::mem::take(response.headers_mut());
        let headers = response.headers_mut();
        for name in KEPT {
            headers.extend(all.get(&name).map(|value| (name, value.clone())));
        }
        headers.insert(CONTENT_TYPE, GRPC);
        headers.insert(GRPC_STATUS, HeaderValue::from(self.code));
        // A problem may quote the request, and an agent may have put its key anywhere in it.
        let message = redact::agent_keys(&self.message);
        let message = utf8_percent_encode(&message, ENCODED).to_string();
        if let Ok(message) = HeaderValue::from_str(&message) {
            headers.insert(GRPC_MESSAGE, message);
        }
    }
}

/// Returns the code of gRPC for a status of HTTP.
fn code(status: StatusCode) -> u16 {
    const UNKNOWN: u16 = 2;
    const INVALID_ARGUMENT: u16 = 3;
    const DEADLINE_EXCEEDED: u16 = 4;
    const NOT_FOUND: u16 = 5;
    const PERMISSION_DENIED: u16 = 7;
    const RESOURCE_EXHAUSTED: u16 = 8;
    const FAILED_PRECONDITION: u16 = 9;
    const ABORTED: u16 = 10;
    const UNIMPLEMENTED: u16 = 12;
    const INTERNAL: u16 = 13;
    const UNAVAILABLE: u16 = 14;
    const UNAUTHENTICATED: u16 = 16;
    match status {
        StatusCode::UNAUTHORIZED => UNAUTHENTICATED,
        StatusCode::FORBIDDEN => PERMISSION_DENIED,
        StatusCode::NOT_FOUND => NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => UNIMPLEMENTED,
        StatusCode::CONFLICT => ABORTED,
        StatusCode::GONE | StatusCode::PRECONDITION_REQUIRED => FAILED_PRECONDITION,
        StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => RESOURCE_EXHAUSTED,
        StatusCode::INTERNAL_SERVER_ERROR => INTERNAL,
        StatusCode::GATEWAY_TIMEOUT => DEADLINE_EXCEEDED,
        status if status.is_server_error() => UNAVAILABLE,
        status if status.is_client_error() => INVALID_ARGUMENT,
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use gaiterguard_problem::Code;

    use super::*;
    use crate::problem::Problem;

    fn adapted(problem: Problem) -> (String, String) {
        let mut response = problem.into_response();
        GrpcStatus::of(&response).replace(&mut response);
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers();
        assert_eq!(headers["content-type"], "application/grpc");
        let text = |name: &str| headers[name].to_str().unwrap().to_owned();
        (text("grpc-status"), text("grpc-message"))
    }

    #[test]
    fn a_problem_has_the_status_that_clients_of_grpc_know() {
        for (code, status) in [
            (Code::InvalidAgentKey, "16"),
            (Code::PolicyDenied, "7"),
            (Code::ActionDenied, "7"),
            (Code::ApprovalRequired, "9"),
            (Code::TooManyPending, "8"),
            (Code::UpstreamUnreachable, "14"),
            (Code::UpstreamTimeout, "4"),
            (Code::ValidationFailed, "3"),
            (Code::InternalError, "13"),
        ] {
            assert_eq!(adapted(Problem::new(code, "why")).0, status, "{code:?}");
        }
    }

    #[test]
    fn the_message_is_percent_encoded_and_names_the_action() {
        let denied = Problem::new(Code::ActionDenied, "100 %: nicht für euch");
        let (_, message) = adapted(denied.clone());
        assert_eq!(message, "100 %25: nicht f%C3%BCr euch");
        let (_, message) = adapted(denied.with("action_id", "7"));
        assert!(message.ends_with("(action 7)"), "{message}");
        let held = Problem::new(Code::ApprovalRequired, "held").with("action_id", "7");
        let (_, message) = adapted(held);
        assert!(
            message.contains("action 7") && message.contains("prefer: wait="),
            "{message}"
        );
    }
}

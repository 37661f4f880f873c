//! Converts the engine's refusals to problems. This is the only place that assigns statuses and
//! codes.

use gaiterguard_gateway::refusal::Refusal;
use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderName, HeaderValue};

use crate::problem::Problem;

const X_PROXY_STATUS: HeaderName = HeaderName::from_static("x-proxy-status");

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        let retry_after = refusal.retry_after();
        let (status, code) = match &refusal {
            Refusal::Invalid { field, message } => return Self::field(*field, message.clone()),
            Refusal::IdempotencyKeyMissing => {
                return Self::field(
                    "Idempotency-Key",
                    "is required if the proxied method is POST or PATCH",
                );
            }
            Refusal::BodyBroken(broken) => return broken.into(),
            Refusal::InvalidTarget(_) => (StatusCode::BAD_REQUEST, "invalid_target"),
            Refusal::AmbiguousTarget => (StatusCode::BAD_REQUEST, "ambiguous_target"),
            Refusal::InvalidAgentKey(_) => (StatusCode::UNAUTHORIZED, "invalid_agent_key"),
            Refusal::AgentBlocked => (StatusCode::FORBIDDEN, "agent_blocked"),
            Refusal::KillSwitch => (StatusCode::FORBIDDEN, "kill_switch"),
            Refusal::ServiceNotInScope(_) => (StatusCode::FORBIDDEN, "service_not_in_scope"),
            Refusal::TargetNotAllowed(_) => (StatusCode::FORBIDDEN, "target_not_allowed"),
            Refusal::WebSocketNotAllowed => (StatusCode::FORBIDDEN, "web_socket_not_allowed"),
            Refusal::PolicyDenied { .. } => (StatusCode::FORBIDDEN, "policy_denied"),
            Refusal::ActionDenied { .. } => (StatusCode::FORBIDDEN, "action_denied"),
            Refusal::ActionExpired { .. } => (StatusCode::FORBIDDEN, "action_expired"),
            Refusal::ActionRevoked { .. } => (StatusCode::FORBIDDEN, "action_revoked"),
            Refusal::ServiceNotFound => (StatusCode::NOT_FOUND, "service_not_found"),
            Refusal::ActionNotFound => (StatusCode::NOT_FOUND, "action_not_found"),
            Refusal::IdempotencyInProgress => (StatusCode::CONFLICT, "idempotency_in_progress"),
            Refusal::OutcomeUnknown | Refusal::EndUnrecorded => {
                (StatusCode::CONFLICT, "outcome_unknown")
            }
            Refusal::ResponseNotStored { .. } => (StatusCode::CONFLICT, "answer_not_kept"),
            Refusal::ActionNotApproved { .. } => (StatusCode::CONFLICT, "action_not_approved"),
            Refusal::ActionStale => (StatusCode::CONFLICT, "action_stale"),
            Refusal::CallRevoked => (StatusCode::CONFLICT, "call_cut"),
            Refusal::ActionUnreadable => (StatusCode::CONFLICT, "action_unreadable"),
            Refusal::WebSocketLost => (StatusCode::CONFLICT, "web_socket_lost"),
            Refusal::ApprovalExpired { .. } => (StatusCode::GONE, "action_expired"),
            Refusal::IdempotencyKeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused")
            }
            Refusal::TooManyPending { .. } | Refusal::TooManyBytesPending => {
                (StatusCode::TOO_MANY_REQUESTS, "too_many_pending")
            }
            Refusal::UpstreamUnreachable(_) => (StatusCode::BAD_GATEWAY, "upstream_unreachable"),
            Refusal::CredentialUnavailable(_) => {
                (StatusCode::BAD_GATEWAY, "credential_unavailable")
            }
            Refusal::UpstreamBroken | Refusal::CredentialEchoed => {
                (StatusCode::BAD_GATEWAY, "upstream_broken")
            }
            Refusal::UpstreamTimeout => (StatusCode::GATEWAY_TIMEOUT, "upstream_timeout"),
            Refusal::AuthorityUnconfirmed => {
                (StatusCode::SERVICE_UNAVAILABLE, "authority_unconfirmed")
            }
            Refusal::DocumentsUnread => (StatusCode::SERVICE_UNAVAILABLE, "documents_unread"),
            Refusal::StorageUnavailable | Refusal::ResponseWithheld => {
                (StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable")
            }
        };
        let mut problem = Self::new(status, code, detail);
        if let Some(after) = retry_after {
            problem = problem.retry_after(after.as_secs().max(1));
        }
        if status == StatusCode::UNAUTHORIZED {
            problem = problem.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(
            status,
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
        ) {
            let failed = HeaderValue::from_static("upstream-failed");
            problem = problem.header(X_PROXY_STATUS, failed);
        }
        with_details(problem, refusal)
    }
}

/// Adds the members that a client needs to continue.
fn with_details(problem: Problem, refusal: Refusal) -> Problem {
    match refusal {
        Refusal::ActionDenied { action, note } | Refusal::ActionRevoked { action, note } => problem
            .with("action_id", action.to_string())
            .with("note", note),
        Refusal::ActionExpired { action } | Refusal::ApprovalExpired { action } => {
            problem.with("action_id", action.to_string())
        }
        Refusal::ActionNotApproved { status } => problem.with("action_status", status.as_str()),
        Refusal::ResponseNotStored { status } => problem.with("upstream_status", status),
        Refusal::PolicyDenied { rules } => {
            let rules: Vec<_> = rules
                .into_iter()
                .map(|rule| serde_json::json!({ "id": rule.id, "name": rule.name }))
                .collect();
            problem.with("matched_rules", rules)
        }
        _ => problem,
    }
}

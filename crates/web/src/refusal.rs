//! Converts the engine's refusals to problems. This is the only place that assigns codes
//! to them.

use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_problem::Code;
use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderName, HeaderValue};

use crate::problem::Problem;

const X_PROXY_STATUS: HeaderName = HeaderName::from_static("x-proxy-status");

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        let retry_after = refusal.retry_after();
        let code = match &refusal {
            Refusal::Invalid { field, message } => return Self::field(*field, message.clone()),
            Refusal::IdempotencyKeyMissing => {
                return Self::field(
                    "Idempotency-Key",
                    "is required if the proxied method is POST or PATCH",
                );
            }
            Refusal::BodyBroken(broken) => return broken.into(),
            Refusal::InvalidTarget(_) => Code::InvalidTarget,
            Refusal::AmbiguousTarget => Code::AmbiguousTarget,
            Refusal::InvalidAgentKey(_) => Code::InvalidAgentKey,
            Refusal::AgentBlocked => Code::AgentBlocked,
            Refusal::KillSwitch => Code::KillSwitch,
            Refusal::ServiceNotInScope(_) => Code::ServiceNotInScope,
            Refusal::TargetNotAllowed(_) => Code::TargetNotAllowed,
            Refusal::WebSocketNotAllowed => Code::WebSocketNotAllowed,
            Refusal::PolicyDenied { .. } => Code::PolicyDenied,
            Refusal::ActionDenied { .. } => Code::ActionDenied,
            Refusal::ActionExpired { .. } | Refusal::ApprovalExpired { .. } => Code::ActionExpired,
            Refusal::ActionRevoked { .. } => Code::ActionRevoked,
            Refusal::ServiceNotFound => Code::ServiceNotFound,
            Refusal::ActionNotFound => Code::ActionNotFound,
            Refusal::IdempotencyInProgress => Code::IdempotencyInProgress,
            Refusal::OutcomeUnknown | Refusal::EndUnrecorded => Code::OutcomeUnknown,
            Refusal::ResponseNotStored { .. } => Code::AnswerNotKept,
            Refusal::ActionNotApproved { .. } => Code::ActionNotApproved,
            Refusal::ActionStale => Code::ActionStale,
            Refusal::CallRevoked => Code::CallCut,
            Refusal::ActionUnreadable => Code::ActionUnreadable,
            Refusal::WebSocketLost => Code::WebSocketLost,
            Refusal::IdempotencyKeyReused => Code::IdempotencyKeyReused,
            Refusal::TooManyPending { .. } | Refusal::TooManyBytesPending => Code::TooManyPending,
            Refusal::UpstreamUnreachable(_) => Code::UpstreamUnreachable,
            Refusal::CredentialUnavailable(_) => Code::CredentialUnavailable,
            Refusal::CredentialRefused(_) => Code::CredentialRefused,
            Refusal::UpstreamBroken
            | Refusal::UpstreamNotHttp(_)
            | Refusal::ResponseUnusable { .. }
            | Refusal::CredentialEchoed => Code::UpstreamBroken,
            Refusal::UpstreamTimeout { .. } | Refusal::TestCallTimeout { .. } => {
                Code::UpstreamTimeout
            }
            Refusal::AuthorityUnconfirmed => Code::AuthorityUnconfirmed,
            Refusal::DocumentsUnread => Code::DocumentsUnread,
            Refusal::StorageUnavailable | Refusal::ResponseWithheld => Code::StorageUnavailable,
        };
        let mut problem = Self::new(code, detail);
        if let Refusal::ApprovalExpired { .. } = &refusal {
            problem = problem.with_status(StatusCode::GONE);
        }
        if let Some(after) = retry_after {
            problem = problem.retry_after(after.as_secs().max(1));
        }
        if problem.status() == StatusCode::UNAUTHORIZED {
            problem = problem.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(
            problem.status(),
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
        Refusal::ResponseNotStored { status } | Refusal::ResponseUnusable { status, .. } => {
            problem.with("upstream_status", status)
        }
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

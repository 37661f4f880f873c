//! Response bodies for actions.

use std::collections::BTreeMap;

use bytes::Bytes;
use gaiterguard_domain::action::{ActionState, ActionStatus, Ending, Resolution, Revocation};
use gaiterguard_domain::header;
use gaiterguard_domain::rule::{MatchedRule, RuleEffect};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::{OperationRef, Signal};
use gaiterguard_familiarity::Context;
use gaiterguard_gateway::action::ActionView;
use gaiterguard_gateway::action::ShownRequest;
use gaiterguard_provenance::{SourceKind, ValueSource};
use gaiterguard_summary::Summary;
use gaiterguard_web::stored_response::{
    BodyEncoding, HeaderValues, StoredResponseBody, body_text, headers_by_name,
};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::votes::{Ballots, RequiredApprovals};
use crate::list::each;
use crate::people::People;

/// A held request: what would be sent, why it was held, and its current state.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Action)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a member of the JSON object"
)]
pub(crate) struct ActionBody {
    /// Unique identifier.
    action_id: Uuid,
    /// Status.
    status: ActionStatus,
    /// ID of the agent.
    agent_id: i64,
    /// Name of the agent.
    agent_name: String,
    /// ID of the service.
    service_id: i64,
    /// Name of the service.
    service_name: String,
    /// HTTP method.
    #[schema(example = "POST")]
    method: String,
    /// URL.
    target_url: String,
    /// Headers to send, without the credential. `•••` replaces a secret.
    request_headers: BTreeMap<String, HeaderValues>,
    /// Whether some headers are omitted. Lists contain the first 8 KiB of headers.
    headers_truncated: bool,
    /// Body to send, or the beginning of it.
    request_body: String,
    /// Encoding of `request_body`.
    body_encoding: BodyEncoding,
    /// Text of a compressed body without its compression, up to 1 MiB; lists contain the first 4 KiB. Null
    /// if the body is not compressed, or is not text.
    #[schema(required)]
    decompressed_body: Option<String>,
    /// Length of the complete body, in bytes.
    body_size: u64,
    /// Whether `request_body` is only the beginning of the body. Lists contain the first 4 KiB;
    /// `GET /approvals/{action_id}` returns the complete body, unless the action has ended and its
    /// body is no longer stored.
    body_truncated: bool,
    /// Whether the stored action is damaged. A damaged action can be denied but not approved;
    /// unreadable fields are empty.
    unreadable: bool,
    /// SHA-256 digest of the exact request, in lowercase hex. Its input is the line
    /// `gaiterguard.request.v1`, the method, the complete URL, and each header as `name:value` in
    /// the order sent, each line terminated by a line feed, then an empty line and the bytes of the
    /// body.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    digest: String,
    /// Intent that the agent stated. Untrusted text.
    intent: String,
    /// Label that the client's user chose: the user name at the proxy port. Untrusted text.
    #[schema(required)]
    label: Option<String>,
    /// Risk score, from 0.0 (harmless) to 1.0.
    #[schema(minimum = 0, maximum = 1)]
    risk_score: f64,
    /// Explanation of why the request was held.
    risk_explanation: String,
    /// Observations that the score is based on.
    signals: Vec<SignalBody>,
    /// Rules that matched.
    matched_rules: Vec<MatchedRuleBody>,
    /// The documented operation that the request calls, if known.
    #[schema(required)]
    operation: Option<OperationBody>,
    /// Summary of the effect of the request, based on the request and the service's documents. Null if
    /// the request was held by an earlier version of the gateway, or if the summary is damaged.
    #[schema(required)]
    summary: Option<Summary>,
    /// How the request compares with earlier requests and rulings. Null for a damaged action.
    #[schema(required)]
    context: Option<Context>,
    /// Where values in the request were seen before it was held. At most 10; empty in lists.
    provenance: Vec<ValueSourceBody>,
    /// Whether the role and the limits of the signed-in user allow rulings on this action. Says nothing
    /// about its status.
    may_decide: bool,
    /// Why they do not, as a sentence for the user. Null if they do.
    #[schema(required)]
    may_not_decide_because: Option<String>,
    /// When the request was held.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the action expires. Null unless it is pending or approved.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When the approved request is released to the agent. Until then the agent sees the action as
    /// pending, nothing is sent, and a revocation takes effect before anything can be sent. Null if
    /// the approval took effect immediately, and for actions that are not approved.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    releases_at: Option<Timestamp>,
    /// When the action ended, or when a human approved it; null while it is pending.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    resolved_at: Option<Timestamp>,
    /// ID of the user who last approved, denied, revoked, or resolved it.
    #[schema(required)]
    resolved_by: Option<i64>,
    /// Email address of that user. Null if the user was never a member of the workspace.
    #[schema(required)]
    resolved_by_name: Option<String>,
    /// That user's note to the agent.
    #[schema(required)]
    note: Option<String>,
    /// The approval, if the action is approved or was executed: the one that decided, if several were
    /// required.
    #[schema(required)]
    approval: Option<ApprovalBody>,
    /// The approvals that the action requires, and those that were given.
    approvals: RequiredApprovals,
    /// When execution started.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// The outcome that a human recorded, if it was unknown before.
    #[schema(required)]
    resolution: Option<Resolution>,
    /// Explanation of why the outcome of an execution is unknown.
    #[schema(required)]
    detail: Option<String>,
    /// Response of the upstream, while it is stored.
    #[schema(required)]
    result: Option<StoredResponseBody>,
}

/// A human's approval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Approval)]
pub(crate) struct ApprovalBody {
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// ID of the user.
    by: i64,
    /// Email address of that user. Null if the user was never a member of the workspace.
    #[schema(required)]
    by_name: Option<String>,
    /// That user's note to the agent.
    #[schema(required)]
    note: Option<String>,
    /// Whether an owner approved alone, without the approvals that the action requires.
    break_glass: bool,
}

/// An observation about the request, and how strongly it raised the risk score.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Signal)]
pub struct SignalBody {
    /// Stable identifier of the observation's type.
    code: String,
    /// How strongly it raised the score, from 0.0 to 1.0. Weights do not add up to the score.
    weight: f64,
    /// Location in the request.
    evidence: String,
    /// Explanation in one sentence.
    sentence: String,
}

/// A rule that matched, as it was when it matched.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MatchedRule)]
pub struct MatchedRuleBody {
    /// ID of the rule.
    id: i64,
    /// Name.
    name: String,
    /// Effect.
    effect: RuleEffect,
    /// Why the condition could not be evaluated, if the rule matched for that reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    unevaluated: Option<String>,
}

/// An earlier occurrence of a value in the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ValueSource)]
pub(crate) struct ValueSourceBody {
    /// Location of the value in the request: `path`, `query/NAME`, or `body` followed by a JSON
    /// Pointer.
    #[schema(example = "body/channel")]
    location: String,
    /// The value, or the beginning of it.
    #[schema(example = "C024BE91L")]
    value: String,
    /// `shown` to the agent in a response, `created` by the agent, or part of a request that a
    /// human `approved`.
    kind: SourceKind,
    /// The call in which the value was seen, or `an earlier request` if that call went through another
    /// replica.
    #[schema(example = "GET /conversations.list")]
    seen_in: String,
    /// When it occurred.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Fields that identify the object that contained the value, as `name: value` pairs; may be empty.
    /// Untrusted text.
    #[schema(example = "name: general, id: C024BE91L")]
    object: String,
}

impl From<ValueSource> for ValueSourceBody {
    fn from(source: ValueSource) -> Self {
        Self {
            location: source.location,
            value: source.value,
            kind: source.kind,
            seen_in: source.seen_in,
            at: source.at,
            object: source.object,
        }
    }
}

/// A documented operation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperationRef)]
pub struct OperationBody {
    /// Operation ID in the document, or else `METHOD /template`.
    id: String,
    /// Summary in the document.
    #[schema(required)]
    summary: Option<String>,
    /// Tags in the document.
    tags: Vec<String>,
    /// Whether the document marks it as deprecated.
    deprecated: bool,
}

impl ActionBody {
    /// Builds the body of an action, with its comparison and the names of the users who decided on it.
    pub(super) fn of(
        view: ActionView,
        mut context: Option<Context>,
        ballots: &Ballots,
        people: &People,
    ) -> Self {
        if let Some(earlier) = context
            .as_mut()
            .and_then(|context| context.earlier.as_mut())
        {
            earlier.decided_by_name = earlier.decided_by.and_then(|user| people.name(user));
        }
        let ActionView {
            action,
            agent_name,
            service_name,
            label,
            request,
            summary,
            response,
            response_is_damaged,
            provenance,
            not_permitted,
        } = view;
        let unreadable = request.is_none() || response_is_damaged;
        let request = request.unwrap_or_else(|| ShownRequest {
            headers: HeaderMap::new(),
            headers_are_cut: false,
            body: Bytes::new(),
            body_bytes: 0,
            decompressed: None,
        });
        let (request_body, body_encoding) = body_text(&request.body);
        let approvals = ballots.required(&action, people);
        let ruling = action.state.last_decision();
        let approval = action.state.approval();
        let execution = action.state.execution();
        let detail = match &action.state {
            ActionState::Indeterminate { detail, .. } => Some(detail.clone()),
            _ => None,
        };
        let resolution = match &action.state {
            ActionState::Executed {
                ending: Ending::Resolved(_),
                ..
            } => Some(Resolution::Executed),
            ActionState::Revoked(Revocation::Resolved(_)) => Some(Resolution::NotExecuted),
            _ => None,
        };
        Self {
            action_id: action.id.0,
            status: action.state.status(),
            agent_id: action.agent.0,
            agent_name,
            service_id: action.service.0,
            service_name,
            request_headers: headers_by_name(&request.headers, header::shown),
            headers_truncated: request.headers_are_cut,
            body_truncated: (request.body.len() as u64) < request.body_bytes,
            body_size: request.body_bytes,
            decompressed_body: request.decompressed,
            unreadable,
            request_body,
            body_encoding,
            digest: action.digest.to_string(),
            intent: action.intent.as_str().to_owned(),
            label,
            risk_score: action.evaluation.verdict.score,
            risk_explanation: action.evaluation.verdict.explanation,
            signals: each(action.evaluation.verdict.signals),
            matched_rules: each(action.evaluation.matched_rules),
            operation: action.evaluation.operation.map(Into::into),
            summary,
            context,
            provenance: each(provenance),
            may_decide: not_permitted.is_none(),
            may_not_decide_because: not_permitted,
            created_at: action.created_at,
            expires_at: action.state.expires_at(),
            releases_at: action.state.releases_at(),
            resolved_at: action.state.resolved_at(),
            resolved_by: ruling.map(|ruling| ruling.by.0),
            resolved_by_name: ruling.and_then(|ruling| people.name(ruling.by)),
            note: ruling.and_then(|ruling| ruling.note.clone()),
            approval: approval.map(|approval| ApprovalBody {
                at: approval.at,
                by: approval.by.0,
                by_name: people.name(approval.by),
                note: approval.note.clone(),
                break_glass: ballots.is_alone(action.id),
            }),
            approvals,
            resolution,
            started_at: execution.map(|execution| execution.started_at),
            detail,
            result: response.as_ref().map(StoredResponseBody::shown),
            method: action.method,
            target_url: action.target_url,
        }
    }
}

impl From<Signal> for SignalBody {
    fn from(signal: Signal) -> Self {
        Self {
            code: signal.code,
            weight: signal.weight,
            evidence: signal.evidence,
            sentence: signal.sentence,
        }
    }
}

impl From<MatchedRule> for MatchedRuleBody {
    fn from(rule: MatchedRule) -> Self {
        Self {
            id: rule.id.0,
            name: rule.name,
            effect: rule.effect,
            unevaluated: rule.unevaluated,
        }
    }
}

impl From<OperationRef> for OperationBody {
    fn from(operation: OperationRef) -> Self {
        Self {
            id: operation.id,
            summary: operation.summary,
            tags: operation.tags,
            deprecated: operation.deprecated,
        }
    }
}

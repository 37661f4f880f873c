//! An action as it is shown to a human.

use std::collections::BTreeMap;

use bytes::Bytes;
use gaiterguard_domain::action::{
    ActionState, ActionStatus, Ending, HumanDecision, Resolution, Revocation,
};
use gaiterguard_domain::header;
use gaiterguard_domain::rule::{MatchedRule, RuleEffect};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::{OperationRef, Signal};
use gaiterguard_gateway::action::approval::ActionView;
use gaiterguard_gateway::action::held::ShownRequest;
use gaiterguard_gateway::history::{SourceKind, ValueSource};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::endpoints::list::each;
use crate::endpoints::words::{EffectWord, FindingWord, SourceWord, StatusWord};
use crate::kept_answer::{BodyEncoding, HeaderValues, KeptAnswerBody, body_text, headers_by_name};

/// A held request: what would be sent, why it was held, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Action)]
pub(crate) struct ActionBody {
    /// Its id.
    action_id: Uuid,
    /// Where it stands.
    #[schema(value_type = StatusWord)]
    status: ActionStatus,
    /// The agent that asks.
    agent_id: i64,
    /// The agent's name.
    agent_name: String,
    /// The service that it asks of.
    service_id: i64,
    /// The service's name.
    service_name: String,
    /// The method.
    #[schema(example = "POST")]
    method: String,
    /// The address.
    target_url: String,
    /// The headers that would be sent, less the credential; `•••` replaces a secret.
    request_headers: BTreeMap<String, HeaderValues>,
    /// Whether headers are left out. Lists show the first 8 KiB of them.
    headers_truncated: bool,
    /// The body that would be sent, or the beginning of it.
    request_body: String,
    /// How to read `request_body`.
    body_encoding: BodyEncoding,
    /// The length of the whole body, in bytes.
    body_size: u64,
    /// Whether `request_body` is only the beginning. Lists show the first 4 KiB; one action has the
    /// whole, unless it ended and its body is no longer kept.
    body_truncated: bool,
    /// Whether what is stored of the action is damaged. It can be denied and not approved; what
    /// cannot be read is empty.
    unreadable: bool,
    /// SHA-256 of the exact request, in lower-case hex. It is taken over the line
    /// `gaiterguard.request.v1`, the method, the whole URL and each header as `name:value` in the
    /// order sent, every line ended by a line feed, then an empty line and the body's bytes.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    digest: String,
    /// Why the agent asks, in its own words. Untrusted text.
    intent: String,
    /// From 0.0, harmless, to 1.0.
    #[schema(minimum = 0, maximum = 1)]
    risk_score: f64,
    /// Why it was held, for a human.
    risk_explanation: String,
    /// What the score rests on.
    signals: Vec<SignalBody>,
    /// The rules that matched.
    matched_rules: Vec<MatchedRuleBody>,
    /// The documented operation that it calls, where one is known.
    #[schema(required)]
    operation: Option<OperationBody>,
    /// Where values of the request had been seen when it was held: at most 10. Lists leave it empty.
    provenance: Vec<ValueSourceBody>,
    /// When it was held.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it expires, while it can.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When a human decided, or it came to its end.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    resolved_at: Option<Timestamp>,
    /// The user who decided.
    #[schema(required)]
    resolved_by: Option<i64>,
    /// What that user told the agent.
    #[schema(required)]
    note: Option<String>,
    /// The approval that its execution rests on.
    #[schema(required)]
    approval: Option<ApprovalBody>,
    /// When its execution was begun.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// What a human found out about an execution whose outcome was unknown.
    #[schema(required, value_type = Option<FindingWord>)]
    resolution: Option<Resolution>,
    /// What is known of an execution whose outcome is unknown.
    #[schema(required)]
    detail: Option<String>,
    /// The upstream's answer, once it was executed and while it is kept.
    #[schema(required)]
    result: Option<KeptAnswerBody>,
}

/// A human's approval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Approval)]
pub(crate) struct ApprovalBody {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The user.
    by: i64,
    /// What that user told the agent.
    #[schema(required)]
    note: Option<String>,
}

/// One observation that made a request more or less risky.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Signal)]
pub(crate) struct SignalBody {
    /// A stable word for the kind of observation.
    code: String,
    /// What it adds to the score.
    weight: f64,
    /// Where it was seen.
    evidence: String,
    /// One sentence for a human.
    sentence: String,
}

/// A rule that matched, as it was then.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MatchedRule)]
pub(crate) struct MatchedRuleBody {
    /// The rule's id.
    id: i64,
    /// Its name.
    name: String,
    /// What it does.
    #[schema(value_type = EffectWord)]
    effect: RuleEffect,
    /// Why its condition could not be evaluated, if that is why it matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    unevaluated: Option<String>,
}

/// Where a value of the request was seen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ValueSource)]
pub(crate) struct ValueSourceBody {
    /// Where in the request the value is: `path`, `query/NAME`, or `body` and a JSON Pointer.
    #[schema(example = "body/channel")]
    location: String,
    /// The value, or the beginning of it.
    #[schema(example = "C024BE91L")]
    value: String,
    /// `shown` in a response, `created` by the agent, or in a request that a human `approved`.
    #[schema(value_type = SourceWord)]
    kind: SourceKind,
    /// The call that it was seen with. Another replica's is `an earlier request`.
    #[schema(example = "GET /conversations.list")]
    seen_in: String,
    /// When it was seen.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What identifies the object around the value, as the service named it; may be empty. Untrusted
    /// text.
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
pub(crate) struct OperationBody {
    /// The document's operation id, or else `METHOD /template`.
    id: String,
    /// What the document says it does.
    #[schema(required)]
    summary: Option<String>,
    /// The document's tags for it.
    tags: Vec<String>,
    /// Whether the document calls it deprecated.
    deprecated: bool,
}

impl From<ActionView> for ActionBody {
    fn from(view: ActionView) -> Self {
        let ActionView {
            action,
            agent_name,
            service_name,
            request,
            answer,
            answer_is_damaged,
            provenance,
        } = view;
        let unreadable = request.is_none() || answer_is_damaged;
        let request = request.unwrap_or_else(|| ShownRequest {
            headers: HeaderMap::new(),
            headers_are_cut: false,
            body: Bytes::new(),
            body_bytes: 0,
        });
        let (request_body, body_encoding) = body_text(&request.body);
        let word = action.state.last_decision();
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
            unreadable,
            request_body,
            body_encoding,
            digest: action.digest.to_string(),
            intent: action.intent.as_str().to_owned(),
            risk_score: action.evaluation.verdict.score,
            risk_explanation: action.evaluation.verdict.explanation,
            signals: each(action.evaluation.verdict.signals),
            matched_rules: each(action.evaluation.matched_rules),
            operation: action.evaluation.operation.map(Into::into),
            provenance: each(provenance),
            created_at: action.created_at,
            expires_at: action.state.expires_at(),
            resolved_at: action.state.resolved_at(),
            resolved_by: word.map(|word| word.by.0),
            note: word.and_then(|word| word.note.clone()),
            approval: approval.cloned().map(Into::into),
            resolution,
            started_at: execution.map(|execution| execution.started_at),
            detail,
            result: answer.as_ref().map(KeptAnswerBody::shown),
            method: action.method,
            target_url: action.target_url,
        }
    }
}

impl From<HumanDecision> for ApprovalBody {
    fn from(word: HumanDecision) -> Self {
        Self {
            at: word.at,
            by: word.by.0,
            note: word.note,
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

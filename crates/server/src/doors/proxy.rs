//! `POST /proxy` and `POST /proxy/dry-run`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::Response;
use gaiterguard_api::{MatchedRuleBody, OperationBody, SignalBody, each};
use gaiterguard_domain::request::{ProxyRequest, needs_idempotency_key};
use gaiterguard_domain::verdict::{Decision, Evaluation};
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::refusal::Refusal;
use gaiterguard_intake::INLINE_BYTES_MAX;
use gaiterguard_web::extract::read_body;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::request_context::RequestContext;
use gaiterguard_web::responses::{DryRunFailed, DryRunRefused, ProposalFailed, ProposalRefused};
use serde::Serialize;
use utoipa::ToSchema;

use super::agent::Agent;
use super::envelope::{self, Envelope};
use super::outcome::{self, HeldProblem};
use crate::state::AgentState;

/// Send a request
///
/// The gateway decides whether to forward the request with the service's credential, hold it for a
/// human, or deny it. The upstream's response is returned with its own status and headers.
#[utoipa::path(
    post,
    path = "/proxy",
    operation_id = "proxy",
    tag = "agent",
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "Requests with the same key are executed at most once. Required if the \
                       proxied method is POST or PATCH.",
        min_length = 1, max_length = 255, pattern = "^[!-~]+$",
    )),
    request_body = Envelope,
    security(("agentKey" = [])),
    responses(
        (
            status = "2XX",
            description = "A successful response of the upstream.",
        ),
        (status = "default", description = "The upstream's response, whatever its status; \
                                            `X-Proxy-Status` is `forwarded`, \
                                            `executed-approved`, or `replayed`."),
        (
            status = 428, description = "The request is held until a human approves it.",
            body = HeldProblem, content_type = "application/problem+json",
            headers(("Location" = String), ("Retry-After" = u64)),
        ),
        ProposalRefused, ProposalFailed,
    )
)]
pub(super) async fn proxy(
    State(state): State<AgentState>,
    Agent(caller): Agent,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Problem> {
    let request = read(&state, request).await?;
    if needs_idempotency_key(&request.method) && request.idempotency_key.is_none() {
        return Err(Problem::from(Refusal::IdempotencyKeyMissing));
    }
    let request_id = context.id;
    let gateway: &Arc<Gateway> = &state.gateway;
    Ok(outcome::response(
        gateway.submit(caller, request, request_id).await,
        &state.path,
    ))
}

/// Result of a dry run.
#[derive(Serialize, ToSchema)]
pub(super) struct DryRun {
    /// The decision.
    decision: DryRunDecision,
    /// Risk score, from 0.0 (harmless) to 1.0.
    #[schema(minimum = 0.0, maximum = 1.0)]
    risk_score: f64,
    /// Explanation of the risk score.
    risk_explanation: String,
    /// Observations that the score is based on.
    signals: Vec<SignalBody>,
    /// Rules that match.
    matched_rules: Vec<MatchedRuleBody>,
    /// The documented operation, if known.
    #[schema(required)]
    operation: Option<OperationBody>,
}

/// Decision that would be made on a request.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DryRunDecision {
    Forward,
    Hold,
    Deny,
}

impl From<Decision> for DryRunDecision {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Forward => Self::Forward,
            Decision::Hold => Self::Hold,
            Decision::Deny => Self::Deny,
        }
    }
}

/// Dry-run a request
///
/// Returns how the gateway would decide, without storing or sending anything. No idempotency key is
/// required.
#[utoipa::path(
    post,
    path = "/proxy/dry-run",
    operation_id = "dryRun",
    tag = "agent",
    request_body = Envelope,
    security(("agentKey" = [])),
    responses(
        (status = 200, description = "The decision that would be made.", body = DryRun),
        DryRunRefused, DryRunFailed,
    )
)]
pub(super) async fn dry_run(
    State(state): State<AgentState>,
    Agent(caller): Agent,
    request: Request,
) -> Result<Json<DryRun>, Problem> {
    let request = read(&state, request).await?;
    let evaluation = state.gateway.dry_run(caller, request).await?;
    Ok(Json(evaluation.into()))
}

impl From<Evaluation> for DryRun {
    fn from(evaluation: Evaluation) -> Self {
        Self {
            decision: evaluation.decision.into(),
            risk_score: evaluation.verdict.score,
            risk_explanation: evaluation.verdict.explanation,
            signals: each(evaluation.verdict.signals),
            matched_rules: each(evaluation.matched_rules),
            operation: evaluation.operation.map(Into::into),
        }
    }
}

async fn read(state: &AgentState, request: Request) -> Result<ProxyRequest, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = read_body(body, state.request_body_bytes_max).await?;
    if bytes.is_empty() {
        return Err(Problem::field("", "a JSON body is required"));
    }
    if bytes.len() <= INLINE_BYTES_MAX {
        return envelope::read(&bytes, &parts.headers);
    }
    let reading = move || envelope::read(&bytes, &parts.headers);
    state.gateway.work_on_big_body(reading).await?
}

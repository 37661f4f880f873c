//! `POST /proxy` and `POST /proxy/dry-run`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse, Response};
use gaiterguard_domain::id::RequestId;
use gaiterguard_domain::request::ProxyRequest;
use gaiterguard_domain::rule::MatchedRule;
use gaiterguard_domain::verdict::{Decision, OperationRef, Signal};
use gaiterguard_gateway::Gateway;
use serde::Serialize;

use super::agent::Agent;
use super::{envelope, outcome};
use crate::extract::read_body;
use crate::middleware::RequestContext;
use crate::problem::Problem;
use crate::state::AgentState;

/// Decides a request and does what was decided.
pub(crate) async fn proxy(
    State(state): State<AgentState>,
    Agent(caller): Agent,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Problem> {
    let request = read(&state, request).await?;
    let request_id = RequestId(context.id.as_uuid());
    let gateway: &Arc<Gateway> = &state.gateway;
    Ok(outcome::response(
        gateway.submit(caller, request, request_id).await,
    ))
}

/// What would become of a request.
#[derive(Serialize)]
struct DryRun {
    decision: Decision,
    risk_score: f64,
    risk_explanation: String,
    signals: Vec<Signal>,
    matched_rules: Vec<MatchedRule>,
    operation: Option<OperationRef>,
}

/// Says what would become of a request; nothing is stored or sent.
pub(crate) async fn dry_run(
    State(state): State<AgentState>,
    Agent(caller): Agent,
    request: Request,
) -> Result<Response, Problem> {
    let request = read(&state, request).await?;
    let judgement = state.gateway.dry_run(caller, request).await?;
    Ok(Json(DryRun {
        decision: judgement.decision,
        risk_score: judgement.verdict.score,
        risk_explanation: judgement.verdict.explanation,
        signals: judgement.verdict.signals,
        matched_rules: judgement.matched_rules,
        operation: judgement.operation,
    })
    .into_response())
}

async fn read(state: &AgentState, request: Request) -> Result<ProxyRequest, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = read_body(body, state.request_body_bytes_max).await?;
    if bytes.is_empty() {
        return Err(Problem::field("", "a JSON body is required"));
    }
    envelope::read(&bytes, &parts.headers)
}

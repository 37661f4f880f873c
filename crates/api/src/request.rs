//! `GET /requests` and `GET /requests/{id}`: recorded requests with their decisions.

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::id::{AgentId, RequestEntryId, ServiceId};
use gaiterguard_domain::ledger::{RequestEntry, RequestFilter};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_evidence::{Checkpoints, KeyError, ProofDocument, ProveError};
use gaiterguard_problem::Code;
use gaiterguard_summary::Summary;
use gaiterguard_web::extract::{ApiPath, ApiQuery};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidParameter, NotFound, NotProvable};
use gaiterguard_web::session::with_session;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::DashboardState;
use super::approval::action::{MatchedRuleBody, OperationBody};
use super::caller::Caller;
use super::editing::Editing;
use super::list::{List, PageQuery, SearchText, each};
use super::people::People;
use super::recorded::{Effects, Recorded};

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    with_session(
        Permission::Read,
        OpenApiRouter::new()
            .routes(routes!(list))
            .routes(routes!(get))
            .routes(routes!(proof)),
    )
}

/// A request of an agent, with its decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RequestEntry)]
pub(crate) struct RequestBody {
    /// Unique identifier.
    id: i64,
    /// The `X-Request-Id` of the response.
    request_id: Uuid,
    /// ID of the agent.
    agent_id: i64,
    /// ID of the service.
    service_id: i64,
    /// HTTP method.
    method: String,
    /// URL.
    target_url: String,
    /// Intent that the agent stated. Untrusted text.
    intent: String,
    /// Label that the client's user chose: the user name at the proxy port. Untrusted text.
    #[schema(required)]
    label: Option<String>,
    /// The decision.
    decision: Decision,
    /// Risk score, from 0.0 (harmless) to 1.0.
    #[schema(minimum = 0, maximum = 1)]
    risk_score: f64,
    /// Explanation of the risk score.
    risk_explanation: String,
    /// Rules that matched.
    matched_rules: Vec<MatchedRuleBody>,
    /// The documented operation that the request calls, if known.
    #[schema(required)]
    operation: Option<OperationBody>,
    /// Status code of the upstream's response.
    #[schema(required, minimum = 100, maximum = 999)]
    upstream_status: Option<u16>,
    /// ID of the action, if the request was held.
    #[schema(required)]
    action_id: Option<Uuid>,
    /// Status of the action.
    #[schema(required)]
    action_status: Option<ActionStatus>,
    /// Most severe effect, from the assessment, the method, the path, and the current documents.
    effect: Effect,
    /// Summary of the effect of the request, as on its action. Null if the request was not held, or
    /// was held by an earlier version of the gateway, or if the summary is damaged.
    #[schema(required)]
    summary: Option<Summary>,
    /// ID of the user who approved or denied the action, or who revoked it while it was
    /// pending.
    #[schema(required)]
    decided_by: Option<i64>,
    /// Email address of that user. Null if the user was never a member of the workspace.
    #[schema(required)]
    decided_by_name: Option<String>,
    /// When that user decided.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
    /// Whether the stored record is damaged, so that some fields are missing.
    unreadable: bool,
    /// When the decision was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the request ended.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
}

impl RequestBody {
    async fn of(
        entry: RequestEntry,
        recorded: &Recorded<'_>,
        people: &People,
    ) -> Result<Self, Problem> {
        let Effects { effect, summary } = recorded.effects_of(&entry).await?;
        let decided = entry.decided;
        let evaluation = entry.new.evaluation;
        Ok(Self {
            id: entry.id.0,
            request_id: entry.new.request_id.0,
            agent_id: entry.new.agent.0,
            service_id: entry.new.service.0,
            method: entry.new.method,
            target_url: entry.new.target_url,
            intent: entry.new.intent,
            label: entry.new.label,
            decision: evaluation.decision,
            risk_score: evaluation.verdict.score,
            risk_explanation: evaluation.verdict.explanation,
            matched_rules: each(evaluation.matched_rules),
            operation: evaluation.operation.map(Into::into),
            upstream_status: entry.upstream_status,
            action_id: entry.action.map(|action| action.0),
            action_status: entry.action_status,
            effect,
            summary,
            decided_by: decided.map(|decided| decided.by.0),
            decided_by_name: decided.and_then(|decided| people.name(decided.by)),
            decided_at: decided.map(|decided| decided.at),
            unreadable: entry.is_damaged,
            created_at: entry.new.at,
            completed_at: entry.completed_at,
        })
    }
}

/// Filters of the request list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Return only requests of this agent.
    agent_id: Option<i64>,
    /// Return only requests to this service.
    service_id: Option<i64>,
    /// Return only requests with this decision.
    decision: Option<Decision>,
    /// Return only held requests whose action has this status.
    action_status: Option<ActionStatus>,
    /// Return only requests with this text in their URL or intent. Case-insensitive.
    #[param(value_type = Option<String>, max_length = 200, pattern = "^[^\\u0000]*$")]
    q: Option<SearchText>,
}

/// List requests
///
/// Returns requests with their decisions, newest first.
#[utoipa::path(
    get,
    path = "/requests",
    operation_id = "listRequests",
    tag = "requests",
    params(Filter, PageQuery),
    responses(
        (status = 200, description = "A page of requests.", body = List<RequestBody>),
        InvalidParameter,
    )
)]
async fn list(
    editing: Editing,
    ApiQuery(query): ApiQuery<Filter>,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<List<RequestBody>>, Problem> {
    let filter = RequestFilter {
        agent: query.agent_id.map(AgentId),
        service: query.service_id.map(ServiceId),
        decision: query.decision,
        action_status: query.action_status,
        text: query.q.map(SearchText::into_string),
    };
    let page = editing
        .gateway()
        .store()
        .request_list(
            editing.workspace(),
            &filter,
            page.cursor(),
            page.limit.get(),
        )
        .await?;
    let definitions = editing.definitions();
    let recorded = Recorded {
        definition_store: editing.definition_store(),
        definitions: definitions.as_deref(),
    };
    let people = People::of(editing.gateway().store(), editing.workspace()).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for entry in page.items {
        items.push(RequestBody::of(entry, &recorded, &people).await?);
    }
    Ok(Json(List {
        items,
        next_cursor: page.next_cursor,
    }))
}

/// Get a request
///
/// Returns the request with its decision, the reasons for the decision, and its outcome.
#[utoipa::path(
    get,
    path = "/requests/{id}",
    operation_id = "getRequest",
    tag = "requests",
    params(("id" = i64, Path, description = "ID of the request.")),
    responses(
        (status = 200, description = "The request.", body = RequestBody),
        InvalidParameter, NotFound,
    )
)]
async fn get(editing: Editing, ApiPath(id): ApiPath<i64>) -> Result<Json<RequestBody>, Problem> {
    let entry = editing
        .gateway()
        .store()
        .request_get(editing.workspace(), RequestEntryId(id))
        .await?;
    let entry =
        entry.ok_or_else(|| Problem::not_found("this workspace has no request with this ID"))?;
    let definitions = editing.definitions();
    let recorded = Recorded {
        definition_store: editing.definition_store(),
        definitions: definitions.as_deref(),
    };
    let people = People::of(editing.gateway().store(), editing.workspace()).await?;
    let body = RequestBody::of(entry, &recorded, &people).await?;
    Ok(Json(body))
}

/// Prove a request
///
/// Returns a proof that the request was recorded as it is shown: its columns, the audit entries that cover them, and
/// the path from each entry to a signed checkpoint. `gaiterguard audit check-proof` checks it without the gateway. The
/// proof contains only digests of other workspaces' entries.
#[utoipa::path(
    get,
    path = "/requests/{id}/proof",
    operation_id = "proveRequest",
    tag = "requests",
    params(("id" = i64, Path, description = "ID of the request.")),
    responses(
        (status = 200, description = "The proof.", body = ProofDocument),
        InvalidParameter, NotFound, NotProvable,
    )
)]
async fn proof(
    State(checkpoints): State<Checkpoints>,
    caller: Caller,
    ApiPath(id): ApiPath<i64>,
) -> Result<Json<ProofDocument>, Problem> {
    let proof = checkpoints
        .prove(RequestEntryId(id), Some(caller.workspace()))
        .await;
    proof.map(Json).map_err(|error| match error {
        ProveError::NotFound => Problem::not_found("this workspace has no request with this ID"),
        ProveError::NoProof(reason) => Problem::new(Code::NotProvable, reason.to_string()),
        ProveError::Store(error) | ProveError::Key(KeyError::Store(error)) => error.into(),
        ProveError::Key(error) => {
            tracing::error!(%error, "no checkpoint can be signed");
            Problem::storage_unavailable()
        }
    })
}

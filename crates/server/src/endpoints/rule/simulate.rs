//! `POST /rules/simulate`: applies proposed rules to recorded requests.

use axum::Json;
use gaiterguard_definitions::simulation::RuleSimulation;
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_simulation::{Changes, Example, ProposedRule, Simulation};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::endpoints::editing::Editing;
use crate::extract::Fields;
use crate::openapi::responses::{InvalidBody, NotUnderstood, SignedOut, Unavailable};
use crate::problem::Problem;

/// Effects of the proposed rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleSimulationResult)]
pub(super) struct SimulatedBody {
    /// Start of the simulated period.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Number of requests that were evaluated.
    #[schema(minimum = 0)]
    requests: u64,
    /// Whether the limit was reached, so that the oldest requests were skipped.
    is_cut: bool,
    /// Requests that were held and would be forwarded.
    released: ChangesBody,
    /// Requests that were forwarded and would be held.
    held: ChangesBody,
    /// Requests that were forwarded or held and would be denied.
    denied: ChangesBody,
    /// Requests that were denied and would be forwarded or held.
    admitted: ChangesBody,
    /// Requests that cannot be evaluated, because a rule depends on a part that was not stored:
    /// headers and body are stored only for held requests. Their decisions count as unchanged.
    undecidable: ChangesBody,
    /// Held requests per day.
    prompts_per_day: PromptsBody,
}

/// Held requests per day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PromptsPerDay)]
pub(super) struct PromptsBody {
    /// As recorded.
    #[schema(minimum = 0)]
    before: f64,
    /// With the proposed rules.
    #[schema(minimum = 0)]
    after: f64,
}

/// Requests with a different decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedChanges)]
pub(super) struct ChangesBody {
    /// Number of requests.
    #[schema(minimum = 0)]
    count: u64,
    /// The most recent ones, up to ten.
    examples: Vec<ExampleBody>,
}

/// A recorded request with a different decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedExample)]
pub(super) struct ExampleBody {
    /// ID of the request.
    id: i64,
    /// The `X-Request-Id` of its response.
    request_id: Uuid,
    /// ID of the action, if the request was held.
    #[schema(required)]
    action_id: Option<Uuid>,
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
    /// When the decision was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The recorded decision.
    before: Decision,
    /// The decision with the proposed rules; null if it cannot be evaluated.
    #[schema(required)]
    after: Option<Decision>,
    /// The proposed rule that decides the request, or that depends on a part that was not stored;
    /// null if there is none.
    #[schema(required)]
    rule: Option<DecidingRuleBody>,
}

/// The proposed rule that decides a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecidingRule)]
pub(super) struct DecidingRuleBody {
    /// ID; null for a new rule.
    #[schema(required)]
    id: Option<i64>,
    /// Name.
    name: String,
    /// Effect.
    effect: RuleEffect,
}

impl From<Simulation> for SimulatedBody {
    fn from(simulation: Simulation) -> Self {
        Self {
            since: simulation.since,
            requests: simulation.requests,
            is_cut: simulation.is_cut,
            released: simulation.released.into(),
            held: simulation.held.into(),
            denied: simulation.denied.into(),
            admitted: simulation.admitted.into(),
            undecidable: simulation.undecidable.into(),
            prompts_per_day: PromptsBody {
                before: simulation.prompts_before,
                after: simulation.prompts_after,
            },
        }
    }
}

impl From<Changes> for ChangesBody {
    fn from(changes: Changes) -> Self {
        Self {
            count: changes.count,
            examples: changes.examples.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Example> for ExampleBody {
    fn from(example: Example) -> Self {
        let entry = example.entry;
        Self {
            id: entry.id.0,
            request_id: entry.new.request_id.0,
            action_id: entry.action.map(|action| action.0),
            agent_id: entry.new.agent.0,
            service_id: entry.new.service.0,
            method: entry.new.method,
            target_url: entry.new.target_url,
            intent: entry.new.intent,
            created_at: entry.new.at,
            before: entry.new.evaluation.decision,
            after: example.decision,
            rule: example.rule.map(Into::into),
        }
    }
}

impl From<ProposedRule> for DecidingRuleBody {
    fn from(rule: ProposedRule) -> Self {
        Self {
            id: rule.id.map(|id| id.0),
            name: rule.name,
            effect: rule.effect,
        }
    }
}

/// Simulate rules
///
/// Applies the proposed rules to the requests of the last `days` days, at most 10,000, and returns
/// those whose decision would change. Nothing is saved.
#[utoipa::path(
    post,
    path = "/rules/simulate",
    operation_id = "simulateRules",
    tag = "rules",
    request_body = RuleSimulation,
    security(("session" = [])),
    responses(
        (status = 200, description = "The result of the simulation.", body = SimulatedBody),
        InvalidBody, SignedOut, NotUnderstood, Unavailable,
    )
)]
pub(super) async fn simulate(
    editing: Editing,
    Fields(simulation): Fields<RuleSimulation>,
) -> Result<Json<SimulatedBody>, Problem> {
    let simulation = gaiterguard_simulation::simulate(
        editing.gateway().authority(),
        editing.gateway().settings().risk_threshold,
        editing.definition_store(),
        editing.workspace(),
        simulation,
    )
    .await?;
    Ok(Json(simulation.into()))
}

//! `POST /rules/simulate`: applies proposed rules to recorded requests.

use axum::Json;
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_simulation::{Changes, Example, ProposedRule, Simulation};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::endpoints::editing::Editing;
use crate::endpoints::enums::{DecisionSchema, EffectSchema};
use crate::endpoints::fields::Fields;
use crate::openapi::responses::{InvalidBody, NotUnderstood, SignedOut, Unavailable};
use crate::openapi::text::{Name, Words};
use crate::problem::Problem;

/// Rules to apply to recorded requests.
#[derive(ToSchema)]
#[schema(as = RuleSimulation)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema reads its fields")]
pub(super) struct SimulationBody {
    /// The proposed rules.
    #[schema(max_items = 500)]
    rules: Vec<ProposedRuleBody>,
    /// Number of days to look back.
    #[schema(minimum = 1, maximum = 90, default = 7)]
    days: Option<u32>,
    /// Whether current rules that are not in `rules` stay in effect. By default they do not:
    /// `rules` is the complete set.
    keep_others: Option<bool>,
}

/// A proposed rule: changes to a current rule, or a new rule.
#[derive(ToSchema)]
#[schema(as = ProposedRule)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema reads its fields")]
pub(super) struct ProposedRuleBody {
    /// ID of the current rule to change. Omit it for a new rule.
    id: Option<i64>,
    /// Name. Required for a new rule.
    name: Option<Name>,
    /// Effect. Required for a new rule.
    effect: Option<EffectSchema>,
    /// A CEL expression that a request must satisfy.
    #[schema(max_length = 4096)]
    condition: Option<String>,
    /// The rule in plain words. Simulations do not evaluate it.
    text: Option<Words>,
    /// ID of the service that the rule is limited to.
    service_id: Option<i64>,
    /// ID of the agent that the rule is limited to.
    agent_id: Option<i64>,
    /// Whether the rule is enabled.
    enabled: Option<bool>,
}

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
    /// headers and body are stored only for held requests. They count as decided as before.
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
    #[schema(value_type = DecisionSchema)]
    before: Decision,
    /// The decision with the proposed rules; null if it cannot be evaluated.
    #[schema(required, value_type = Option<DecisionSchema>)]
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
    #[schema(value_type = EffectSchema)]
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
/// Applies the proposed rules to the requests of the last days, up to 10,000 of them, and returns
/// the requests with a different decision. Nothing is changed.
#[utoipa::path(
    post,
    path = "/rules/simulate",
    operation_id = "simulateRules",
    tag = "rules",
    request_body = SimulationBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "The result of the simulation.", body = SimulatedBody),
        InvalidBody, SignedOut, NotUnderstood, Unavailable,
    )
)]
pub(super) async fn simulate(
    editing: Editing,
    fields: Fields<SimulationBody>,
) -> Result<Json<SimulatedBody>, Problem> {
    let simulation = gaiterguard_simulation::simulate(
        editing.gateway().authority(),
        editing.gateway().settings().risk_threshold,
        editing.definition_store(),
        editing.workspace(),
        &fields.members,
    )
    .await?;
    Ok(Json(simulation.into()))
}

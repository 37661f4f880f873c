//! `POST /rules/simulate`: what proposed rules would have made of the recorded requests.

use axum::Json;
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_gateway::simulate::{self, Changes, Example, ProposedRule, Simulation};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::endpoints::editing::Editing;
use crate::endpoints::fields::Fields;
use crate::endpoints::words::{DecisionWord, EffectWord};
use crate::openapi::responses::{InvalidBody, NotUnderstood, SignedOut, Unavailable};
use crate::openapi::text::{Name, Words};
use crate::problem::Problem;

/// A set of rules that is to be tried on the recorded requests.
#[derive(ToSchema)]
#[schema(as = RuleSimulation)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(super) struct SimulationBody {
    /// The proposed rules.
    #[schema(max_items = 500)]
    rules: Vec<ProposedRuleBody>,
    /// How many days are looked back.
    #[schema(minimum = 1, maximum = 90, default = 7)]
    days: Option<u32>,
    /// Whether the present rules that are not named stay as they are. If left out they count no
    /// more: `rules` is then the whole set.
    keep_others: Option<bool>,
}

/// A proposed rule: a present one by its id, with what is to be changed of it, or a new one.
#[derive(ToSchema)]
#[schema(as = ProposedRule)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(super) struct ProposedRuleBody {
    /// The present rule that it is; none for a new one.
    id: Option<i64>,
    /// Its name. A new rule needs one.
    name: Option<Name>,
    /// What it does. A new rule needs one.
    effect: Option<EffectWord>,
    /// A CEL expression that a request must satisfy.
    #[schema(max_length = 4096)]
    condition: Option<String>,
    /// The rule in plain words; nothing is simulated of such.
    text: Option<Words>,
    /// The service that it is limited to.
    service_id: Option<i64>,
    /// The agent that it is limited to.
    agent_id: Option<i64>,
    /// Whether it counts.
    enabled: Option<bool>,
}

/// What the proposed rules would have changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleSimulationResult)]
pub(super) struct SimulatedBody {
    /// From when on requests were looked at.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// How many were looked at.
    #[schema(minimum = 0)]
    requests: u64,
    /// Whether there were more than are looked at, so that the oldest were left out.
    is_cut: bool,
    /// Held before, and forwarded under the proposed rules.
    released: ChangesBody,
    /// Forwarded before, and held under the proposed rules.
    held: ChangesBody,
    /// Forwarded or held before, and refused under the proposed rules.
    denied: ChangesBody,
    /// Refused before, and forwarded or held under the proposed rules.
    admitted: ChangesBody,
    /// What cannot be said, because a rule looks at what was not kept of the request: headers and
    /// body are kept of held requests alone. These count as decided as they were.
    undecidable: ChangesBody,
    /// How many requests a day are held.
    prompts_per_day: PromptsBody,
}

/// How many requests a day are held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PromptsPerDay)]
pub(super) struct PromptsBody {
    /// As it was.
    #[schema(minimum = 0)]
    before: f64,
    /// Under the proposed rules.
    #[schema(minimum = 0)]
    after: f64,
}

/// Requests that would have been decided otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedChanges)]
pub(super) struct ChangesBody {
    /// How many.
    #[schema(minimum = 0)]
    count: u64,
    /// The latest of them, up to ten.
    examples: Vec<ExampleBody>,
}

/// A recorded request that would have been decided otherwise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedExample)]
pub(super) struct ExampleBody {
    /// The request's id.
    id: i64,
    /// The id that its answer carried as `X-Request-Id`.
    request_id: Uuid,
    /// The action, if it was held.
    #[schema(required)]
    action_id: Option<Uuid>,
    /// The agent that asked.
    agent_id: i64,
    /// The service that it asked of.
    service_id: i64,
    /// The method.
    method: String,
    /// The address.
    target_url: String,
    /// Why the agent asked. Untrusted text.
    intent: String,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What was decided.
    #[schema(value_type = DecisionWord)]
    before: Decision,
    /// What would have been; null where that cannot be said.
    #[schema(required, value_type = Option<DecisionWord>)]
    after: Option<Decision>,
    /// The proposed rule that decides it, or that looks at what was not kept; null where none does.
    #[schema(required)]
    rule: Option<DecidingRuleBody>,
}

/// The proposed rule that decides a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecidingRule)]
pub(super) struct DecidingRuleBody {
    /// Its id; null for a new rule.
    #[schema(required)]
    id: Option<i64>,
    /// Its name.
    name: String,
    /// What it does.
    #[schema(value_type = EffectWord)]
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

/// Try rules on the recorded requests
///
/// Nothing is changed. Replays the proposed rules over the requests of the last days, up to
/// 10,000 of them, and answers what would have been decided otherwise.
#[utoipa::path(
    post,
    path = "/rules/simulate",
    operation_id = "simulateRules",
    tag = "rules",
    request_body = SimulationBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "What would have changed.", body = SimulatedBody),
        InvalidBody, SignedOut, NotUnderstood, Unavailable,
    )
)]
pub(super) async fn simulate(
    editing: Editing,
    fields: Fields<SimulationBody>,
) -> Result<Json<SimulatedBody>, Problem> {
    let simulation = simulate::simulate(
        editing.gateway(),
        editing.desk(),
        editing.workspace(),
        &fields.members,
    )
    .await?;
    Ok(Json(simulation.into()))
}

//! `POST /rules/simulate`: applies proposed rules to recorded requests.

use axum::Json;
use gaiterguard_assessment::effect_of;
use gaiterguard_definitions::simulation::RuleSimulation;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::rule::RuleEffect;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;
use gaiterguard_simulation::{Changes, Example, ProposedRule, Simulation};
use gaiterguard_summary::{MoneySum, Summary};
use gaiterguard_web::extract::Fields;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidBody, NotUnderstood, SignedOut, Unavailable};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::editing::Editing;
use crate::list::each;
use crate::recorded::{Effects, Recorded};

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
    /// Number of requests that at least one of the rules in `rules` matches.
    #[schema(minimum = 0)]
    matches: u64,
    /// Number of other requests that one of the rules in `rules` could match, depending on a part that
    /// was not stored.
    #[schema(minimum = 0)]
    possible_matches: u64,
    /// Requests that were held and would be forwarded.
    released: ChangesBody,
    /// Requests that were forwarded and would be held.
    held: ChangesBody,
    /// Requests that were forwarded or held and would be denied.
    denied: ChangesBody,
    /// Requests that were denied and would be forwarded or held.
    admitted: ChangesBody,
    /// Requests that cannot be evaluated, because a rule depends on a part that was not stored.
    /// Headers and bodies are stored only for held requests. The decisions on these requests count
    /// as unchanged.
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
    /// Sums of the amounts of money, one for each currency. Includes only held requests whose currency
    /// and unit are known.
    amounts: Vec<AmountBody>,
    /// The most recent ones, up to ten.
    examples: Vec<ExampleBody>,
}

/// A sum of amounts of money.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SimulatedAmount)]
pub(super) struct AmountBody {
    /// ISO 4217 currency code.
    #[schema(example = "EUR")]
    currency: String,
    /// The sum in units of the currency, as a decimal number.
    #[schema(example = "310400.00")]
    value: String,
    /// Number of requests in the sum.
    #[schema(minimum = 1)]
    requests: u64,
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
    /// Most severe effect, as in `GET /requests`.
    effect: Effect,
    /// Summary of the effect of the request, as in `GET /requests`. Null if the request was not held.
    #[schema(required)]
    summary: Option<Summary>,
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

impl SimulatedBody {
    async fn of(simulation: Simulation, recorded: &Recorded<'_>) -> Result<Self, Problem> {
        let changes = async |changes| ChangesBody::of(changes, recorded).await;
        Ok(Self {
            since: simulation.since,
            requests: simulation.requests,
            is_cut: simulation.is_cut,
            matches: simulation.matches,
            possible_matches: simulation.possible_matches,
            released: changes(simulation.released).await?,
            held: changes(simulation.held).await?,
            denied: changes(simulation.denied).await?,
            admitted: changes(simulation.admitted).await?,
            undecidable: changes(simulation.undecidable).await?,
            prompts_per_day: PromptsBody {
                before: simulation.prompts_before,
                after: simulation.prompts_after,
            },
        })
    }
}

impl ChangesBody {
    async fn of(changes: Changes, recorded: &Recorded<'_>) -> Result<Self, Problem> {
        let mut examples = Vec::with_capacity(changes.examples.len());
        for example in changes.examples {
            examples.push(ExampleBody::of(example, recorded).await?);
        }
        Ok(Self {
            count: changes.count,
            amounts: each(changes.amounts.sums()),
            examples,
        })
    }
}

impl From<MoneySum> for AmountBody {
    fn from(sum: MoneySum) -> Self {
        Self {
            currency: sum.currency,
            value: sum.value,
            requests: sum.count,
        }
    }
}

impl ExampleBody {
    async fn of(example: Example, recorded: &Recorded<'_>) -> Result<Self, Problem> {
        let entry = example.entry;
        let Effects { effect, summary } = recorded.effects_of(&entry).await?;
        Ok(Self {
            effect,
            summary,
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
        })
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
/// how many decisions would change, with up to ten examples of each change. Nothing is saved.
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
        effect_of,
        editing.definition_store(),
        editing.workspace(),
        simulation,
    )
    .await?;
    let definitions = editing.definitions();
    let recorded = Recorded {
        definition_store: editing.definition_store(),
        definitions: definitions.as_deref(),
    };
    Ok(Json(SimulatedBody::of(simulation, &recorded).await?))
}

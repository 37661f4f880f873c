//! `/rules`: what an operator has decided beforehand.

mod compile;
mod simulate;
mod validate;

use axum::Json;
use gaiterguard_definitions::rule::{self, Hits};
use gaiterguard_domain::id::RuleId;
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::Stored;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use super::fields::Fields;
use super::list::{Done, List, PageQuery, foreign_cursor};
use super::words::EffectWord;
use crate::extract::{ApiPath, ApiQuery};
use crate::openapi::responses::{Conflict, InvalidBody, InvalidParameter, NotFound, NotUnderstood};
use crate::openapi::text::{Name, Words};
use crate::problem::Problem;
use validate::ConditionWarningBody;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(validate::validate))
        .routes(routes!(simulate::simulate))
        .routes(routes!(compile::compile))
}

/// A rule that is to be made.
#[derive(ToSchema)]
#[schema(as = NewRule)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(crate) struct NewRuleBody {
    /// Its name.
    name: Name,
    /// What it does.
    effect: EffectWord,
    /// A CEL expression that a request must satisfy. A rule without one, and without a text,
    /// matches every request of its service and agent; with the effect `allow` it lets risky ones
    /// pass without approval, which the response warns of.
    #[schema(max_length = 4096)]
    condition: Option<String>,
    /// The rule in plain words. With a condition it only explains that; without one the language
    /// model applies it, where one is configured.
    text: Option<Words>,
    /// The service that it is limited to.
    service_id: Option<i64>,
    /// The agent that it is limited to.
    agent_id: Option<i64>,
    /// Whether it counts; it does if left out.
    enabled: Option<bool>,
}

/// What is to be changed of a rule; what is left out stays, and null takes a limit away.
#[derive(ToSchema)]
#[schema(as = RuleChange)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(crate) struct RuleChangeBody {
    /// Its name.
    #[schema(nullable = false)]
    name: Option<Name>,
    /// What it does.
    #[schema(nullable = false)]
    effect: Option<EffectWord>,
    /// A CEL expression that a request must satisfy. A rule without one, and without a text,
    /// matches every request of its service and agent; with the effect `allow` it lets risky ones
    /// pass without approval, which the response warns of.
    #[schema(max_length = 4096)]
    condition: Option<String>,
    /// The rule in plain words. With a condition it only explains that; without one the language
    /// model applies it, where one is configured.
    text: Option<Words>,
    /// The service that it is limited to.
    service_id: Option<i64>,
    /// The agent that it is limited to.
    agent_id: Option<i64>,
    /// Whether it counts.
    enabled: Option<bool>,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rule)]
pub(crate) struct RuleBody {
    /// Its id.
    id: i64,
    /// Whether what is stored of it is damaged. Then its name, as far as that can be read, when it was
    /// made and its hits are all that is known of it; the other fields say nothing. The agents of the
    /// workspace are refused until it is removed or repaired.
    unreadable: bool,
    /// Its name.
    name: String,
    /// What it does.
    #[schema(value_type = EffectWord)]
    effect: RuleEffect,
    /// The CEL expression that a request must satisfy.
    #[schema(required)]
    condition: Option<String>,
    /// The rule in plain words.
    #[schema(required)]
    text: Option<String>,
    /// The service that it is limited to.
    #[schema(required)]
    service_id: Option<i64>,
    /// The agent that it is limited to.
    #[schema(required)]
    agent_id: Option<i64>,
    /// Whether it counts.
    enabled: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// How often it matched lately.
    hits: HitsBody,
    /// What its author should know about its condition or its lack, though it is understood.
    warnings: Vec<ConditionWarningBody>,
}

/// How often a rule matched in the last 30 days (UTC, today included): every request that was
/// decided counts, dry runs and simulations do not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleHits)]
pub(crate) struct HitsBody {
    /// How many requests it matched.
    #[schema(minimum = 0)]
    count: i64,
    /// When it matched last; null if it did not.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_at: Option<Timestamp>,
    /// Since when is counted.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

impl HitsBody {
    fn of(rule: RuleId, hits: &Hits) -> Self {
        let matched = hits.of(rule);
        Self {
            count: matched.map_or(0, |hits| hits.count),
            last_at: matched.map(|hits| hits.last_at),
            since: hits.since(),
        }
    }
}

impl From<(Stored<Rule>, &Hits)> for RuleBody {
    fn from((found, hits): (Stored<Rule>, &Hits)) -> Self {
        match found {
            Stored::Intact(rule) => (rule, hits).into(),
            // As long as it is there every request is refused.
            Stored::Damaged(damaged) => Self {
                id: damaged.id,
                unreadable: true,
                name: damaged.name,
                effect: RuleEffect::Deny,
                condition: None,
                text: None,
                service_id: None,
                agent_id: None,
                enabled: true,
                created_at: damaged.created_at,
                updated_at: damaged.created_at,
                hits: HitsBody::of(RuleId(damaged.id), hits),
                warnings: Vec::new(),
            },
        }
    }
}

impl From<(Rule, &Hits)> for RuleBody {
    fn from((rule, hits): (Rule, &Hits)) -> Self {
        let condition = rule.condition.as_deref();
        let open = rule::allows_everything(rule.effect, condition, rule.text.as_deref());
        let warnings = condition.map(|condition| rule::warnings(condition, Some(rule.effect)));
        Self {
            unreadable: false,
            hits: HitsBody::of(rule.id, hits),
            warnings: warnings
                .unwrap_or_default()
                .into_iter()
                .chain(open)
                .map(Into::into)
                .collect(),
            id: rule.id.0,
            name: rule.name,
            effect: rule.effect,
            condition: rule.condition,
            text: rule.text,
            service_id: rule.service.map(|service| service.0),
            agent_id: rule.agent.map(|agent| agent.0),
            enabled: rule.enabled,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        }
    }
}

/// A rule with its hits.
async fn shown(editing: &Editing, rule: Stored<Rule>) -> Result<Json<RuleBody>, Problem> {
    let hits = rule::hits(editing.desk(), editing.workspace()).await?;
    Ok(Json((rule, &hits).into()))
}

/// The rules
#[utoipa::path(
    get,
    path = "/rules",
    operation_id = "listRules",
    tag = "rules",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of them.", body = List<RuleBody>),
        InvalidParameter,
    )
)]
async fn list(
    editing: Editing,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<RuleBody>>, Problem> {
    let all = rule::list(editing.desk(), editing.workspace()).await?;
    let hits = rule::hits(editing.desk(), editing.workspace()).await?;
    let all = all.into_iter().map(|rule| (rule, &hits)).collect();
    let page = List::cut(all, &query, |(found, _)| match found {
        Stored::Intact(rule) => rule.id.0,
        Stored::Damaged(damaged) => damaged.id,
    });
    page.map(Json).ok_or_else(foreign_cursor)
}

/// Make a rule
#[utoipa::path(
    post,
    path = "/rules",
    operation_id = "createRule",
    tag = "rules",
    request_body = NewRuleBody,
    responses(
        (status = 201, description = "It is made.", body = RuleBody),
        InvalidBody, Conflict, NotUnderstood,
    )
)]
async fn create(
    editing: Editing,
    fields: Fields<NewRuleBody>,
) -> Result<(StatusCode, Json<RuleBody>), Problem> {
    let rule = editing
        .change(async |desk, editor| rule::create(desk, editor, &fields.members).await)
        .await?;
    Ok((
        StatusCode::CREATED,
        shown(&editing, Stored::Intact(rule)).await?,
    ))
}

/// One rule
#[utoipa::path(
    get,
    path = "/rules/{id}",
    operation_id = "getRule",
    tag = "rules",
    params(("id" = i64, Path, description = "The rule.")),
    responses(
        (status = 200, description = "The rule.", body = RuleBody),
        InvalidParameter, NotFound,
    )
)]
async fn get(editing: Editing, ApiPath(id): ApiPath<RuleId>) -> Result<Json<RuleBody>, Problem> {
    let rule = rule::find(editing.desk(), editing.workspace(), id).await?;
    shown(&editing, rule).await
}

/// Change a rule
#[utoipa::path(
    put,
    path = "/rules/{id}",
    operation_id = "updateRule",
    tag = "rules",
    params(("id" = i64, Path, description = "The rule.")),
    request_body = RuleChangeBody,
    responses(
        (status = 200, description = "It is changed.", body = RuleBody),
        InvalidBody, NotFound, Conflict, NotUnderstood,
    )
)]
async fn update(
    editing: Editing,
    ApiPath(id): ApiPath<RuleId>,
    fields: Fields<RuleChangeBody>,
) -> Result<Json<RuleBody>, Problem> {
    let rule = editing
        .change(async |desk, editor| rule::update(desk, editor, id, &fields.members).await)
        .await?;
    shown(&editing, Stored::Intact(rule)).await
}

/// Remove a rule
#[utoipa::path(
    delete,
    path = "/rules/{id}",
    operation_id = "deleteRule",
    tag = "rules",
    params(("id" = i64, Path, description = "The rule.")),
    responses(
        (status = 200, description = "It is removed.", body = Done),
        InvalidParameter, NotFound,
    )
)]
async fn delete(editing: Editing, ApiPath(id): ApiPath<RuleId>) -> Result<Json<Done>, Problem> {
    editing
        .change(async |desk, editor| rule::delete(desk, editor, id).await)
        .await?;
    Ok(Json(Done {
        message: "The rule is removed.",
    }))
}

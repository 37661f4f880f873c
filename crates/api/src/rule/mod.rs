//! `/rules`: an operator's rules.

mod compile;
mod simulate;
mod validate;

use axum::Json;
use gaiterguard_definitions::passkey_holders::PasskeyHolders;
use gaiterguard_definitions::rule::{self, Hits, NewRule, RuleChange};
use gaiterguard_domain::approvals::Approvals;
use gaiterguard_domain::id::RuleId;
use gaiterguard_domain::rule::{Rule, RuleEffect};
use gaiterguard_domain::step_up::StepUp;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_store::Stored;
use gaiterguard_web::extract::{ApiPath, ApiQuery, Fields};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{
    Conflict, InvalidBody, InvalidParameter, NotFound, NotUnderstood,
};
use gaiterguard_web::session::with_session;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use super::list::{Done, List, PageQuery};
use validate::WarningBody;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .merge(with_session(
            Permission::Read,
            OpenApiRouter::new()
                .routes(routes!(list))
                .routes(routes!(get)),
        ))
        .merge(with_session(
            Permission::Define,
            OpenApiRouter::new()
                .routes(routes!(create))
                .routes(routes!(update, delete))
                .routes(routes!(validate::validate))
                .routes(routes!(simulate::simulate))
                .routes(routes!(compile::compile)),
        ))
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rule)]
pub(crate) struct RuleBody {
    /// Unique identifier.
    id: i64,
    /// Whether the stored rule is damaged. If so, only `name` (as far as it is readable),
    /// `createdAt`, and `hits` are valid. Requests of the workspace's agents are refused until the
    /// rule is deleted or repaired.
    unreadable: bool,
    /// Name.
    name: String,
    /// Effect.
    effect: RuleEffect,
    /// CEL expression that a request must satisfy.
    #[schema(required)]
    condition: Option<String>,
    /// The rule in plain words.
    #[schema(required)]
    text: Option<String>,
    /// ID of the service that the rule is limited to.
    #[schema(required)]
    service_id: Option<i64>,
    /// ID of the agent that the rule is limited to.
    #[schema(required)]
    agent_id: Option<i64>,
    /// How many people must approve the requests that it holds, and which people. Null if one approval is
    /// enough.
    #[schema(required)]
    approvals: Option<Approvals>,
    /// A proof that each approval of a request held by the rule requires, in addition to a session. Null if none is
    /// required.
    #[schema(required)]
    #[serde(rename = "stepUp")]
    step_up: Option<StepUp>,
    /// ID of the user who created the rule, or who last changed anything but its name and whether it is
    /// enabled. Null if that is not known.
    #[schema(required)]
    author_id: Option<i64>,
    /// Whether the rule is enabled.
    enabled: bool,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// How often it matched recently.
    hits: HitsBody,
    /// Warnings about the condition or its absence, and about a step-up that too few people can give.
    warnings: Vec<WarningBody>,
}

/// How often a rule matched in the last 30 days (UTC, including today). Dry runs and simulations do
/// not count.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleHits)]
pub(crate) struct HitsBody {
    /// Number of requests that it matched.
    #[schema(minimum = 0)]
    count: i64,
    /// When it last matched; null if it did not.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_at: Option<Timestamp>,
    /// Start of the period that `count` covers.
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

/// The parts of a rule's body that are not in its definition.
type Around<'a> = (&'a Hits, &'a PasskeyHolders);

impl From<(Stored<Rule>, Around<'_>)> for RuleBody {
    fn from((found, around): (Stored<Rule>, Around<'_>)) -> Self {
        match found {
            Stored::Intact(rule) => (rule, around).into(),
            // A damaged rule causes every request to be refused, so it counts as enabled.
            Stored::Damaged(damaged) => Self {
                id: damaged.id,
                unreadable: true,
                name: damaged.name,
                effect: RuleEffect::Deny,
                condition: None,
                text: None,
                service_id: None,
                agent_id: None,
                approvals: None,
                step_up: None,
                author_id: None,
                enabled: true,
                created_at: damaged.created_at,
                updated_at: damaged.created_at,
                hits: HitsBody::of(RuleId(damaged.id), around.0),
                warnings: Vec::new(),
            },
        }
    }
}

impl From<(Rule, Around<'_>)> for RuleBody {
    fn from((rule, (hits, holders)): (Rule, Around<'_>)) -> Self {
        let (condition, text) = (rule.condition.as_deref(), rule.text.as_deref());
        let warnings = rule::warnings(rule.effect, condition, text);
        Self {
            unreadable: false,
            hits: HitsBody::of(rule.id, hits),
            warnings: warnings
                .into_iter()
                .map(Into::into)
                .chain(holders.warning_about(&rule).map(WarningBody::of_step_up))
                .collect(),
            id: rule.id.0,
            name: rule.name,
            effect: rule.effect,
            condition: rule.condition,
            text: rule.text,
            service_id: rule.service.map(|service| service.0),
            agent_id: rule.agent.map(|agent| agent.0),
            approvals: rule.approvals,
            step_up: rule.step_up,
            author_id: rule.author.map(|author| author.0),
            enabled: rule.enabled,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        }
    }
}

/// Returns the body of a rule, with its hits.
async fn shown(editing: &Editing, rule: Stored<Rule>) -> Result<Json<RuleBody>, Problem> {
    let hits = rule::hits(editing.definition_store(), editing.workspace()).await?;
    let holders = PasskeyHolders::of(editing.definition_store(), editing.workspace()).await?;
    Ok(Json((rule, (&hits, &holders)).into()))
}

/// List rules
///
/// Returns all rules, enabled or not, in order of creation.
#[utoipa::path(
    get,
    path = "/rules",
    operation_id = "listRules",
    tag = "rules",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of rules.", body = List<RuleBody>),
        InvalidParameter,
    )
)]
async fn list(
    editing: Editing,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<RuleBody>>, Problem> {
    let all = rule::list(editing.definition_store(), editing.workspace()).await?;
    let hits = rule::hits(editing.definition_store(), editing.workspace()).await?;
    let holders = PasskeyHolders::of(editing.definition_store(), editing.workspace()).await?;
    let around = (&hits, &holders);
    let all = all.into_iter().map(|rule| (rule, around)).collect();
    let page = List::cut(all, &query, |(found, _)| match found {
        Stored::Intact(rule) => rule.id.0,
        Stored::Damaged(damaged) => damaged.id,
    });
    page.map(Json).ok_or_else(Problem::foreign_cursor)
}

/// Create a rule
///
/// The condition is compiled first. An enabled rule applies to the next request.
#[utoipa::path(
    post,
    path = "/rules",
    operation_id = "createRule",
    tag = "rules",
    request_body = NewRule,
    responses(
        (status = 201, description = "The new rule.", body = RuleBody),
        InvalidBody, Conflict, NotUnderstood,
    )
)]
async fn create(
    editing: Editing,
    Fields(new): Fields<NewRule>,
) -> Result<(StatusCode, Json<RuleBody>), Problem> {
    let rule = editing
        .change(async |store, editor| rule::create(store, editor, new).await)
        .await?;
    Ok((
        StatusCode::CREATED,
        shown(&editing, Stored::Intact(rule)).await?,
    ))
}

/// Get a rule
///
/// Returns the rule with its condition, its effect, and whether it is enabled.
#[utoipa::path(
    get,
    path = "/rules/{id}",
    operation_id = "getRule",
    tag = "rules",
    params(("id" = i64, Path, description = "ID of the rule.")),
    responses(
        (status = 200, description = "The rule.", body = RuleBody),
        InvalidParameter, NotFound,
    )
)]
async fn get(editing: Editing, ApiPath(id): ApiPath<RuleId>) -> Result<Json<RuleBody>, Problem> {
    let rule = rule::find(editing.definition_store(), editing.workspace(), id).await?;
    shown(&editing, rule).await
}

/// Update a rule
///
/// Changes the fields that the body contains. A new condition is compiled first.
#[utoipa::path(
    put,
    path = "/rules/{id}",
    operation_id = "updateRule",
    tag = "rules",
    params(("id" = i64, Path, description = "ID of the rule.")),
    request_body = RuleChange,
    responses(
        (status = 200, description = "The updated rule.", body = RuleBody),
        InvalidBody, NotFound, Conflict, NotUnderstood,
    )
)]
async fn update(
    editing: Editing,
    ApiPath(id): ApiPath<RuleId>,
    Fields(change): Fields<RuleChange>,
) -> Result<Json<RuleBody>, Problem> {
    let rule = editing
        .change(async |store, editor| rule::update(store, editor, id, change).await)
        .await?;
    shown(&editing, Stored::Intact(rule)).await
}

/// Delete a rule
///
/// The rule no longer applies to new requests. Earlier decisions keep its name.
#[utoipa::path(
    delete,
    path = "/rules/{id}",
    operation_id = "deleteRule",
    tag = "rules",
    params(("id" = i64, Path, description = "ID of the rule.")),
    responses(
        (status = 200, description = "The rule was deleted.", body = Done),
        InvalidParameter, NotFound,
    )
)]
async fn delete(editing: Editing, ApiPath(id): ApiPath<RuleId>) -> Result<Json<Done>, Problem> {
    editing
        .change(async |store, editor| rule::delete(store, editor, id).await)
        .await?;
    Ok(Json(Done {
        message: "Rule deleted.",
    }))
}

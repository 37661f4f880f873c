//! `/agents`: who may ask, of which services, and with which key.

mod shown;

use axum::Json;
use gaiterguard_definitions::agent;
use gaiterguard_domain::id::AgentId;
use gaiterguard_store::Stored;
use http::StatusCode;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::shown::{AgentBody, KeyedAgentBody, show, show_all, show_keyed};
use super::DashboardState;
use super::editing::Editing;
use super::fields::Fields;
use super::list::Done;
use crate::extract::ApiPath;
use crate::openapi::responses::{Conflict, InvalidBody, InvalidParameter, NotFound};
use crate::openapi::text::Name;
use crate::problem::Problem;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(set_scope))
        .routes(routes!(rotate_key))
        .routes(routes!(block))
        .routes(routes!(unblock))
}

/// An agent that is to be made.
#[derive(ToSchema)]
#[schema(as = NewAgent)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(crate) struct NewAgentBody {
    /// Its name. Names that read like a human, the gateway or an actor of the audit log (`you`, `system`,
    /// `operator`, `agent 5`) are reserved.
    name: Name,
    /// The services it may use; none if left out.
    #[schema(max_items = 1000)]
    service_ids: Option<Vec<i64>>,
    /// How long its held calls stay open by default, in seconds; 0 if left out.
    #[schema(minimum = 0, maximum = 300)]
    hold_seconds: Option<u32>,
    /// When its key stops opening anything; never if left out.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// The risk score from which its requests are held; the gateway's own if left out.
    #[schema(minimum = 0, maximum = 1)]
    risk_threshold: Option<f64>,
}

/// What is to be changed of an agent; what is left out stays.
#[derive(ToSchema)]
#[schema(as = AgentChange)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(crate) struct AgentChangeBody {
    /// Its name.
    #[schema(nullable = false)]
    name: Option<Name>,
    /// Whether its key opens anything at all.
    is_active: Option<bool>,
    /// How long its held calls stay open by default, in seconds.
    #[schema(minimum = 0, maximum = 300)]
    hold_seconds: Option<u32>,
    /// When its key stops opening anything; null for never.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// The risk score from which its requests are held; null for the gateway's own.
    #[schema(minimum = 0, maximum = 1)]
    risk_threshold: Option<f64>,
}

/// What an agent may use.
#[derive(ToSchema)]
#[schema(as = AgentScope)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(crate) struct ScopeBody {
    /// The services, all of them.
    #[schema(max_items = 1000)]
    service_ids: Vec<i64>,
}

/// All agents
#[utoipa::path(
    get,
    path = "/agents",
    operation_id = "listAgents",
    tag = "agents",
    responses((status = 200, description = "All of them.", body = Vec<AgentBody>))
)]
async fn list(editing: Editing) -> Result<Json<Vec<AgentBody>>, Problem> {
    let agents = agent::list(editing.desk(), editing.workspace()).await?;
    show_all(&editing, agents).await
}

/// Make an agent
///
/// Its key is in the answer, and nowhere else ever again.
#[utoipa::path(
    post,
    path = "/agents",
    operation_id = "createAgent",
    tag = "agents",
    request_body = NewAgentBody,
    responses(
        (status = 201, description = "It is made.", body = KeyedAgentBody),
        InvalidBody,
    )
)]
async fn create(
    editing: Editing,
    fields: Fields<NewAgentBody>,
) -> Result<(StatusCode, Json<KeyedAgentBody>), Problem> {
    let keyed = editing
        .change(async |desk, editor| agent::create(desk, editor, &fields.members).await)
        .await?;
    Ok((StatusCode::CREATED, show_keyed(&editing, keyed).await?))
}

/// One agent
#[utoipa::path(
    get,
    path = "/agents/{id}",
    operation_id = "getAgent",
    tag = "agents",
    params(("id" = i64, Path, description = "The agent.")),
    responses(
        (status = 200, description = "The agent.", body = AgentBody),
        InvalidParameter, NotFound,
    )
)]
async fn get(editing: Editing, ApiPath(id): ApiPath<AgentId>) -> Result<Json<AgentBody>, Problem> {
    let agent = agent::find(editing.desk(), editing.workspace(), id).await?;
    show(&editing, agent).await
}

/// Change an agent
#[utoipa::path(
    put,
    path = "/agents/{id}",
    operation_id = "updateAgent",
    tag = "agents",
    params(("id" = i64, Path, description = "The agent.")),
    request_body = AgentChangeBody,
    responses(
        (status = 200, description = "It is changed.", body = AgentBody),
        InvalidBody, NotFound, Conflict,
    )
)]
async fn update(
    editing: Editing,
    ApiPath(id): ApiPath<AgentId>,
    fields: Fields<AgentChangeBody>,
) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(async |desk, editor| agent::update(desk, editor, id, &fields.members).await)
        .await?;
    show(&editing, Stored::Intact(agent)).await
}

/// Remove an agent
///
/// What waits for it is taken back.
#[utoipa::path(
    delete,
    path = "/agents/{id}",
    operation_id = "deleteAgent",
    tag = "agents",
    params(("id" = i64, Path, description = "The agent.")),
    responses(
        (status = 200, description = "It is removed.", body = Done),
        InvalidParameter, NotFound,
    )
)]
async fn delete(editing: Editing, ApiPath(id): ApiPath<AgentId>) -> Result<Json<Done>, Problem> {
    editing
        .change(async |desk, editor| agent::delete(desk, editor, id).await)
        .await?;
    Ok(Json(Done {
        message: "The agent is removed.",
    }))
}

/// Set what an agent may use
#[utoipa::path(
    put,
    path = "/agents/{id}/services",
    operation_id = "setAgentServices",
    tag = "agents",
    params(("id" = i64, Path, description = "The agent.")),
    request_body = ScopeBody,
    responses(
        (status = 200, description = "It is set.", body = AgentBody),
        InvalidBody, NotFound,
    )
)]
async fn set_scope(
    editing: Editing,
    ApiPath(id): ApiPath<AgentId>,
    fields: Fields<ScopeBody>,
) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(async |desk, editor| agent::set_scope(desk, editor, id, &fields.members).await)
        .await?;
    show(&editing, agent).await
}

/// Give an agent another key
///
/// The old one stops at once.
#[utoipa::path(
    post,
    path = "/agents/{id}/rotate-key",
    operation_id = "rotateAgentKey",
    tag = "agents",
    params(("id" = i64, Path, description = "The agent.")),
    responses(
        (status = 200, description = "It has another key.", body = KeyedAgentBody),
        InvalidParameter, NotFound,
    )
)]
async fn rotate_key(
    editing: Editing,
    ApiPath(id): ApiPath<AgentId>,
) -> Result<Json<KeyedAgentBody>, Problem> {
    let keyed = editing
        .change(async |desk, editor| agent::rotate_key(desk, editor, id).await)
        .await?;
    show_keyed(&editing, keyed).await
}

/// Block an agent
///
/// It may ask for nothing, its running calls are cut and what waits for it is taken back.
#[utoipa::path(
    post,
    path = "/agents/{id}/block",
    operation_id = "blockAgent",
    tag = "agents",
    params(("id" = i64, Path, description = "The agent.")),
    responses(
        (status = 200, description = "It is blocked.", body = AgentBody),
        InvalidParameter, NotFound,
    )
)]
async fn block(
    editing: Editing,
    ApiPath(id): ApiPath<AgentId>,
) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(async |desk, editor| agent::block(desk, editor, id).await)
        .await?;
    show(&editing, agent).await
}

/// Let a blocked agent ask again
#[utoipa::path(
    post,
    path = "/agents/{id}/unblock",
    operation_id = "unblockAgent",
    tag = "agents",
    params(("id" = i64, Path, description = "The agent.")),
    responses(
        (status = 200, description = "It is not blocked.", body = AgentBody),
        InvalidParameter, NotFound,
    )
)]
async fn unblock(
    editing: Editing,
    ApiPath(id): ApiPath<AgentId>,
) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(async |desk, editor| agent::unblock(desk, editor, id).await)
        .await?;
    show(&editing, agent).await
}

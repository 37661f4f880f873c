//! `/agents`: agents, their keys, and the services they may use.

mod body;

use axum::Json;
use gaiterguard_definitions::agent::{self, AgentChange, AgentScope, NewAgent};
use gaiterguard_domain::id::AgentId;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_store::Stored;
use gaiterguard_web::extract::{ApiPath, Fields};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{Conflict, InvalidBody, InvalidParameter, NotFound};
use gaiterguard_web::session::with_session;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::body::{AgentBody, KeyedAgentBody, show, show_all, show_keyed};
use super::DashboardState;
use super::editing::Editing;
use super::list::Done;

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
            Permission::Stop,
            OpenApiRouter::new().routes(routes!(block)),
        ))
        .merge(with_session(
            Permission::Define,
            OpenApiRouter::new()
                .routes(routes!(create))
                .routes(routes!(update, delete))
                .routes(routes!(set_scope))
                .routes(routes!(rotate_key))
                .routes(routes!(unblock)),
        ))
}

/// List agents
///
/// Returns the agents in order of creation, with the services that each may use. Keys are never returned.
#[utoipa::path(
    get,
    path = "/agents",
    operation_id = "listAgents",
    tag = "agents",
    responses((status = 200, description = "All agents.", body = Vec<AgentBody>))
)]
async fn list(editing: Editing) -> Result<Json<Vec<AgentBody>>, Problem> {
    let agents = agent::list(editing.definition_store(), editing.workspace()).await?;
    show_all(&editing, agents).await
}

/// Create an agent
///
/// The response contains the agent's key. It is shown only once.
#[utoipa::path(
    post,
    path = "/agents",
    operation_id = "createAgent",
    tag = "agents",
    request_body = NewAgent,
    responses(
        (status = 201, description = "The new agent with its key.", body = KeyedAgentBody),
        InvalidBody,
    )
)]
async fn create(
    editing: Editing,
    Fields(new): Fields<NewAgent>,
) -> Result<(StatusCode, Json<KeyedAgentBody>), Problem> {
    let keyed = editing
        .change(async |store, editor| agent::create(store, editor, new).await)
        .await?;
    Ok((StatusCode::CREATED, show_keyed(&editing, keyed).await?))
}

/// Get an agent
///
/// Its key is not returned: it is shown once, when it is created or rotated.
#[utoipa::path(
    get,
    path = "/agents/{id}",
    operation_id = "getAgent",
    tag = "agents",
    params(("id" = i64, Path, description = "ID of the agent.")),
    responses(
        (status = 200, description = "The agent.", body = AgentBody),
        InvalidParameter, NotFound,
    )
)]
async fn get(editing: Editing, ApiPath(id): ApiPath<AgentId>) -> Result<Json<AgentBody>, Problem> {
    let agent = agent::find(editing.definition_store(), editing.workspace(), id).await?;
    show(&editing, agent).await
}

/// Update an agent
///
/// Changes the fields that the body contains and leaves the others as they are.
#[utoipa::path(
    put,
    path = "/agents/{id}",
    operation_id = "updateAgent",
    tag = "agents",
    params(("id" = i64, Path, description = "ID of the agent.")),
    request_body = AgentChange,
    responses(
        (status = 200, description = "The updated agent.", body = AgentBody),
        InvalidBody, NotFound, Conflict,
    )
)]
async fn update(
    editing: Editing,
    ApiPath(id): ApiPath<AgentId>,
    Fields(change): Fields<AgentChange>,
) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(async |store, editor| agent::update(store, editor, id, change).await)
        .await?;
    show(&editing, Stored::Intact(agent)).await
}

/// Delete an agent
///
/// Its running calls are canceled, and its pending and approved actions are revoked.
#[utoipa::path(
    delete,
    path = "/agents/{id}",
    operation_id = "deleteAgent",
    tag = "agents",
    params(("id" = i64, Path, description = "ID of the agent.")),
    responses(
        (status = 200, description = "The agent was deleted.", body = Done),
        InvalidParameter, NotFound,
    )
)]
async fn delete(editing: Editing, ApiPath(id): ApiPath<AgentId>) -> Result<Json<Done>, Problem> {
    editing
        .change(async |store, editor| agent::delete(store, editor, id).await)
        .await?;
    Ok(Json(Done {
        message: "Agent deleted.",
    }))
}

/// Set the services of an agent
///
/// Running calls to services that are no longer listed are canceled, and approved actions for them
/// become stale.
#[utoipa::path(
    put,
    path = "/agents/{id}/services",
    operation_id = "setAgentServices",
    tag = "agents",
    params(("id" = i64, Path, description = "ID of the agent.")),
    request_body = AgentScope,
    responses(
        (status = 200, description = "The updated agent.", body = AgentBody),
        InvalidBody, NotFound,
    )
)]
async fn set_scope(
    editing: Editing,
    ApiPath(id): ApiPath<AgentId>,
    Fields(scope): Fields<AgentScope>,
) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(async |store, editor| agent::set_scope(store, editor, id, scope).await)
        .await?;
    show(&editing, agent).await
}

/// Rotate an agent's key
///
/// The old key stops working immediately, and calls that use it are canceled. Actions stay as they
/// are.
#[utoipa::path(
    post,
    path = "/agents/{id}/rotate-key",
    operation_id = "rotateAgentKey",
    tag = "agents",
    params(("id" = i64, Path, description = "ID of the agent.")),
    responses(
        (status = 200, description = "The agent with its new key.", body = KeyedAgentBody),
        InvalidParameter, NotFound,
    )
)]
async fn rotate_key(
    editing: Editing,
    ApiPath(id): ApiPath<AgentId>,
) -> Result<Json<KeyedAgentBody>, Problem> {
    let keyed = editing
        .change(async |store, editor| agent::rotate_key(store, editor, id).await)
        .await?;
    show_keyed(&editing, keyed).await
}

/// Block an agent
///
/// Its requests are refused, its running calls are canceled, and its pending and approved actions
/// are revoked.
#[utoipa::path(
    post,
    path = "/agents/{id}/block",
    operation_id = "blockAgent",
    tag = "agents",
    params(("id" = i64, Path, description = "ID of the agent.")),
    responses(
        (status = 200, description = "The blocked agent.", body = AgentBody),
        InvalidParameter, NotFound,
    )
)]
async fn block(
    editing: Editing,
    ApiPath(id): ApiPath<AgentId>,
) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(async |store, editor| agent::block(store, editor, id).await)
        .await?;
    show(&editing, agent).await
}

/// Unblock an agent
///
/// Actions that the block revoked stay revoked.
#[utoipa::path(
    post,
    path = "/agents/{id}/unblock",
    operation_id = "unblockAgent",
    tag = "agents",
    params(("id" = i64, Path, description = "ID of the agent.")),
    responses(
        (status = 200, description = "The unblocked agent.", body = AgentBody),
        InvalidParameter, NotFound,
    )
)]
async fn unblock(
    editing: Editing,
    ApiPath(id): ApiPath<AgentId>,
) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(async |store, editor| agent::unblock(store, editor, id).await)
        .await?;
    show(&editing, agent).await
}

//! `/agents`: who may ask, of which services, and with which key.

use std::collections::HashMap;

use axum::Json;
use gaiterguard_domain::agent::Agent;
use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_gateway::agent::{self, KeyedAgent};
use gaiterguard_gateway::service;
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use super::fields::Fields;
use super::list::Done;
use crate::extract::ApiPath;
use crate::openapi::responses::{InvalidBody, InvalidParameter, NotFound, SignedOut, Unavailable};
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
    /// Its name.
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

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgentBody {
    /// Its id.
    id: i64,
    /// Its name.
    name: String,
    /// The first twelve characters of its key.
    key_prefix: String,
    /// Whether its key opens anything at all.
    is_active: bool,
    /// Whether it is blocked.
    blocked: bool,
    /// The services it may use.
    services: Vec<ScopedService>,
    /// How long its held calls stay open by default, in seconds.
    hold_seconds: u32,
    /// The risk score from which its requests are held; null for the gateway's own.
    #[schema(required)]
    risk_threshold: Option<f64>,
    /// When its key stops opening anything.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When its key was last used.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A service that an agent may use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScopedService {
    /// Its id.
    id: i64,
    /// Its name.
    name: String,
}

/// An agent with its key.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyedAgent)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyedAgentBody {
    /// The agent.
    agent: AgentBody,
    /// Its key, shown this once.
    #[schema(pattern = "^agt_[0-9a-f]{64}$")]
    api_key: String,
}

/// The names of a workspace's services.
struct ServiceNames(HashMap<ServiceId, String>);

impl ServiceNames {
    async fn read(editing: &Editing) -> Result<Self, Problem> {
        let services = service::list(editing.desk(), editing.workspace()).await?;
        let names = services
            .into_iter()
            .map(|service| (service.id, service.name));
        Ok(Self(names.collect()))
    }

    /// The agent as it is shown. A service that was removed in this moment is no longer named.
    fn show(&self, agent: Agent) -> AgentBody {
        let services = agent.grants.iter().filter_map(|grant| {
            Some(ScopedService {
                id: grant.service.0,
                name: self.0.get(&grant.service)?.clone(),
            })
        });
        AgentBody {
            id: agent.id.0,
            services: services.collect(),
            name: agent.name,
            key_prefix: agent.key_prefix,
            is_active: agent.is_active,
            blocked: agent.blocked_since.is_some(),
            hold_seconds: agent.hold_seconds,
            risk_threshold: agent.risk_threshold,
            expires_at: agent.expires_at,
            last_used_at: agent.last_used_at,
            created_at: agent.created_at,
            updated_at: agent.updated_at,
        }
    }
}

async fn show(editing: &Editing, agent: Agent) -> Result<Json<AgentBody>, Problem> {
    Ok(Json(ServiceNames::read(editing).await?.show(agent)))
}

async fn show_keyed(editing: &Editing, keyed: KeyedAgent) -> Result<Json<KeyedAgentBody>, Problem> {
    Ok(Json(KeyedAgentBody {
        agent: ServiceNames::read(editing).await?.show(keyed.agent),
        api_key: keyed.key.expose_secret().to_owned(),
    }))
}

/// All agents
#[utoipa::path(
    get,
    path = "/agents",
    operation_id = "listAgents",
    tag = "agents",
    security(("session" = [])),
    responses(
        (status = 200, description = "All of them.", body = Vec<AgentBody>),
        SignedOut, Unavailable,
    )
)]
async fn list(editing: Editing) -> Result<Json<Vec<AgentBody>>, Problem> {
    let agents = agent::list(editing.desk(), editing.workspace()).await?;
    let names = ServiceNames::read(&editing).await?;
    let shown = agents.into_iter().map(|agent| names.show(agent));
    Ok(Json(shown.collect()))
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
    security(("session" = [])),
    responses(
        (status = 201, description = "It is made.", body = KeyedAgentBody),
        InvalidBody, SignedOut, Unavailable,
    )
)]
async fn create(
    editing: Editing,
    fields: Fields<NewAgentBody>,
) -> Result<(StatusCode, Json<KeyedAgentBody>), Problem> {
    let keyed = editing
        .change(|desk, editor| async move { agent::create(&desk, editor, &fields.members).await })
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
    security(("session" = [])),
    responses(
        (status = 200, description = "The agent.", body = AgentBody),
        InvalidParameter, SignedOut, NotFound, Unavailable,
    )
)]
async fn get(editing: Editing, ApiPath(id): ApiPath<i64>) -> Result<Json<AgentBody>, Problem> {
    let agent = agent::get(editing.desk(), editing.workspace(), AgentId(id)).await?;
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
    security(("session" = [])),
    responses(
        (status = 200, description = "It is changed.", body = AgentBody),
        InvalidBody, SignedOut, NotFound, Unavailable,
    )
)]
async fn update(
    editing: Editing,
    ApiPath(id): ApiPath<i64>,
    fields: Fields<AgentChangeBody>,
) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(|desk, editor| async move {
            agent::update(&desk, editor, AgentId(id), &fields.members).await
        })
        .await?;
    show(&editing, agent).await
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
    security(("session" = [])),
    responses(
        (status = 200, description = "It is removed.", body = Done),
        InvalidParameter, SignedOut, NotFound, Unavailable,
    )
)]
async fn delete(editing: Editing, ApiPath(id): ApiPath<i64>) -> Result<Json<Done>, Problem> {
    editing
        .change(|desk, editor| async move { agent::delete(&desk, editor, AgentId(id)).await })
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
    security(("session" = [])),
    responses(
        (status = 200, description = "It is set.", body = AgentBody),
        InvalidBody, SignedOut, NotFound, Unavailable,
    )
)]
async fn set_scope(
    editing: Editing,
    ApiPath(id): ApiPath<i64>,
    fields: Fields<ScopeBody>,
) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(|desk, editor| async move {
            agent::set_scope(&desk, editor, AgentId(id), &fields.members).await
        })
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
    security(("session" = [])),
    responses(
        (status = 200, description = "It has another key.", body = KeyedAgentBody),
        InvalidParameter, SignedOut, NotFound, Unavailable,
    )
)]
async fn rotate_key(
    editing: Editing,
    ApiPath(id): ApiPath<i64>,
) -> Result<Json<KeyedAgentBody>, Problem> {
    let keyed = editing
        .change(|desk, editor| async move { agent::rotate_key(&desk, editor, AgentId(id)).await })
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
    security(("session" = [])),
    responses(
        (status = 200, description = "It is blocked.", body = AgentBody),
        InvalidParameter, SignedOut, NotFound, Unavailable,
    )
)]
async fn block(editing: Editing, ApiPath(id): ApiPath<i64>) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(|desk, editor| async move { agent::block(&desk, editor, AgentId(id)).await })
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
    security(("session" = [])),
    responses(
        (status = 200, description = "It is not blocked.", body = AgentBody),
        InvalidParameter, SignedOut, NotFound, Unavailable,
    )
)]
async fn unblock(editing: Editing, ApiPath(id): ApiPath<i64>) -> Result<Json<AgentBody>, Problem> {
    let agent = editing
        .change(|desk, editor| async move { agent::unblock(&desk, editor, AgentId(id)).await })
        .await?;
    show(&editing, agent).await
}

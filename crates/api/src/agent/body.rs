//! Response bodies for agents: with the names of their services, and with the key when it is
//! created.

use std::collections::HashMap;

use axum::Json;
use gaiterguard_definitions::agent::KeyedAgent;
use gaiterguard_definitions::service;
use gaiterguard_domain::agent::{Agent, OtherHosts};
use gaiterguard_domain::id::ServiceId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_store::{DamagedRow, Stored};
use gaiterguard_web::problem::Problem;
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use crate::editing::Editing;

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgentBody {
    /// Unique identifier.
    id: i64,
    /// Whether the stored agent is damaged. If so, only `name` (as far as it is readable) and
    /// `createdAt` are valid. Requests of the workspace's agents are refused until the agent is
    /// deleted or repaired.
    unreadable: bool,
    /// Name.
    name: String,
    /// First twelve characters of its key.
    key_prefix: String,
    /// Whether the agent is enabled. The key of a disabled agent is refused.
    is_active: bool,
    /// Whether it is blocked.
    blocked: bool,
    /// Services it may use.
    services: Vec<ScopedService>,
    /// Default time that a held call stays open, in seconds.
    hold_seconds: u32,
    /// Its requests with this risk score or a higher one are held; null for the gateway's threshold.
    #[schema(required)]
    risk_threshold: Option<f64>,
    /// Treatment of hosts that none of its services names, at the proxy port: `refuse` or `tunnel`.
    other_hosts: OtherHosts,
    /// When its key expires.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// ID of the user who created it. Null if that is not known.
    #[schema(required)]
    owner_id: Option<i64>,
    /// When its key was last used.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A service that an agent may use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScopedService {
    /// Unique identifier.
    id: i64,
    /// Name.
    name: String,
}

/// An agent with its key.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyedAgent)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyedAgentBody {
    /// The agent.
    agent: AgentBody,
    /// The key. Shown only once.
    #[schema(pattern = "^agt_[0-9a-f]{64}$")]
    api_key: String,
}

/// Returns the body of one agent.
pub(super) async fn show(
    editing: &Editing,
    agent: Stored<Agent>,
) -> Result<Json<AgentBody>, Problem> {
    Ok(Json(ServiceNames::read(editing).await?.show(agent)))
}

/// Returns the bodies of all agents.
pub(super) async fn show_all(
    editing: &Editing,
    agents: Vec<Stored<Agent>>,
) -> Result<Json<Vec<AgentBody>>, Problem> {
    let names = ServiceNames::read(editing).await?;
    let shown = agents.into_iter().map(|agent| names.show(agent));
    Ok(Json(shown.collect()))
}

/// Returns the body of an agent with its key.
pub(super) async fn show_keyed(
    editing: &Editing,
    keyed: KeyedAgent,
) -> Result<Json<KeyedAgentBody>, Problem> {
    Ok(Json(KeyedAgentBody {
        agent: ServiceNames::read(editing).await?.show(keyed.agent),
        api_key: keyed.key.expose_secret().to_owned(),
    }))
}

/// The names of a workspace's services.
struct ServiceNames(HashMap<ServiceId, String>);

impl ServiceNames {
    async fn read(editing: &Editing) -> Result<Self, Problem> {
        let services = service::list(editing.definition_store(), editing.workspace()).await?;
        let names = services.into_iter().map(|found| match found {
            Stored::Intact(service) => (service.id, service.name),
            Stored::Damaged(damaged) => (ServiceId(damaged.id), damaged.name),
        });
        Ok(Self(names.collect()))
    }

    /// Builds the body of an agent. Skips a service that was deleted after the agent was read.
    fn show(&self, found: Stored<Agent>) -> AgentBody {
        match found {
            Stored::Intact(agent) => self.show_whole(agent),
            Stored::Damaged(damaged) => unreadable(damaged),
        }
    }

    fn show_whole(&self, agent: Agent) -> AgentBody {
        let services = agent.grants.iter().filter_map(|grant| {
            Some(ScopedService {
                id: grant.service.0,
                name: self.0.get(&grant.service)?.clone(),
            })
        });
        AgentBody {
            id: agent.id.0,
            unreadable: false,
            services: services.collect(),
            name: agent.name,
            key_prefix: agent.key_prefix,
            is_active: agent.is_active,
            blocked: agent.blocked_since.is_some(),
            hold_seconds: agent.hold_seconds,
            risk_threshold: agent.risk_threshold,
            other_hosts: agent.other_hosts,
            expires_at: agent.expires_at,
            owner_id: agent.owner.map(|owner| owner.0),
            last_used_at: agent.last_used_at,
            created_at: agent.created_at,
            updated_at: agent.updated_at,
        }
    }
}

fn unreadable(damaged: DamagedRow) -> AgentBody {
    AgentBody {
        id: damaged.id,
        unreadable: true,
        name: damaged.name,
        key_prefix: String::new(),
        is_active: false,
        blocked: false,
        services: Vec::new(),
        hold_seconds: 0,
        risk_threshold: None,
        other_hosts: OtherHosts::Refuse,
        expires_at: None,
        owner_id: None,
        last_used_at: None,
        created_at: damaged.created_at,
        updated_at: damaged.created_at,
    }
}

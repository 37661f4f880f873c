//! Agents: their keys, and the services they may use.

use std::borrow::Cow;

use gaiterguard_domain::agent::{Agent, OtherHosts};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::field::{
    Change, Checked, FieldValue, number, refused, whole, whole_number,
};
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::request::WAIT_SECONDS_MAX;
use gaiterguard_domain::text::Name;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::{all, body};
use gaiterguard_store::{self as store, AgentFields, AgentSaved, Stored};
use gaiterguard_vault::agent_key;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::agent_name;
use crate::definition_store::{DefinitionError, DefinitionStore, Editor, listed};

/// The maximum number of services that one agent may use. All of them are compared with the service of every
/// request of the agent.
const SERVICES_MAX: usize = 1000;

/// The error message for a name that could be a human's or the gateway's.
const RESERVED_NAME: &str = "is reserved, because it looks like a human, the gateway, or an actor \
                             of the audit log; name the agent after its purpose";

body! {
    /// An agent to create.
    pub struct NewAgent {
        /// Name. Names that could be mistaken for a human, the gateway, or an actor in the audit log,
        /// such as `you`, `system`, `operator`, and `agent 5`, are reserved.
        name "name": Name as Name,
        /// IDs of the services it may use. Defaults to none.
        #[schema(max_items = 1000)]
        service_ids "serviceIds": Option<ServiceIds> as Option<Vec<i64>>,
        /// Default time that a held call stays open, in seconds. Defaults to 0.
        #[schema(minimum = 0, maximum = 300)]
        hold_seconds "holdSeconds": Option<HoldSeconds> as Option<u32>,
        /// When its key expires. Defaults to never.
        #[schema(format = DateTime)]
        expires_at "expiresAt": Option<Timestamp> as Option<String>,
        /// Its requests with this risk score or a higher one are held. Defaults to the gateway's threshold.
        #[schema(minimum = 0, maximum = 1)]
        risk_threshold "riskThreshold": Option<RiskThreshold> as Option<f64>,
        /// Treatment of hosts that none of its services names, at the proxy port: `refuse` (the default), or
        /// `tunnel`, which connects them without intercepting them, and records that.
        other_hosts "otherHosts": Option<OtherHosts> as Option<OtherHosts>,
    }
}

body! {
    /// Changes to an agent. Omitted fields stay unchanged.
    pub struct AgentChange {
        /// Name.
        #[schema(nullable = false)]
        name "name": Change<Name> as Option<Name>,
        /// Whether the agent is enabled. The key of a disabled agent is refused.
        is_active "isActive": Option<bool> as Option<bool>,
        /// Default time that a held call stays open, in seconds.
        #[schema(minimum = 0, maximum = 300)]
        hold_seconds "holdSeconds": Option<HoldSeconds> as Option<u32>,
        /// When its key expires; null for never.
        #[schema(format = DateTime)]
        expires_at "expiresAt": Change<Option<Timestamp>> as Option<String>,
        /// Its requests with this risk score or a higher one are held; null for the gateway's threshold.
        #[schema(minimum = 0, maximum = 1)]
        risk_threshold "riskThreshold": Change<Option<RiskThreshold>> as Option<f64>,
        /// Treatment of hosts that none of its services names, at the proxy port.
        other_hosts "otherHosts": Option<OtherHosts> as Option<OtherHosts>,
    }
}

body! {
    /// The services that an agent may use.
    pub struct AgentScope {
        /// IDs of all services it may use. Replaces the previous list.
        #[schema(max_items = 1000)]
        service_ids "serviceIds": ServiceIds as Vec<i64>,
    }
}

/// IDs of services, sorted and without duplicates.
#[derive(Clone, Debug, Default)]
pub struct ServiceIds(Vec<ServiceId>);

impl FieldValue for ServiceIds {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let listed = value.as_array().and_then(|list| {
            let ids = list
                .iter()
                .map(|id| id.as_number().and_then(whole).map(ServiceId));
            ids.collect::<Option<Vec<_>>>()
        });
        let mut ids = listed.ok_or("must be an array of IDs, which are whole numbers")?;
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > SERVICES_MAX {
            return Err(format!("must be at most {SERVICES_MAX} IDs").into());
        }
        Ok(Self(ids))
    }
}

/// A default time that held calls stay open, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct HoldSeconds(u32);

impl FieldValue for HoldSeconds {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        whole_number(&value, 0, WAIT_SECONDS_MAX).map(Self)
    }
}

/// A risk score from which requests are held.
#[derive(Clone, Copy, Debug)]
pub struct RiskThreshold(f64);

impl FieldValue for RiskThreshold {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        number(&value, 0.0, 1.0).map(Self)
    }
}

/// An agent with its key, which is shown only once.
#[derive(Debug)]
pub struct KeyedAgent {
    /// The agent.
    pub agent: Stored<Agent>,
    /// Its key.
    pub key: SecretString,
}

/// Returns the agents of a workspace.
pub async fn list(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
) -> Result<Vec<Stored<Agent>>, DefinitionError> {
    Ok(listed(definitions.store().agent_list(workspace).await?))
}

/// Returns one agent, even if it is damaged.
pub async fn find(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<Stored<Agent>, DefinitionError> {
    let found = definitions.store().agent_find(workspace, id).await?;
    found.ok_or(DefinitionError::NotFound("agent"))
}

/// Returns one agent.
pub async fn get(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<Agent, DefinitionError> {
    definitions
        .store()
        .agent_get(workspace, id)
        .await?
        .ok_or(DefinitionError::NotFound("agent"))
}

/// Creates an agent.
pub async fn create(
    definitions: &DefinitionStore,
    editor: Editor,
    new: NewAgent,
) -> Result<KeyedAgent, DefinitionError> {
    let NewAgent {
        name,
        service_ids,
        hold_seconds,
        expires_at,
        risk_threshold,
        other_hosts,
    } = new;
    let name = name.and_then(unreserved);
    let expires_at = expires_at.and_then(|time| future(time, definitions.now()));
    let (name, services, hold_seconds, expires_at, risk_threshold, other_hosts) = all!(
        name,
        service_ids,
        hold_seconds,
        expires_at,
        risk_threshold,
        other_hosts
    )?;
    let (key, key_hash) = new_key()?;
    let new = store::NewAgent {
        name: name.into_string(),
        key_hash,
        key_prefix: agent_key::prefix(key.expose_secret()).to_owned(),
        services: services.unwrap_or_default().0,
        hold_seconds: hold_seconds.map_or(0, |seconds| seconds.0),
        risk_threshold: risk_threshold.map(|threshold| threshold.0),
        other_hosts: other_hosts.unwrap_or_default(),
        expires_at,
        owner: editor.user,
    };
    let at = definitions.now();
    let detail = json!({
        "name": &new.name, "key_prefix": &new.key_prefix, "services": &new.services,
        "other_hosts": new.other_hosts.as_str(),
    });
    let saved = definitions
        .store()
        .agent_create(editor.workspace, &new, at, |id| {
            editor.entry(at, Event::AgentCreated, Subject::Agent(id), detail)
        })
        .await?;
    Ok(KeyedAgent {
        agent: settled(saved)?,
        key,
    })
}

/// Changes an agent.
pub async fn update(
    definitions: &DefinitionStore,
    editor: Editor,
    id: AgentId,
    change: AgentChange,
) -> Result<Agent, DefinitionError> {
    let AgentChange {
        name,
        is_active,
        hold_seconds,
        expires_at,
        risk_threshold,
        other_hosts,
    } = change;
    let (name, is_active, hold_seconds, expires_at, risk_threshold, other_hosts) = all!(
        name,
        is_active,
        hold_seconds,
        expires_at,
        risk_threshold,
        other_hosts
    )?;

    definitions
        .change(|| async {
            let present = get(definitions, editor.workspace, id).await?;
            let new_name = name.0.clone().filter(|name| name.as_str() != present.name);
            let new_name = new_name.map(unreserved).transpose()?;
            let changed_time = expires_at.0.filter(|time| *time != present.expires_at);
            if let Some(time) = changed_time {
                future(time, definitions.now())?;
            }
            let threshold = risk_threshold.0.map(|new| new.map(|threshold| threshold.0));
            let wanted = AgentFields {
                name: new_name.map_or(present.name, Name::into_string),
                is_active: is_active.unwrap_or(present.is_active),
                hold_seconds: hold_seconds.map_or(present.hold_seconds, |seconds| seconds.0),
                risk_threshold: threshold.unwrap_or(present.risk_threshold),
                other_hosts: other_hosts.unwrap_or(present.other_hosts),
                expires_at: expires_at.over(present.expires_at),
            };
            let at = definitions.now();
            let entry = editor.entry(
                at,
                Event::AgentUpdated,
                Subject::Agent(id),
                json!({
                    "name": &wanted.name,
                    "is_active": wanted.is_active,
                    "hold_seconds": wanted.hold_seconds,
                    "risk_threshold": wanted.risk_threshold,
                    "other_hosts": wanted.other_hosts.as_str(),
                    "expires_at": wanted.expires_at,
                }),
            );
            let store = definitions.store();
            let saved = store
                .agent_update(editor.workspace, id, present.revision, &wanted, at, entry)
                .await?;
            Ok(settled(saved)?.intact()?)
        })
        .await
}

/// Returns the expiry of a key, refused if it is over.
fn future(expires_at: Option<Timestamp>, now: Timestamp) -> Checked<Option<Timestamp>> {
    if expires_at.is_some_and(|time| time <= now) {
        return refused("expiresAt", "must be in the future");
    }
    Ok(expires_at)
}

/// Replaces the services that an agent may use.
pub async fn set_scope(
    definitions: &DefinitionStore,
    editor: Editor,
    id: AgentId,
    scope: AgentScope,
) -> Result<Stored<Agent>, DefinitionError> {
    let ServiceIds(services) = scope.service_ids?;
    let at = definitions.now();
    let entry = editor.entry(
        at,
        Event::AgentScopeChanged,
        Subject::Agent(id),
        json!({ "services": &services }),
    );
    let saved = definitions
        .store()
        .agent_scope_set(editor.workspace, id, &services, at, entry)
        .await?;
    settled(saved)
}

/// Replaces an agent's key. The old key stops working immediately.
pub async fn rotate_key(
    definitions: &DefinitionStore,
    editor: Editor,
    id: AgentId,
) -> Result<KeyedAgent, DefinitionError> {
    let (key, key_hash) = new_key()?;
    let prefix = agent_key::prefix(key.expose_secret()).to_owned();
    let at = definitions.now();
    let entry = editor.entry(
        at,
        Event::AgentKeyRotated,
        Subject::Agent(id),
        json!({ "key_prefix": &prefix }),
    );
    let saved = definitions
        .store()
        .agent_key_set(editor.workspace, id, key_hash, &prefix, at, entry)
        .await?;
    Ok(KeyedAgent {
        agent: settled(saved)?,
        key,
    })
}

/// Blocks an agent: its requests are refused, and its pending actions are revoked.
pub async fn block(
    definitions: &DefinitionStore,
    editor: Editor,
    id: AgentId,
) -> Result<Stored<Agent>, DefinitionError> {
    let at = definitions.now();
    let entry = editor.entry(at, Event::AgentBlocked, Subject::Agent(id), json!({}));
    let saved = definitions
        .store()
        .agent_block(editor.workspace, id, &editor.decision(at), entry)
        .await?;
    settled(saved)
}

/// Unblocks an agent.
pub async fn unblock(
    definitions: &DefinitionStore,
    editor: Editor,
    id: AgentId,
) -> Result<Stored<Agent>, DefinitionError> {
    let at = definitions.now();
    let entry = editor.entry(at, Event::AgentUnblocked, Subject::Agent(id), json!({}));
    let saved = definitions
        .store()
        .agent_unblock(editor.workspace, id, at, entry)
        .await?;
    settled(saved)
}

/// Deletes an agent and revokes its pending actions.
pub async fn delete(
    definitions: &DefinitionStore,
    editor: Editor,
    id: AgentId,
) -> Result<(), DefinitionError> {
    let at = definitions.now();
    let entry = editor.entry(at, Event::AgentDeleted, Subject::Agent(id), json!({}));
    let found = definitions
        .store()
        .agent_delete(editor.workspace, id, &editor.decision(at), entry)
        .await?;
    found
        .then_some(())
        .ok_or(DefinitionError::NotFound("agent"))
}

fn new_key() -> Result<(SecretString, [u8; 32]), DefinitionError> {
    let key = agent_key::generate()?;
    let hash =
        agent_key::fingerprint(key.expose_secret()).expect("a generated key has the form of a key");
    Ok((key, hash))
}

/// Returns the name unless it is reserved.
fn unreserved(name: Name) -> Checked<Name> {
    if agent_name::is_reserved(name.as_str()) {
        refused("name", RESERVED_NAME)
    } else {
        Ok(name)
    }
}

fn settled(saved: AgentSaved) -> Result<Stored<Agent>, DefinitionError> {
    match saved {
        AgentSaved::Saved(agent) => Ok(Stored::Intact(agent)),
        AgentSaved::Damaged(damaged) => Ok(Stored::Damaged(damaged)),
        AgentSaved::ServiceUnknown(id) => Ok(refused(
            "serviceIds",
            format!("must be IDs of services of this workspace; {id} is not"),
        )?),
        AgentSaved::Changed => Err(DefinitionError::Changing),
        AgentSaved::Unknown => Err(DefinitionError::NotFound("agent")),
    }
}

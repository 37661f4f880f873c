//! Agents: who may ask, of which services, and with which key.

use gaiterguard_domain::agent::Agent;
use gaiterguard_domain::field::{FieldError, FieldReader};
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_store::{AgentFields, AgentSaved, NewAgent, Stored};
use gaiterguard_vault::agent_key;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::agent_name;
use crate::desk::{DefinitionError, Desk, Editor, listed};

/// The longest that an agent's held calls stay open by default, in seconds.
const HOLD_SECONDS_MAX: u32 = 300;

/// The most services that one agent may use.
const SERVICES_MAX: usize = 1000;

/// What is wrong with a name that reads like that of a human or of the gateway.
const RESERVED_NAME: &str = "is reserved, because it looks like a human, the gateway, or an actor \
                             of the audit log; name the agent after its purpose";

/// An agent with its key, which is shown this once.
#[derive(Debug)]
pub struct KeyedAgent {
    /// The agent.
    pub agent: Stored<Agent>,
    /// Its key.
    pub key: SecretString,
}

/// The agents of a workspace.
pub async fn list(
    desk: &Desk,
    workspace: WorkspaceId,
) -> Result<Vec<Stored<Agent>>, DefinitionError> {
    Ok(listed(desk.store().agent_list(workspace).await?))
}

/// One agent, for who looks at it.
pub async fn find(
    desk: &Desk,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<Stored<Agent>, DefinitionError> {
    let found = desk.store().agent_find(workspace, id).await?;
    found.ok_or(DefinitionError::NotFound("agent"))
}

/// One agent.
pub async fn get(
    desk: &Desk,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<Agent, DefinitionError> {
    desk.store()
        .agent_get(workspace, id)
        .await?
        .ok_or(DefinitionError::NotFound("agent"))
}

/// Makes an agent: `{name, serviceIds, holdSeconds?, expiresAt?, riskThreshold?}`.
pub async fn create(
    desk: &Desk,
    editor: Editor,
    fields: &Map<String, Value>,
) -> Result<KeyedAgent, DefinitionError> {
    let mut reader = FieldReader::new(fields);
    let name = reader.required_name();
    if name.as_deref().is_some_and(agent_name::is_reserved) {
        reader.refuse("name", RESERVED_NAME);
    }
    let services = read_services(&mut reader);
    let hold_seconds = reader.whole_number("holdSeconds", HOLD_SECONDS_MAX);
    let expires_at = reader.timestamp("expiresAt");
    let risk_threshold = reader.number("riskThreshold", 0.0, 1.0);
    reader.finish()?;
    let Some(name) = name else {
        return Err(DefinitionError::Invalid(Vec::new()));
    };
    let (key, key_hash) = new_key()?;
    let new = NewAgent {
        name,
        key_hash,
        key_prefix: agent_key::prefix(key.expose_secret()).to_owned(),
        services: services.unwrap_or_default(),
        hold_seconds: hold_seconds.unwrap_or(0),
        risk_threshold,
        expires_at,
    };
    let at = desk.now();
    let detail = json!({
        "name": &new.name, "key_prefix": &new.key_prefix, "services": &new.services,
    });
    let saved = desk
        .store()
        .agent_create(editor.workspace, &new, at, |id| {
            editor.entry(at, "agent.created", subject(id), detail)
        })
        .await?;
    Ok(KeyedAgent {
        agent: settled(saved)?,
        key,
    })
}

/// Changes an agent, as far as fields are given:
/// `{name?, isActive?, holdSeconds?, expiresAt?, riskThreshold?}`. Null takes the last two away.
pub async fn update(
    desk: &Desk,
    editor: Editor,
    id: AgentId,
    fields: &Map<String, Value>,
) -> Result<Agent, DefinitionError> {
    let mut reader = FieldReader::new(fields);
    let name = reader.name();
    let is_active = reader.boolean("isActive");
    let hold_seconds = reader.whole_number("holdSeconds", HOLD_SECONDS_MAX);
    let expires_at = reader
        .has("expiresAt")
        .then(|| reader.timestamp("expiresAt"));
    let risk_threshold = reader
        .has("riskThreshold")
        .then(|| reader.number("riskThreshold", 0.0, 1.0));
    reader.finish()?;

    desk.change(|| async {
        let present = get(desk, editor.workspace, id).await?;
        let is_renamed = name.as_ref().is_some_and(|name| *name != present.name);
        if is_renamed && name.as_deref().is_some_and(agent_name::is_reserved) {
            return Err(DefinitionError::Invalid(vec![FieldError::new(
                "name",
                RESERVED_NAME,
            )]));
        }
        let wanted = AgentFields {
            name: name.clone().unwrap_or(present.name),
            is_active: is_active.unwrap_or(present.is_active),
            hold_seconds: hold_seconds.unwrap_or(present.hold_seconds),
            risk_threshold: risk_threshold.unwrap_or(present.risk_threshold),
            expires_at: expires_at.unwrap_or(present.expires_at),
        };
        let at = desk.now();
        let entry = editor.entry(
            at,
            "agent.updated",
            subject(id),
            json!({
                "name": &wanted.name,
                "is_active": wanted.is_active,
                "hold_seconds": wanted.hold_seconds,
                "risk_threshold": wanted.risk_threshold,
                "expires_at": wanted.expires_at,
            }),
        );
        let store = desk.store();
        let saved = store
            .agent_update(editor.workspace, id, present.revision, &wanted, at, entry)
            .await?;
        Ok(settled(saved)?.intact()?)
    })
    .await
}

/// Replaces what an agent may use: `{serviceIds}`.
pub async fn set_scope(
    desk: &Desk,
    editor: Editor,
    id: AgentId,
    fields: &Map<String, Value>,
) -> Result<Stored<Agent>, DefinitionError> {
    let mut reader = FieldReader::new(fields);
    if reader.value("serviceIds").is_none() {
        reader.refuse("serviceIds", "is required");
    }
    let services = read_services(&mut reader);
    reader.finish()?;
    let services = services.unwrap_or_default();
    let at = desk.now();
    let entry = editor.entry(
        at,
        "agent.scope_changed",
        subject(id),
        json!({ "services": &services }),
    );
    let saved = desk
        .store()
        .agent_scope_set(editor.workspace, id, &services, at, entry)
        .await?;
    settled(saved)
}

/// Gives an agent another key. The old one stops at once.
pub async fn rotate_key(
    desk: &Desk,
    editor: Editor,
    id: AgentId,
) -> Result<KeyedAgent, DefinitionError> {
    let (key, key_hash) = new_key()?;
    let prefix = agent_key::prefix(key.expose_secret()).to_owned();
    let at = desk.now();
    let entry = editor.entry(
        at,
        "agent.key_rotated",
        subject(id),
        json!({ "key_prefix": &prefix }),
    );
    let saved = desk
        .store()
        .agent_key_set(editor.workspace, id, key_hash, &prefix, at, entry)
        .await?;
    Ok(KeyedAgent {
        agent: settled(saved)?,
        key,
    })
}

/// Blocks an agent: it may ask for nothing, and what waits for it is taken back.
pub async fn block(
    desk: &Desk,
    editor: Editor,
    id: AgentId,
) -> Result<Stored<Agent>, DefinitionError> {
    let at = desk.now();
    let entry = editor.entry(at, "agent.blocked", subject(id), json!({}));
    let saved = desk
        .store()
        .agent_block(editor.workspace, id, &editor.word(at), entry)
        .await?;
    settled(saved)
}

/// Lets a blocked agent ask again.
pub async fn unblock(
    desk: &Desk,
    editor: Editor,
    id: AgentId,
) -> Result<Stored<Agent>, DefinitionError> {
    let at = desk.now();
    let entry = editor.entry(at, "agent.unblocked", subject(id), json!({}));
    let saved = desk
        .store()
        .agent_unblock(editor.workspace, id, at, entry)
        .await?;
    settled(saved)
}

/// Removes an agent and takes back what waits for it.
pub async fn delete(desk: &Desk, editor: Editor, id: AgentId) -> Result<(), DefinitionError> {
    let at = desk.now();
    let entry = editor.entry(at, "agent.deleted", subject(id), json!({}));
    let found = desk
        .store()
        .agent_delete(editor.workspace, id, &editor.word(at), entry)
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

fn read_services(reader: &mut FieldReader<'_>) -> Option<Vec<ServiceId>> {
    let mut services = reader.ids("serviceIds", ServiceId)?;
    services.sort_unstable();
    services.dedup();
    if services.len() > SERVICES_MAX {
        reader.refuse("serviceIds", format!("must be at most {SERVICES_MAX} IDs"));
    }
    Some(services)
}

fn settled(saved: AgentSaved) -> Result<Stored<Agent>, DefinitionError> {
    match saved {
        AgentSaved::Saved(agent) => Ok(Stored::Intact(agent)),
        AgentSaved::Damaged(damaged) => Ok(Stored::Damaged(damaged)),
        AgentSaved::ServiceUnknown(id) => Err(DefinitionError::Invalid(vec![FieldError::new(
            "serviceIds",
            format!("must be IDs of services of this workspace; {id} is not"),
        )])),
        AgentSaved::Changed => Err(DefinitionError::Changing),
        AgentSaved::Unknown => Err(DefinitionError::NotFound("agent")),
    }
}

fn subject(id: AgentId) -> String {
    format!("agent:{id}")
}

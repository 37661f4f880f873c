//! Agents, their keys' hashes and what they may use.
//!
//! A deleted agent keeps its row, which old requests name. Whatever takes rights away also takes
//! back the agent's waiting and approved actions, in the same transaction.

use std::collections::{HashMap, HashSet};

use gaiterguard_domain::action::HumanDecision;
use gaiterguard_domain::agent::{Agent, Grant};
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;

use crate::action::revoke_living;
use crate::connection::{On, execute, fetch_all, on};
use crate::error::StoreError;
use crate::found::{DamagedRow, Found, all_whole, fetch_found};
use crate::lane::Write;
use crate::rows::{Cell, ManyRows, pieces, time};
use crate::store::Store;

/// The SHA-256 sum of an agent's key.
pub type KeyHash = [u8; 32];

/// An agent that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAgent {
    /// Its name.
    pub name: String,
    /// The sum of its key.
    pub key_hash: KeyHash,
    /// The beginning of its key.
    pub key_prefix: String,
    /// What it may use.
    pub services: Vec<ServiceId>,
    /// How long its held calls stay open, in seconds.
    pub hold_seconds: u32,
    /// The risk score from which its requests are held.
    pub risk_threshold: Option<f64>,
    /// When its key stops opening anything.
    pub expires_at: Option<Timestamp>,
}

/// What an operator may change of an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentFields {
    /// Its name.
    pub name: String,
    /// Whether its key opens anything at all.
    pub is_active: bool,
    /// How long its held calls stay open, in seconds.
    pub hold_seconds: u32,
    /// The risk score from which its requests are held.
    pub risk_threshold: Option<f64>,
    /// When its key stops opening anything.
    pub expires_at: Option<Timestamp>,
}

/// What became of an agent that was to be made or changed.
#[derive(Clone, Debug, PartialEq)]
pub enum AgentSaved {
    /// It is as it was to be.
    Saved(Agent),
    /// The change is made, but what else is stored of the agent cannot be read.
    Damaged(DamagedRow),
    /// This service does not exist in the workspace.
    ServiceUnknown(ServiceId),
    /// It is of another revision than the one that was seen.
    Changed,
    /// There is no such agent.
    Unknown,
}

#[derive(sqlx::FromRow)]
struct AgentRow {
    id: i64,
    workspace_id: i64,
    name: String,
    key_hash: Vec<u8>,
    key_prefix: String,
    is_active: bool,
    blocked_since: Option<i64>,
    hold_seconds: i64,
    risk_threshold: Option<f64>,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    revision: i64,
}

#[derive(sqlx::FromRow)]
struct GrantRow {
    agent_id: i64,
    service_id: i64,
    since: i64,
}

impl AgentRow {
    fn with_grants(self, grants: Vec<Grant>) -> Result<(KeyHash, Agent), StoreError> {
        let cell = Cell {
            table: "agents",
            id: &self.id,
        };
        let key_hash = cell.digest("key_hash", &self.key_hash)?.0;
        let hold_seconds = cell.u32("hold_seconds", self.hold_seconds)?;
        let is_score = |threshold: f64| (0.0..=1.0).contains(&threshold);
        // No score would reach one that is no number, or beyond the highest.
        if !self.risk_threshold.is_none_or(is_score) {
            return Err(cell.wrong("risk_threshold"));
        }
        let agent = Agent {
            id: AgentId(self.id),
            workspace: WorkspaceId(self.workspace_id),
            name: self.name,
            key_prefix: self.key_prefix,
            is_active: self.is_active,
            blocked_since: time(self.blocked_since),
            grants,
            hold_seconds,
            risk_threshold: self.risk_threshold,
            expires_at: time(self.expires_at),
            last_used_at: time(self.last_used_at),
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            revision: self.revision,
        };
        Ok((key_hash, agent))
    }
}

impl Store {
    /// Makes an agent.
    pub async fn agent_create(
        &self,
        workspace: WorkspaceId,
        new: &NewAgent,
        at: Timestamp,
        audit: impl FnOnce(AgentId) -> NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut write = self.change(workspace, at).await?;
        let (id,) = crate::connection::fetch_one!(
            write,
            (i64,),
            "INSERT INTO agents (workspace_id, name, key_hash, key_prefix, is_active, hold_seconds,
                risk_threshold, expires_at, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING id",
            workspace.0,
            &new.name,
            new.key_hash.to_vec(),
            &new.key_prefix,
            true,
            i64::from(new.hold_seconds),
            new.risk_threshold,
            new.expires_at.map(|at| at.0),
            at.0,
        );
        let id = AgentId(id);
        if let Some(unknown) = grants_set(&mut write, workspace, id, &new.services, at).await? {
            write.rollback().await?;
            return Ok(AgentSaved::ServiceUnknown(unknown));
        }
        write.audit(audit(id));
        write.commit().await?;
        self.agent_saved(workspace, id, true).await
    }

    /// A living agent.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] if its row is damaged.
    pub async fn agent_get(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
    ) -> Result<Option<Agent>, StoreError> {
        let found = self.agent_find(workspace, agent).await?;
        found.map(Found::whole).transpose()
    }

    /// As [`Self::agent_get`], for who looks at it.
    pub async fn agent_find(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
    ) -> Result<Option<Found<Agent>>, StoreError> {
        let mut read = self.read().await?;
        let granted = fetch_all!(
            read,
            GrantRow,
            "SELECT agent_id, service_id, since FROM grants WHERE agent_id = $1
             ORDER BY service_id",
            agent.0,
        );
        let mut grants = Grants::of(&granted);
        let found = fetch_found!(
            read,
            "agents",
            "name",
            |row| grants.give(row),
            "SELECT * FROM agents WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
        );
        let found = found.into_iter().next();
        Ok(found.map(|found| found.map(|(_, agent)| agent)))
    }

    /// The living agents of a workspace.
    pub async fn agent_list(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<Found<Agent>>, StoreError> {
        let agents = agents_found(self.read().await?.on(), workspace).await?;
        let agents = agents.into_iter();
        Ok(agents.map(|found| found.map(|(_, agent)| agent)).collect())
    }

    /// Changes an agent that is still of the revision that was `seen`.
    pub async fn agent_update(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        seen: i64,
        fields: &AgentFields,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut write = self.change(workspace, at).await?;
        let updated = execute!(
            write,
            "UPDATE agents SET name = $3, is_active = $4, hold_seconds = $5, risk_threshold = $6,
                expires_at = $7, updated_at = $8, revision = revision + 1
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL AND revision = $9",
            workspace.0,
            agent.0,
            &fields.name,
            fields.is_active,
            i64::from(fields.hold_seconds),
            fields.risk_threshold,
            fields.expires_at.map(|at| at.0),
            at.0,
            seen,
        );
        let is_saved = write.end(updated, audit).await?;
        self.agent_saved(workspace, agent, is_saved).await
    }

    /// Replaces what an agent may use. A right that stays keeps since when it was given.
    pub async fn agent_scope_set(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        services: &[ServiceId],
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut write = self.change(workspace, at).await?;
        let updated = execute!(
            write,
            "UPDATE agents SET updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            at.0,
        );
        if updated > 0
            && let Some(unknown) = grants_set(&mut write, workspace, agent, services, at).await?
        {
            write.rollback().await?;
            return Ok(AgentSaved::ServiceUnknown(unknown));
        }
        let is_saved = write.end(updated, audit).await?;
        self.agent_saved(workspace, agent, is_saved).await
    }

    /// Gives an agent another key; the old one stops at once.
    pub async fn agent_key_set(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        key_hash: KeyHash,
        key_prefix: &str,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut write = self.change(workspace, at).await?;
        let updated = execute!(
            write,
            "UPDATE agents SET key_hash = $3, key_prefix = $4, updated_at = $5
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            key_hash.to_vec(),
            key_prefix,
            at.0,
        );
        let is_saved = write.end(updated, audit).await?;
        self.agent_saved(workspace, agent, is_saved).await
    }

    /// Blocks an agent and takes back its waiting and approved actions. An agent that is blocked
    /// already stays so since when it was.
    pub async fn agent_block(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        word: &HumanDecision,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut write = self.change(workspace, word.at).await?;
        let updated = execute!(
            write,
            "UPDATE agents SET blocked_since = COALESCE(blocked_since, $3), updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            word.at.0,
        );
        if updated > 0 {
            revoke_living(&mut write, workspace, Some(agent), word, &audit).await?;
        }
        let is_saved = write.end(updated, audit).await?;
        self.agent_saved(workspace, agent, is_saved).await
    }

    /// Lets a blocked agent ask again.
    pub async fn agent_unblock(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut write = self.change(workspace, at).await?;
        let updated = execute!(
            write,
            "UPDATE agents SET blocked_since = NULL, updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            at.0,
        );
        let is_saved = write.end(updated, audit).await?;
        self.agent_saved(workspace, agent, is_saved).await
    }

    /// Removes an agent and takes back its waiting and approved actions. False if there is no such
    /// agent.
    pub async fn agent_delete(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        word: &HumanDecision,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut write = self.change(workspace, word.at).await?;
        let deleted = execute!(
            write,
            "UPDATE agents SET deleted_at = $3, updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            word.at.0,
        );
        if deleted > 0 {
            execute!(write, "DELETE FROM grants WHERE agent_id = $1", agent.0);
            revoke_living(&mut write, workspace, Some(agent), word, &audit).await?;
        }
        write.end(deleted, audit).await
    }

    /// Notes when agents' keys were last used. Nothing rests on it, so it is no change that an
    /// audit entry tells of.
    pub async fn agent_touch(&self, used: &[(AgentId, Timestamp)]) -> Result<(), StoreError> {
        let Some(latest) = used.iter().map(|(_, at)| *at).max() else {
            return Ok(());
        };
        let mut write = Write::begin(self.shared(), latest).await?;
        let mut used = used.to_vec();
        // Writers that touch the same agents take their locks in the same order.
        used.sort_unstable_by_key(|(agent, _)| *agent);
        for (agent, at) in used {
            execute!(
                write,
                "UPDATE agents SET last_used_at = $2
                 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
                agent.0,
                at.0,
            );
        }
        write.commit().await
    }

    async fn agent_saved(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        is_saved: bool,
    ) -> Result<AgentSaved, StoreError> {
        Ok(match self.agent_find(workspace, agent).await? {
            Some(Found::Whole(agent)) if is_saved => AgentSaved::Saved(agent),
            Some(Found::Damaged(damaged)) if is_saved => AgentSaved::Damaged(damaged),
            Some(_) => AgentSaved::Changed,
            None => AgentSaved::Unknown,
        })
    }
}

static GRANTS_TAKE: ManyRows = ManyRows::new(
    "DELETE FROM grants WHERE (agent_id, service_id) IN (VALUES ",
    2,
    ")",
);

static GRANTS_GIVE: ManyRows = ManyRows::new(
    "WITH given (agent_id, service_id, since) AS (VALUES ",
    3,
    ") INSERT INTO grants (agent_id, service_id, since) \
     SELECT agent_id, service_id, since FROM given WHERE agent_id IS NOT NULL \
     ON CONFLICT (agent_id, service_id) DO NOTHING",
);

/// Makes `services` what an agent may use. Answers one that does not exist, if there is one; the
/// caller then gives up.
async fn grants_set(
    write: &mut Write,
    workspace: WorkspaceId,
    agent: AgentId,
    services: &[ServiceId],
    at: Timestamp,
) -> Result<Option<ServiceId>, StoreError> {
    let before = fetch_all!(
        write,
        (i64,),
        "SELECT service_id FROM grants WHERE agent_id = $1",
        agent.0,
    );
    let before = service_set(before);
    let wanted: HashSet<ServiceId> = services.iter().copied().collect();
    let taken: Vec<ServiceId> = before.difference(&wanted).copied().collect();
    let given: Vec<ServiceId> = wanted.difference(&before).copied().collect();
    if !given.is_empty() {
        let living = fetch_all!(
            write,
            (i64,),
            "SELECT id FROM services WHERE workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
        );
        let living = service_set(living);
        if let Some(unknown) = given.iter().find(|service| !living.contains(service)) {
            return Ok(Some(*unknown));
        }
    }
    for piece in pieces(&taken) {
        let text = write.many(&GRANTS_TAKE, piece.size);
        on!(write, connection => {
            let mut query = sqlx::query(text);
            for service in piece.padded() {
                query = query
                    .bind(service.map(|_| agent.0))
                    .bind(service.map(|service| service.0));
            }
            query.execute(connection).await?;
        });
    }
    for piece in pieces(&given) {
        let text = write.many(&GRANTS_GIVE, piece.size);
        on!(write, connection => {
            let mut query = sqlx::query(text);
            for service in piece.padded() {
                query = query
                    .bind(service.map(|_| agent.0))
                    .bind(service.map(|service| service.0))
                    .bind(service.map(|_| at.0));
            }
            query.execute(connection).await?;
        });
    }
    Ok(None)
}

fn service_set(rows: Vec<(i64,)>) -> HashSet<ServiceId> {
    rows.into_iter().map(|(id,)| ServiceId(id)).collect()
}

fn grant(row: &GrantRow) -> Grant {
    Grant {
        service: ServiceId(row.service_id),
        since: Timestamp(row.since),
    }
}

/// What agents may use, by agent.
struct Grants(HashMap<i64, Vec<Grant>>);

impl Grants {
    fn of(rows: &[GrantRow]) -> Self {
        let mut grants: HashMap<i64, Vec<Grant>> = HashMap::new();
        for row in rows {
            grants.entry(row.agent_id).or_default().push(grant(row));
        }
        Self(grants)
    }

    /// The agent with what it may use.
    fn give(&mut self, row: AgentRow) -> Result<(KeyHash, Agent), StoreError> {
        let grants = self.0.remove(&row.id).unwrap_or_default();
        row.with_grants(grants)
    }
}

async fn agents_found(
    mut on: On<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<Found<(KeyHash, Agent)>>, StoreError> {
    let granted = fetch_all!(
        on,
        GrantRow,
        "SELECT agent_id, service_id, since FROM grants
         WHERE agent_id IN (SELECT id FROM agents WHERE workspace_id = $1)
         ORDER BY agent_id, service_id",
        workspace.0,
    );
    let mut grants = Grants::of(&granted);
    Ok(fetch_found!(
        on,
        "agents",
        "name",
        |row| grants.give(row),
        "SELECT * FROM agents WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY id",
        workspace.0,
    ))
}

/// The living agents of a workspace with the sums of their keys, if none is damaged.
pub(crate) async fn agent_rows(
    on: On<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<(KeyHash, Agent)>, StoreError> {
    all_whole(agents_found(on, workspace).await?)
}

//! Changes of agents. A deleted agent keeps its row, which old requests refer to. Blocking or
//! deleting an agent also revokes its pending and approved actions, in the same transaction.

use gaiterguard_database::connection::{execute, fetch_one};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::HumanDecision;
use gaiterguard_domain::agent::{Agent, OtherHosts};
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{AgentId, ServiceId, UserId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::stored::{DamagedRow, Stored};

use crate::action::bulk::revoke_open;
use crate::agent::grant::set_grants;
use crate::agent::read::KeyHash;
use crate::store::Store;

/// An agent to create.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAgent {
    /// The agent's name.
    pub name: String,
    /// The hash of its key.
    pub key_hash: KeyHash,
    /// The first characters of its key.
    pub key_prefix: String,
    /// The services it may use.
    pub services: Vec<ServiceId>,
    /// How long its held calls stay open, in seconds.
    pub hold_seconds: u32,
    /// The risk score from which its requests are held.
    pub risk_threshold: Option<f64>,
    /// The treatment of other hosts at the proxy port.
    pub other_hosts: OtherHosts,
    /// When its key expires.
    pub expires_at: Option<Timestamp>,
    /// The user who creates it.
    pub owner: UserId,
}

/// The properties of an agent that an operator can change.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentFields {
    /// The agent's name.
    pub name: String,
    /// Whether its key is accepted.
    pub is_active: bool,
    /// How long its held calls stay open, in seconds.
    pub hold_seconds: u32,
    /// The risk score from which its requests are held.
    pub risk_threshold: Option<f64>,
    /// The treatment of other hosts at the proxy port.
    pub other_hosts: OtherHosts,
    /// When its key expires.
    pub expires_at: Option<Timestamp>,
}

/// The result of creating or changing an agent.
#[derive(Clone, Debug, PartialEq)]
pub enum AgentSaved {
    /// The agent was saved.
    Saved(Agent),
    /// The change was made, but the rest of the agent's row cannot be read.
    Damaged(DamagedRow),
    /// This service does not exist in the workspace.
    ServiceUnknown(ServiceId),
    /// The agent's revision is no longer the one that the caller saw.
    Changed,
    /// There is no such agent.
    Unknown,
}

impl Store {
    /// Creates an agent.
    pub async fn agent_create(
        &self,
        workspace: WorkspaceId,
        new: &NewAgent,
        at: Timestamp,
        audit: impl FnOnce(AgentId) -> NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let (id,) = fetch_one!(
            tx,
            (i64,),
            "INSERT INTO agents (workspace_id, name, key_hash, key_prefix, is_active, hold_seconds,
                risk_threshold, expires_at, created_at, updated_at, owner_id, other_hosts)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11) RETURNING id",
            workspace.0,
            &new.name,
            new.key_hash.to_vec(),
            &new.key_prefix,
            true,
            i64::from(new.hold_seconds),
            new.risk_threshold,
            new.expires_at.map(|at| at.0),
            at.0,
            new.owner.0,
            new.other_hosts.as_str(),
        );
        let id = AgentId(id);
        if let Some(unknown) = set_grants(&mut tx, workspace, id, &new.services, at).await? {
            tx.rollback().await?;
            return Ok(AgentSaved::ServiceUnknown(unknown));
        }
        tx.audit(audit(id));
        tx.commit().await?;
        self.agent_saved(workspace, id, true).await
    }

    /// Changes an agent whose revision is still `revision`.
    pub async fn agent_update(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        revision: i64,
        fields: &AgentFields,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let updated = execute!(
            tx,
            "UPDATE agents SET name = $3, is_active = $4, hold_seconds = $5, risk_threshold = $6,
                expires_at = $7, updated_at = $8, revision = revision + 1, other_hosts = $10
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL AND revision = $9",
            workspace.0,
            agent.0,
            &fields.name,
            fields.is_active,
            i64::from(fields.hold_seconds),
            fields.risk_threshold,
            fields.expires_at.map(|at| at.0),
            at.0,
            revision,
            fields.other_hosts.as_str(),
        );
        let is_saved = tx.end(updated, audit).await?;
        self.agent_saved(workspace, agent, is_saved).await
    }

    /// Replaces the services that an agent may use. A right that remains keeps the date on which it
    /// was granted.
    pub async fn agent_scope_set(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        services: &[ServiceId],
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let updated = execute!(
            tx,
            "UPDATE agents SET updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            at.0,
        );
        if updated > 0
            && let Some(unknown) = set_grants(&mut tx, workspace, agent, services, at).await?
        {
            tx.rollback().await?;
            return Ok(AgentSaved::ServiceUnknown(unknown));
        }
        let is_saved = tx.end(updated, audit).await?;
        self.agent_saved(workspace, agent, is_saved).await
    }

    /// Replaces an agent's key. The old key stops working immediately.
    pub async fn agent_key_set(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        key_hash: KeyHash,
        key_prefix: &str,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let updated = execute!(
            tx,
            "UPDATE agents SET key_hash = $3, key_prefix = $4, updated_at = $5
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            key_hash.to_vec(),
            key_prefix,
            at.0,
        );
        let is_saved = tx.end(updated, audit).await?;
        self.agent_saved(workspace, agent, is_saved).await
    }

    /// Blocks an agent and revokes its pending and approved actions. An agent that is already
    /// blocked keeps the date on which it was blocked.
    pub async fn agent_block(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        decision: &HumanDecision,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut tx = self.begin_definition_change(workspace, decision.at).await?;
        let updated = execute!(
            tx,
            "UPDATE agents SET blocked_since = COALESCE(blocked_since, $3), updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            decision.at.0,
        );
        if updated > 0 {
            revoke_open(&mut tx, workspace, Some(agent), decision, &audit).await?;
        }
        let is_saved = tx.end(updated, audit).await?;
        self.agent_saved(workspace, agent, is_saved).await
    }

    /// Unblocks an agent.
    pub async fn agent_unblock(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let updated = execute!(
            tx,
            "UPDATE agents SET blocked_since = NULL, updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            at.0,
        );
        let is_saved = tx.end(updated, audit).await?;
        self.agent_saved(workspace, agent, is_saved).await
    }

    /// Deletes an agent and revokes its pending and approved actions. Returns false if there is no
    /// such agent.
    pub async fn agent_delete(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        decision: &HumanDecision,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_definition_change(workspace, decision.at).await?;
        let deleted = execute!(
            tx,
            "UPDATE agents SET deleted_at = $3, updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            decision.at.0,
        );
        if deleted > 0 {
            execute!(tx, "DELETE FROM grants WHERE agent_id = $1", agent.0);
            revoke_open(&mut tx, workspace, Some(agent), decision, &audit).await?;
        }
        tx.end(deleted, audit).await
    }

    /// Records when agents' keys were last used. No decision depends on it, so it needs no audit
    /// entry.
    pub async fn agent_touch(&self, used: &[(AgentId, Timestamp)]) -> Result<(), StoreError> {
        let Some(latest) = used.iter().map(|(_, at)| *at).max() else {
            return Ok(());
        };
        let mut tx = Transaction::begin(self.writers(), latest).await?;
        let mut used = used.to_vec();
        // All writers update agents in this order, so that no two wait for each other.
        used.sort_unstable_by_key(|(agent, _)| *agent);
        for (agent, at) in used {
            execute!(
                tx,
                "UPDATE agents SET last_used_at = $2
                 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
                agent.0,
                at.0,
            );
        }
        tx.commit().await
    }

    async fn agent_saved(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        is_saved: bool,
    ) -> Result<AgentSaved, StoreError> {
        Ok(match self.agent_find(workspace, agent).await? {
            Some(Stored::Intact(agent)) if is_saved => AgentSaved::Saved(agent),
            Some(Stored::Damaged(damaged)) if is_saved => AgentSaved::Damaged(damaged),
            Some(_) => AgentSaved::Changed,
            None => AgentSaved::Unknown,
        })
    }
}

//! Agents, their keys' hashes and what they may use.
//!
//! A deleted agent keeps its row, which old requests name. Whatever takes rights away also takes
//! back the agent's waiting and approved actions, in the same transaction.

use gaiterguard_domain::action::HumanDecision;
use gaiterguard_domain::agent::Agent;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;

use crate::action::bulk::revoke_open;
use crate::agent::grant::set_grants;
use crate::agent::read::KeyHash;
use crate::db::connection::execute;
use crate::db::connection::fetch_one;
use crate::db::error::StoreError;
use crate::rows::stored::{DamagedRow, Stored};
use crate::store::Store;
use crate::writer::transaction::Transaction;

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

impl Store {
    /// Makes an agent.
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
        if let Some(unknown) = set_grants(&mut tx, workspace, id, &new.services, at).await? {
            tx.rollback().await?;
            return Ok(AgentSaved::ServiceUnknown(unknown));
        }
        tx.audit(audit(id));
        tx.commit().await?;
        self.agent_saved(workspace, id, true).await
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
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let updated = execute!(
            tx,
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
        let is_saved = tx.end(updated, audit).await?;
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

    /// Blocks an agent and takes back its waiting and approved actions. An agent that is blocked
    /// already stays so since when it was.
    pub async fn agent_block(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        word: &HumanDecision,
        audit: NewAuditEntry,
    ) -> Result<AgentSaved, StoreError> {
        let mut tx = self.begin_definition_change(workspace, word.at).await?;
        let updated = execute!(
            tx,
            "UPDATE agents SET blocked_since = COALESCE(blocked_since, $3), updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            word.at.0,
        );
        if updated > 0 {
            revoke_open(&mut tx, workspace, Some(agent), word, &audit).await?;
        }
        let is_saved = tx.end(updated, audit).await?;
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

    /// Removes an agent and takes back its waiting and approved actions. False if there is no such
    /// agent.
    pub async fn agent_delete(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        word: &HumanDecision,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_definition_change(workspace, word.at).await?;
        let deleted = execute!(
            tx,
            "UPDATE agents SET deleted_at = $3, updated_at = $3
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
            word.at.0,
        );
        if deleted > 0 {
            execute!(tx, "DELETE FROM grants WHERE agent_id = $1", agent.0);
            revoke_open(&mut tx, workspace, Some(agent), word, &audit).await?;
        }
        tx.end(deleted, audit).await
    }

    /// Notes when agents' keys were last used. Nothing rests on it, so it is no change that an
    /// audit entry tells of.
    pub async fn agent_touch(&self, used: &[(AgentId, Timestamp)]) -> Result<(), StoreError> {
        let Some(latest) = used.iter().map(|(_, at)| *at).max() else {
            return Ok(());
        };
        let mut tx = Transaction::begin(self.writers(), latest).await?;
        let mut used = used.to_vec();
        // Writers that touch the same agents take their locks in the same order.
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

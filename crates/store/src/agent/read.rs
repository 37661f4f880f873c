//! Queries for agents.

use gaiterguard_database::column::{RowContext, time};
use gaiterguard_database::connection::{AnyConnection, fetch_all};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::agent::{Agent, Grant, OtherHosts};
use gaiterguard_domain::id::{AgentId, UserId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::fetch_stored;
use gaiterguard_rows::stored::{Stored, all_intact};

use crate::agent::grant::{GrantRow, Grants};
use crate::store::Store;

/// The SHA-256 hash of an agent's key.
pub type KeyHash = [u8; 32];

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
    other_hosts: String,
    expires_at: Option<i64>,
    owner_id: Option<i64>,
    last_used_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    revision: i64,
}

impl AgentRow {
    fn with_grants(self, grants: Vec<Grant>) -> Result<(KeyHash, Agent), StoreError> {
        let context = RowContext {
            table: "agents",
            id: &self.id,
        };
        let key_hash = context.digest("key_hash", &self.key_hash)?.0;
        let hold_seconds = context.u32("hold_seconds", self.hold_seconds)?;
        let is_score = |threshold: f64| (0.0..=1.0).contains(&threshold);
        // No score can reach a threshold that is NaN or above the highest score, so such an agent's
        // requests would never be held.
        if !self.risk_threshold.is_none_or(is_score) {
            return Err(context.invalid("risk_threshold"));
        }
        let other_hosts = OtherHosts::parse(&self.other_hosts);
        let other_hosts = other_hosts.ok_or_else(|| context.invalid("other_hosts"))?;
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
            other_hosts,
            expires_at: time(self.expires_at),
            owner: self.owner_id.map(UserId),
            last_used_at: time(self.last_used_at),
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
            revision: self.revision,
        };
        Ok((key_hash, agent))
    }
}

impl Store {
    /// Returns an agent that is not deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] if its row is damaged.
    pub async fn agent_get(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
    ) -> Result<Option<Agent>, StoreError> {
        let stored = self.agent_find(workspace, agent).await?;
        stored.map(Stored::intact).transpose()
    }

    /// Returns an agent for display; a damaged one as far as it can be read.
    pub async fn agent_find(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
    ) -> Result<Option<Stored<Agent>>, StoreError> {
        let mut reader = self.reader().await?;
        let granted = fetch_all!(
            reader,
            GrantRow,
            "SELECT agent_id, service_id, since FROM grants WHERE agent_id = $1
             ORDER BY service_id",
            agent.0,
        );
        let mut grants = Grants::of(&granted);
        let stored = fetch_stored!(
            reader,
            "agents",
            "name",
            |row: AgentRow| {
                let granted = grants.take(row.id);
                row.with_grants(granted)
            },
            "SELECT * FROM agents WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL",
            workspace.0,
            agent.0,
        );
        let stored = stored.into_iter().next();
        Ok(stored.map(|stored| stored.map(|(_, agent)| agent)))
    }

    /// Lists the agents of a workspace that are not deleted.
    pub async fn agent_list(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<Stored<Agent>>, StoreError> {
        let agents = stored_agents(self.reader().await?.any(), workspace).await?;
        let agents = agents.into_iter();
        Ok(agents
            .map(|stored| stored.map(|(_, agent)| agent))
            .collect())
    }
}

async fn stored_agents(
    mut connection: AnyConnection<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<Stored<(KeyHash, Agent)>>, StoreError> {
    let granted = fetch_all!(
        connection,
        GrantRow,
        "SELECT agent_id, service_id, since FROM grants
         WHERE agent_id IN (SELECT id FROM agents WHERE workspace_id = $1)
         ORDER BY agent_id, service_id",
        workspace.0,
    );
    let mut grants = Grants::of(&granted);
    Ok(fetch_stored!(
        connection,
        "agents",
        "name",
        |row: AgentRow| {
            let granted = grants.take(row.id);
            row.with_grants(granted)
        },
        "SELECT * FROM agents WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY id",
        workspace.0,
    ))
}

/// Returns the agents of a workspace that are not deleted, with the hashes of their keys. Fails if
/// one is damaged.
pub(crate) async fn agents_intact(
    connection: AnyConnection<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<(KeyHash, Agent)>, StoreError> {
    all_intact(stored_agents(connection, workspace).await?)
}

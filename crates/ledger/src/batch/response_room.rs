//! Limits how many bytes of responses are stored for an agent and its workspace.
//!
//! Triggers count the bytes, so the counts are correct whichever statement writes or removes them.
//! They are read in the transaction that adds to them. Writers that commit at the same moment do
//! not see each other's additions: together they may exceed a budget by what they write then.

use std::collections::{BTreeSet, HashMap};

use gaiterguard_domain::id::{AgentId, WorkspaceId};
use gaiterguard_domain::ledger::{ByteBudget, StoredResponse};

use crate::writer::transaction::Transaction;
use gaiterguard_database::connection::with_connection;
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};

static STORED_BYTES: ManyRows = ManyRows::new(
    "SELECT agents.id, agents.workspace_id, \
     CAST(COALESCE((SELECT SUM(responses) FROM kept_bytes WHERE kept_bytes.agent_id = agents.id), 0) \
     AS BIGINT), \
     CAST(COALESCE((SELECT SUM(responses) FROM kept_bytes \
     WHERE kept_bytes.workspace_id = agents.workspace_id), 0) AS BIGINT) \
     FROM agents WHERE id IN (VALUES ",
    1,
    ")",
);

/// The bytes of stored responses that one transaction may add to.
pub(super) struct ResponseRoom {
    budget: ByteBudget,
    agents: HashMap<AgentId, (WorkspaceId, u64)>,
    workspaces: HashMap<WorkspaceId, u64>,
}

impl ResponseRoom {
    /// Reads how much is stored for these agents and their workspaces.
    pub(super) async fn read(
        tx: &mut Transaction,
        budget: ByteBudget,
        agents: &BTreeSet<AgentId>,
    ) -> Result<Self, StoreError> {
        let mut room = Self {
            budget,
            agents: HashMap::with_capacity(agents.len()),
            workspaces: HashMap::new(),
        };
        if budget == ByteBudget::UNBOUNDED {
            return Ok(room);
        }
        let agents: Vec<AgentId> = agents.iter().copied().collect();
        for chunk in chunks(&agents) {
            let sql = tx.dialect().many_rows(&STORED_BYTES, chunk.size);
            with_connection!(tx, connection => {
                let mut query = sqlx::query_as::<_, (i64, i64, i64, i64)>(sql);
                for agent in chunk.padded() {
                    query = query.bind(agent.map(|agent| agent.0));
                }
                for (id, workspace, of_agent, of_workspace) in query.fetch_all(connection).await? {
                    let workspace = WorkspaceId(workspace);
                    room.agents.insert(AgentId(id), (workspace, bytes(of_agent)));
                    room.workspaces.insert(workspace, bytes(of_workspace));
                }
            });
        }
        Ok(room)
    }

    /// Reserves room for a response. Returns false if there is not enough.
    pub(super) fn take(&mut self, agent: AgentId, response: &StoredResponse) -> bool {
        let length = response
            .content
            .as_ref()
            .map_or(0, |sealed| sealed.bytes.len() as u64);
        if length == 0 || self.budget == ByteBudget::UNBOUNDED {
            return true;
        }
        let Some((workspace, of_agent)) = self.agents.get_mut(&agent) else {
            return false;
        };
        let of_workspace = self.workspaces.entry(*workspace).or_default();
        if !self.budget.holds(*of_agent, *of_workspace, length) {
            return false;
        }
        *of_agent += length;
        *of_workspace += length;
        true
    }
}

/// Converts a count of bytes. Only a damaged count is negative.
pub(super) fn bytes(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

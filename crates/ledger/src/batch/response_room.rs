//! Limits how many bytes of responses are stored for an agent and its workspace.
//!
//! Triggers count the bytes, so the counts are correct whichever statement writes or removes them.
//! They are read in the transaction that adds to them. Writers that commit at the same moment do
//! not see each other's additions: together they may exceed a budget by what they write then.

use std::collections::{BTreeSet, HashMap};

use gaiterguard_database::connection::{FirstQuery, FirstRow, fetch_all};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::ManyRows;
use gaiterguard_domain::id::{AgentId, WorkspaceId};
use gaiterguard_domain::ledger::{ByteBudget, StoredResponse};

use crate::command::Command;
use crate::writer::transaction::Transaction;

/// The kind of [`FirstRow`] that has an agent's id, its workspace's, and the bytes that are stored for each.
const STORED: i64 = 2;

static STORED_BYTES: ManyRows = ManyRows::new(
    "SELECT CAST(2 AS BIGINT), agents.id, agents.workspace_id, \
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
    /// Returns the query of how much is stored for the agents whose responses a batch stores with their keys, and
    /// for their workspaces.
    pub(super) fn query(budget: ByteBudget, commands: &[Command]) -> FirstQuery {
        let agents = commands.iter().filter_map(|command| match command {
            Command::Complete(completion, _) if budget != ByteBudget::UNBOUNDED => {
                let (agent, _) = completion.claim.as_ref()?;
                completion.outcome.response()?.content.as_ref()?;
                Some(agent.0)
            }
            _ => None,
        });
        let agents: BTreeSet<i64> = agents.collect();
        FirstQuery {
            statement: &STORED_BYTES,
            ids: agents.into_iter().collect(),
        }
    }

    /// Returns the room that the rows of [`Self::query`] leave.
    pub(super) fn of(budget: ByteBudget, rows: &[FirstRow]) -> Self {
        let mut room = Self {
            budget,
            agents: HashMap::new(),
            workspaces: HashMap::new(),
        };
        for &(_, id, workspace, of_agent, of_workspace) in rows.iter().filter(|row| row.0 == STORED)
        {
            let workspace = WorkspaceId(workspace);
            room.agents
                .insert(AgentId(id), (workspace, bytes(of_agent)));
            room.workspaces.insert(workspace, bytes(of_workspace));
        }
        room
    }

    /// Reads how much is stored for this agent and its workspace.
    pub(super) async fn read(
        tx: &mut Transaction,
        budget: ByteBudget,
        agent: AgentId,
    ) -> Result<Self, StoreError> {
        if budget == ByteBudget::UNBOUNDED {
            return Ok(Self::of(budget, &[]));
        }
        let sql = tx.dialect().many_rows(&STORED_BYTES, 1);
        let rows = fetch_all!(tx, FirstRow, sql, agent.0);
        Ok(Self::of(budget, &rows))
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

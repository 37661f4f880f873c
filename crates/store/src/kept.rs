//! How many bytes are kept of an agent's work, and whether more may be. Triggers count them, so that a
//! count is right whichever statement writes or removes what it counts; it is read in the transaction
//! that adds to it. Writers that commit at the same moment do not see each other: together they may
//! pass a budget by what they write then.

use std::collections::{BTreeSet, HashMap};

use gaiterguard_domain::id::{AgentId, WorkspaceId};
use gaiterguard_domain::ledger::{ByteBudget, StoredResponse};
use gaiterguard_domain::time::Timestamp;

use crate::connection::{execute, fetch_all, on};
use crate::error::StoreError;
use crate::lane::Write;
use crate::rows::{ManyRows, pieces};
use crate::store::Store;

static KEPT: ManyRows = ManyRows::new(
    "SELECT agents.id, agents.workspace_id, \
     CAST(COALESCE((SELECT SUM(responses) FROM kept_bytes WHERE kept_bytes.agent_id = agents.id), 0) \
     AS BIGINT), \
     CAST(COALESCE((SELECT SUM(responses) FROM kept_bytes \
     WHERE kept_bytes.workspace_id = agents.workspace_id), 0) AS BIGINT) \
     FROM agents WHERE id IN (VALUES ",
    1,
    ")",
);

/// The room that is left for responses in one transaction.
pub(crate) struct Room {
    budget: ByteBudget,
    agents: HashMap<AgentId, (WorkspaceId, u64)>,
    workspaces: HashMap<WorkspaceId, u64>,
}

impl Room {
    /// Reads what is kept of these agents and their workspaces.
    pub(crate) async fn of(
        write: &mut Write,
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
        for piece in pieces(&agents) {
            let text = write.many(&KEPT, piece.size);
            on!(write, connection => {
                let mut query = sqlx::query_as::<_, (i64, i64, i64, i64)>(text);
                for agent in piece.padded() {
                    query = query.bind(agent.map(|agent| agent.0));
                }
                for (id, workspace, of_agent, of_workspace) in query.fetch_all(connection).await? {
                    let workspace = WorkspaceId(workspace);
                    room.agents.insert(AgentId(id), (workspace, counted(of_agent)));
                    room.workspaces.insert(workspace, counted(of_workspace));
                }
            });
        }
        Ok(room)
    }

    /// Takes room for a response, if there is enough.
    pub(crate) fn take(&mut self, agent: AgentId, answer: &StoredResponse) -> bool {
        let length = answer
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

/// A count as it is used. Only a damaged one is negative.
pub(crate) fn counted(bytes: i64) -> u64 {
    u64::try_from(bytes).unwrap_or(0)
}

impl Store {
    /// Drops the bodies of up to `limit` ended actions of each agent, the oldest first, where the
    /// requests of ended actions take more bytes than the budget has for the agent or its workspace.
    /// Their heads stay. Returns how many were dropped.
    pub async fn action_body_drop_beyond(
        &self,
        budget: ByteBudget,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let bound = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        let mut write = Write::begin(self.shared(), at).await?;
        let agents = fetch_all!(
            write,
            (i64,),
            "SELECT agent_id FROM kept_bytes GROUP BY agent_id
             HAVING SUM(ended) > $1 OR (SUM(ended) > 0 AND MIN(workspace_id) IN
                (SELECT workspace_id FROM kept_bytes GROUP BY workspace_id HAVING SUM(ended) > $2))
             ORDER BY agent_id",
            bound(budget.agent),
            bound(budget.workspace),
        );
        let empty: &[u8] = &[];
        let mut dropped = 0;
        for (agent,) in agents {
            dropped += execute!(
                write,
                "UPDATE actions SET request = $2 WHERE id IN
                    (SELECT id FROM actions
                     WHERE agent_id = $1 AND preview IS NOT NULL AND LENGTH(request) > 0
                       AND status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED')
                     ORDER BY resolved_at LIMIT $3)",
                agent,
                empty,
                i64::from(limit),
            );
        }
        write
            .retention("retention.bodies_dropped", dropped, at)
            .await?;
        Ok(dropped)
    }
}

//! Limits how many actions may wait for a human, and how many bytes their requests take.

use std::collections::{BTreeSet, HashMap, HashSet};

use gaiterguard_database::connection::{AnyConnection, fetch_one};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::id::{AgentId, WorkspaceId};
use gaiterguard_domain::ledger::{NewDecision, NewHold, PendingLimit, Recorded};
use gaiterguard_domain::time::Timestamp;

use crate::batch::existing::{HoldIdentity, find_claim, find_held, hold_identity};
use crate::batch::response_room::bytes;
use crate::batch::state::{Batch, Index};
use crate::command::CommandResult;
use crate::writer::transaction::Transaction;

/// The class of the advisory locks under which a workspace's pending bytes are counted: "held" in
/// ASCII. Any number works that nothing else uses.
const HELD_BYTES_LOCK: i32 = 0x6865_6c64;

/// The pending actions while a batch is written.
struct Pending {
    /// Actions and bytes of each agent.
    agents: HashMap<AgentId, (i64, u64)>,
    /// Bytes of each workspace.
    workspaces: HashMap<WorkspaceId, u64>,
}

/// Removes decisions that would exceed a limit, and those that create no action because their key
/// is used or the same request is already held. They get their result here.
pub(super) async fn apply_pending_limit(
    tx: &mut Transaction,
    batch: &mut Batch<'_>,
    decisions: &mut Vec<(Index, &NewDecision)>,
) -> Result<(), StoreError> {
    let holds: Vec<(Index, &NewDecision, &NewHold)> = decisions
        .iter()
        .filter_map(|(index, decision)| Some((*index, *decision, decision.hold.as_ref()?)))
        .collect();
    if holds.is_empty() {
        return Ok(());
    }
    let mut pending = Pending::read(tx, &holds).await?;
    let mut removed = HashSet::new();
    let mut keyless = HashSet::new();
    for (index, decision, hold) in holds {
        let result = match existing(tx, decision, hold, &mut keyless).await? {
            Some(result) => Some(result),
            None => pending
                .add(decision, hold)
                .err()
                .map(|limit| CommandResult::Recorded(Recorded::TooManyPending(limit))),
        };
        if let Some(result) = result {
            batch.results[index] = Some(result);
            removed.insert(index);
        }
    }
    decisions.retain(|(index, _)| !removed.contains(index));
    Ok(())
}

/// Returns the result of a decision that meets an existing claim or action.
async fn existing(
    tx: &mut Transaction,
    decision: &NewDecision,
    hold: &NewHold,
    keyless: &mut HashSet<HoldIdentity>,
) -> Result<Option<CommandResult>, StoreError> {
    Ok(match &decision.claim {
        Some(claim) => find_claim(tx, decision, claim)
            .await?
            .map(|used| CommandResult::Recorded(Recorded::KeyUsed(used))),
        // The second of two equal requests in one batch finds the first in the next batch.
        None if !keyless.insert(hold_identity(decision, hold)) => Some(CommandResult::Retry),
        None => find_held(tx, decision, hold)
            .await?
            .map(|action| CommandResult::Recorded(Recorded::AlreadyHeld(action))),
    })
}

impl Pending {
    /// Counts what is pending for the agents and workspaces of these holds. Agents and then
    /// workspaces are locked in order, so that other writers wait and none deadlock.
    async fn read(
        tx: &mut Transaction,
        holds: &[(Index, &NewDecision, &NewHold)],
    ) -> Result<Self, StoreError> {
        let entries = || holds.iter().map(|(_, decision, _)| &decision.entry);
        let now = entries().map(|entry| entry.at).min();
        let now = now.unwrap_or(Timestamp(0));
        let agents: BTreeSet<AgentId> = entries().map(|entry| entry.agent).collect();
        let workspaces: BTreeSet<WorkspaceId> = entries().map(|entry| entry.workspace).collect();
        let mut pending = Self {
            agents: HashMap::with_capacity(agents.len()),
            workspaces: HashMap::new(),
        };
        for agent in agents {
            let count = count_of_agent(tx, agent, now).await?;
            pending.agents.insert(agent, count);
        }
        for workspace in workspaces {
            let bytes = bytes_of_workspace(tx, workspace, now).await?;
            pending.workspaces.insert(workspace, bytes);
        }
        Ok(pending)
    }

    /// Adds a hold if the limits allow it.
    fn add(&mut self, decision: &NewDecision, hold: &NewHold) -> Result<(), PendingLimit> {
        let (count, of_agent) = self.agents.entry(decision.entry.agent).or_default();
        let of_workspace = self.workspaces.entry(decision.entry.workspace).or_default();
        let length = hold.request.bytes.len() as u64;
        if *count >= i64::from(hold.pending_max) {
            return Err(PendingLimit::Actions);
        }
        if !hold.pending_bytes.holds(*of_agent, *of_workspace, length) {
            return Err(PendingLimit::Bytes);
        }
        *count += 1;
        *of_agent += length;
        *of_workspace += length;
        Ok(())
    }
}

async fn count_of_agent(
    tx: &mut Transaction,
    agent: AgentId,
    now: Timestamp,
) -> Result<(i64, u64), StoreError> {
    // Other writers must not count at the same time: together they would exceed the limit.
    if let AnyConnection::Postgres(connection) = tx.any() {
        sqlx::query("SELECT id FROM agents WHERE id = $1 FOR NO KEY UPDATE")
            .bind(agent.0)
            .execute(connection)
            .await?;
    }
    let (count, length) = fetch_one!(
        tx,
        (i64, i64),
        "SELECT COUNT(*), CAST(COALESCE(SUM(LENGTH(request)), 0) AS BIGINT) FROM actions
         WHERE agent_id = $1 AND status = 'PENDING' AND expires_at > $2",
        agent.0,
        now.0,
    );
    Ok((count, bytes(length)))
}

async fn bytes_of_workspace(
    tx: &mut Transaction,
    workspace: WorkspaceId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    // An advisory lock rather than the row's: a lock on the workspace would block every change of
    // its definitions, and this batch already holds a share lock on it.
    if let AnyConnection::Postgres(connection) = tx.any() {
        sqlx::query("SELECT pg_advisory_xact_lock($1, CAST($2 % 2147483647 AS INTEGER))")
            .bind(HELD_BYTES_LOCK)
            .bind(workspace.0)
            .execute(connection)
            .await?;
    }
    let (length,) = fetch_one!(
        tx,
        (i64,),
        "SELECT CAST(COALESCE(SUM(LENGTH(request)), 0) AS BIGINT) FROM actions
         WHERE workspace_id = $1 AND status = 'PENDING' AND expires_at > $2",
        workspace.0,
        now.0,
    );
    Ok(bytes(length))
}

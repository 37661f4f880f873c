//! The order in which a batch is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gaiterguard_database::connection::{ConnectTarget, Durability, FirstQuery};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::ManyRows;
use gaiterguard_domain::action::ActionState;
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::time::Timestamp;
use tokio::sync::OwnedMutexGuard;

use crate::batch::response_room::ResponseRoom;
use crate::batch::state::Batch;
use crate::batch::{changes, completions, decisions};
use crate::command::{Command, CommandResult};
use crate::writer::connection::WriterConnection;
use crate::writer::pool::WriterPool;
use crate::writer::transaction::Transaction;

/// Writes everything of a batch except its audit entries, which are written with the commit. Returns
/// the result of each command, which holds once the transaction is committed.
pub async fn write_batch(
    pool: Arc<WriterPool>,
    writer: OwnedMutexGuard<WriterConnection>,
    commands: &[Command],
) -> Result<(Transaction, Vec<CommandResult>), StoreError> {
    let at = commands.first().map_or(Timestamp(0), Command::at);
    let required = commands.iter().map(Command::durability).max();
    let durability = required
        .unwrap_or(Durability::Storage)
        .max(pool.durability_min());
    let budget = pool.response_budget();
    let versions = FirstQuery {
        statement: match pool.target() {
            ConnectTarget::Sqlite(_) => &VERSIONS,
            ConnectTarget::Postgres(_) => &LOCKED_VERSIONS,
        },
        ids: decided_on(commands),
    };
    let first = [versions, ResponseRoom::query(budget, commands)];
    let begun = Transaction::begin_on(Arc::clone(&pool), writer, durability, at, &first);
    let (mut tx, found) = begun.await?;
    let versions = found.iter().filter(|row| row.0 == VERSION);
    let mut batch = Batch {
        commands,
        owner: pool.owner(),
        response_budget: budget,
        versions: versions.map(|row| (WorkspaceId(row.1), row.2)).collect(),
        response_room: ResponseRoom::of(budget, &found),
        results: commands.iter().map(|_| None).collect(),
        ended: BTreeMap::new(),
    };
    // Completions come first: decisions of the same batch may claim the keys that they release.
    completions::write(&mut tx, &mut batch).await?;
    changes::write(&mut tx, &mut batch).await?;
    decisions::write(&mut tx, &mut batch).await?;
    tx.cover_ends(std::mem::take(&mut batch.ended), at);
    let results = batch
        .results
        .into_iter()
        .map(|result| result.unwrap_or(CommandResult::Retry))
        .collect();
    Ok((tx, results))
}

/// The kind of [`FirstRow`] that has a workspace's id and its current version. SQLite's write lock keeps it current.
const VERSION: i64 = 1;

static VERSIONS: ManyRows = ManyRows::new(
    "SELECT 1, id, version, 0, 0 FROM workspaces WHERE id IN (VALUES ",
    1,
    ")",
);

/// Reads versions on PostgreSQL, and locks them. The share lock makes a change of one of these workspaces wait for this
/// batch, and this batch wait for a change that has begun. `ORDER BY` makes all writers lock in the same order.
static LOCKED_VERSIONS: ManyRows = ManyRows::new(
    "SELECT 1::BIGINT, id, version, 0::BIGINT, 0::BIGINT FROM workspaces WHERE id IN (VALUES ",
    1,
    ") ORDER BY id FOR SHARE",
);

/// Returns the ids of the workspaces whose definitions a batch was decided on, in order.
fn decided_on(commands: &[Command]) -> Vec<i64> {
    let workspaces: BTreeSet<WorkspaceId> = commands
        .iter()
        .filter_map(|command| match command {
            Command::Record(decision, ..) => Some(decision.entry.workspace),
            Command::Change(change, _) | Command::End(change, _) => match change.state {
                // An execution that returns to approved must see whether it was recalled.
                ActionState::Approved { .. } => change.audit.workspace,
                // A ruling must see whether its human is still a member.
                _ if change.member.is_some() => change.audit.workspace,
                _ => change.authority.map(|(workspace, _)| workspace),
            },
            Command::Complete(..) => None,
        })
        .collect();
    workspaces
        .into_iter()
        .map(|workspace| workspace.0)
        .collect()
}

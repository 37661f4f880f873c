//! The order in which a batch is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use gaiterguard_domain::action::ActionState;
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::time::Timestamp;
use tokio::sync::OwnedMutexGuard;

use crate::batch::state::Batch;
use crate::batch::{changes, completions, decisions};
use crate::command::{Command, CommandResult};
use crate::writer::connection::WriterConnection;
use crate::writer::pool::WriterPool;
use crate::writer::transaction::Transaction;
use gaiterguard_database::connection::{ConnectTarget, Durability, FirstQuery, with_connection};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};

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
    let workspaces = decided_on(commands);
    // PostgreSQL reads the versions as it begins the transaction.
    let is_postgres = matches!(pool.target(), ConnectTarget::Postgres(_));
    let first = (is_postgres && !workspaces.is_empty()).then(|| locked_versions(&workspaces));
    let begun = Transaction::begin_on(Arc::clone(&pool), writer, durability, at, first.as_ref());
    let (mut tx, found) = begun.await?;
    let versions = if is_postgres {
        found
            .into_iter()
            .map(|(id, version)| (WorkspaceId(id), version))
            .collect()
    } else {
        read_versions(&mut tx, &workspaces).await?
    };
    let mut batch = Batch {
        commands,
        owner: pool.owner(),
        response_budget: pool.response_budget(),
        versions,
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

static VERSIONS: ManyRows = ManyRows::new(
    "SELECT id, version FROM workspaces WHERE id IN (VALUES ",
    1,
    ")",
);

/// Returns the query that reads and locks versions on PostgreSQL. The share lock makes a change of one of these
/// workspaces wait for this batch, and this batch wait for a change that has begun. `ORDER BY` makes all writers lock in
/// the same order.
fn locked_versions(workspaces: &[WorkspaceId]) -> FirstQuery {
    let ids: Vec<i64> = workspaces.iter().map(|workspace| workspace.0).collect();
    FirstQuery::of_numbers(
        "SELECT id, version FROM workspaces WHERE id IN (",
        &ids,
        ") ORDER BY id FOR SHARE",
    )
}

/// Returns the workspaces whose definitions a batch was decided on, in order.
fn decided_on(commands: &[Command]) -> Vec<WorkspaceId> {
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
    workspaces.into_iter().collect()
}

/// Reads the current versions of workspaces from SQLite, whose write lock keeps them so.
async fn read_versions(
    tx: &mut Transaction,
    workspaces: &[WorkspaceId],
) -> Result<HashMap<WorkspaceId, i64>, StoreError> {
    let mut versions = HashMap::with_capacity(workspaces.len());
    for chunk in chunks(workspaces) {
        let sql = VERSIONS.unnumbered(chunk.size);
        with_connection!(tx, connection => {
            let mut query = sqlx::query_as::<_, (i64, i64)>(sql);
            for workspace in chunk.padded() {
                query = query.bind(workspace.map(|workspace| workspace.0));
            }
            for (id, version) in query.fetch_all(connection).await? {
                versions.insert(WorkspaceId(id), version);
            }
        });
    }
    Ok(versions)
}

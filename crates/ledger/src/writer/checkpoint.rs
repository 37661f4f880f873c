//! Moves SQLite's write-ahead log into the database file, in the background. Automatic checkpoints
//! are off, because they would run inside a commit and delay its callers.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_database::connection::{ConnectTarget, Connection, execute, fetch_one};
use gaiterguard_database::error::StoreError;

use crate::writer::pool::WriterPool;

/// How long to gather commits before a checkpoint. Long enough that pages which several commits
/// change are copied once, short enough that the log stays small under load.
const DELAY: Duration = Duration::from_millis(500);

/// The length of the log, in pages of 4 KiB (so 64 MiB), from which a checkpoint makes writers wait
/// until the log is empty. Below it the log is moved while they continue.
const LOG_PAGES_MAX: i64 = 16 * 1024;

/// Checkpoints after commits for as long as the gateway runs. Sleeps while nothing is written.
pub async fn run(target: ConnectTarget, pool: Arc<WriterPool>) {
    let mut connection = None;
    loop {
        pool.wait_committed().await;
        tokio::time::sleep(DELAY).await;
        if let Err(error) = checkpoint(&target, &mut connection).await {
            tracing::warn!(%error, "the database checkpoint failed and will be retried");
            connection = None;
        }
    }
}

async fn checkpoint(
    target: &ConnectTarget,
    connection: &mut Option<Connection>,
) -> Result<(), StoreError> {
    let connection = if let Some(connection) = connection {
        connection
    } else {
        let mut opened = Connection::open(target).await?;
        // Rather than wait for readers it gives up, and the next checkpoint tries again.
        execute!(opened, "PRAGMA busy_timeout = 50");
        connection.insert(opened)
    };
    let (_, log_pages, _) = fetch_one!(
        connection,
        (i64, i64, i64),
        "PRAGMA wal_checkpoint(PASSIVE)"
    );
    if log_pages > LOG_PAGES_MAX {
        execute!(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
    Ok(())
}

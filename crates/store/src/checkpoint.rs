//! Moving SQLite's log into the database file, beside the writer and never in its way.

use std::sync::Arc;
use std::time::Duration;

use crate::connection::{Connection, Target, execute, fetch_one};
use crate::error::StoreError;
use crate::store::Shared;

/// How long commits are gathered before the log is moved.
const PAUSE: Duration = Duration::from_millis(500);

/// The length of the log, in pages of 4 KiB, from which writers are made to wait until it is
/// empty. Below it the log is moved while they write on.
const LOG_PAGES_MAX: i64 = 16 * 1024;

/// Moves the log after commits for as long as the gateway runs. It sleeps while nothing is
/// written.
pub(crate) async fn run(target: Target, shared: Arc<Shared>) {
    let mut connection = None;
    loop {
        shared.wait_committed().await;
        tokio::time::sleep(PAUSE).await;
        if let Err(error) = checkpoint(&target, &mut connection).await {
            tracing::warn!(%error, "the database's log could not be moved; it is tried again");
            connection = None;
        }
    }
}

async fn checkpoint(
    target: &Target,
    connection: &mut Option<Connection>,
) -> Result<(), StoreError> {
    let connection = if let Some(connection) = connection {
        connection
    } else {
        let mut opened = Connection::open(target).await?;
        // It never waits for readers, it tries again later.
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

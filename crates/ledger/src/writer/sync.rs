//! Brings commits to stable storage that did not wait for it, in the background.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_database::connection::{ConnectTarget, Connection, Durability, execute};
use gaiterguard_database::error::StoreError;

use crate::writer::pool::WriterPool;

/// How long to gather commits before they are synced together. With the sync itself, each of them is on
/// stable storage within 100 ms, which is what the documentation promises.
const DELAY: Duration = Duration::from_millis(50);

/// How long to wait after a failure. It is the database's, which takes seconds to come back.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Where commits are written before they are on stable storage.
pub enum Log {
    /// SQLite's write-ahead log, a file.
    Sqlite(PathBuf),
    /// The write-ahead log of a PostgreSQL server.
    Postgres(ConnectTarget),
}

impl Log {
    /// Returns the log of the SQLite database in `path`.
    pub fn of_sqlite(path: &Path) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Self::Sqlite(log.into())
    }
}

/// Syncs after commits for as long as the gateway runs. Sleeps while nothing is written.
pub async fn run(log: Log, pool: Arc<WriterPool>) {
    let mut connection = None;
    loop {
        pool.wait_unsynced().await;
        tokio::time::sleep(DELAY).await;
        let mut is_reported = false;
        while let Err(error) = sync(&log, &mut connection).await {
            if !is_reported {
                tracing::warn!(%error, "records of reads are not on stable storage yet; trying again");
            }
            is_reported = true;
            connection = None;
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }
}

async fn sync(log: &Log, connection: &mut Option<Connection>) -> Result<(), StoreError> {
    match log {
        Log::Sqlite(path) => {
            let path = path.clone();
            let syncing = tokio::task::spawn_blocking(move || match File::open(path) {
                Ok(log) => log.sync_data(),
                // The last connection that closes moves everything into the database file.
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            });
            syncing
                .await
                .unwrap_or_else(|panicked| Err(panicked.into()))
                .map_err(|error| StoreError::unreachable(&error.into()))
        }
        Log::Postgres(target) => {
            let connection = match connection {
                Some(connection) => connection,
                None => connection.insert(Connection::open(target).await?),
            };
            // A commit flushes the log up to its own record, and so everything before it. It needs something
            // to write.
            connection.begin(Durability::Storage).await?;
            execute!(
                connection,
                "SELECT pg_logical_emit_message(true, 'gaiterguard', '')"
            );
            connection.commit().await
        }
    }
}

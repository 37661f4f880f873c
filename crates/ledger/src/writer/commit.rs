//! The last statements of a write transaction, and commits whose outcome is unknown.

use std::sync::Arc;

use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::id::WorkspaceId;
use tokio::sync::OwnedMutexGuard;

use crate::writer::audit_insert::{bind_entries, insert_entries};
use crate::writer::connection::{Head, ReservedIds, WriterConnection, read_head};
use crate::writer::pool::WriterPool;
use gaiterguard_database::connection::{AnyConnection, Connection, Dialect, Durability, execute};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{Chunk, ManyRows, ROWS_PER_STATEMENT_MAX};

/// Why a transaction is not known to be committed.
pub enum CommitError {
    /// Nothing was written.
    NotCommitted(StoreError),
    /// The database did not say.
    Unknown(Box<UnknownCommit>),
}

/// A transaction whose COMMIT got no response.
pub struct UnknownCommit {
    pub pool: Arc<WriterPool>,
    pub writer: OwnedMutexGuard<WriterConnection>,
    pub expected: Head,
    pub entries: Vec<AuditEntry>,
    pub authority: Vec<WorkspaceId>,
}

impl UnknownCommit {
    /// Finds out whether the transaction was committed, and publishes it if so.
    pub async fn resolve(&mut self) -> Result<bool, StoreError> {
        let mut connection = Connection::open(self.pool.target()).await?;
        connection.begin(Durability::Storage).await?;
        let head = read_head(&mut connection, self.expected.link.chain).await?;
        connection.rollback().await?;
        self.writer.connection = Some(connection);
        self.writer.head = Some(head);
        self.writer.ids = ReservedIds::default();
        let is_committed = head == self.expected;
        if is_committed {
            let entries = std::mem::take(&mut self.entries);
            self.pool.feed().publish(entries, &self.authority);
        }
        Ok(is_committed)
    }
}

/// The end of a transaction on SQLite, in one text: each statement of its own would cross to the
/// driver's thread and back. If the head is not where it should be, the statement sets its hash to
/// NULL, which the table refuses before anything is committed.
static SQLITE_END: ManyRows = ManyRows::new(
    "UPDATE audit_chains SET sequence = ?, hash = CASE commits WHEN ? THEN ? END, commits = ? \
     WHERE chain = ?; \
     INSERT INTO audit (id, chain, sequence, workspace_id, at, actor, event, subject, detail, \
     covers, previous_hash, hash) SELECT * FROM (VALUES ",
    12,
    ") AS new WHERE column1 IS NOT NULL; COMMIT",
);

/// The end of a write transaction: its audit entries, the head they advance, and the commit.
pub struct TransactionEnd<'e> {
    pub entries: &'e [AuditEntry],
    pub head: Head,
    pub commits_before: i64,
}

impl TransactionEnd<'_> {
    /// Writes everything that [`Self::commit`] does not write itself.
    pub async fn prepare(&self, connection: &mut Connection) -> Result<(), StoreError> {
        if connection.dialect() == Dialect::Sqlite {
            return insert_entries(connection, self.split().0).await;
        }
        insert_entries(connection, self.entries).await?;
        let link = self.head.link;
        let advanced = execute!(
            connection,
            "UPDATE audit_chains SET sequence = $2, hash = $3, commits = $4
             WHERE chain = $1 AND commits = $5",
            link.chain,
            link.sequence,
            link.hash.0.as_slice(),
            self.head.commits,
            self.commits_before,
        );
        if advanced != 1 {
            return Err(StoreError::inconsistent(
                "audit_chains",
                "commits",
                link.chain,
            ));
        }
        Ok(())
    }

    /// Makes the transaction durable.
    pub async fn commit(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let AnyConnection::Sqlite(sqlite) = connection.any() else {
            return connection.commit().await;
        };
        let last = Chunk::new(self.split().1);
        let query = sqlx::query(SQLITE_END.unnumbered(last.size))
            .bind(self.head.link.sequence)
            .bind(self.commits_before)
            .bind(self.head.link.hash.0.as_slice())
            .bind(self.head.commits)
            .bind(self.head.link.chain);
        bind_entries!(query, last).execute(sqlite).await?;
        Ok(())
    }

    /// Splits the entries, for SQLite, into whole chunks and the rest that goes with the commit.
    fn split(&self) -> (&[AuditEntry], &[AuditEntry]) {
        let whole = self.entries.len().saturating_sub(1) / ROWS_PER_STATEMENT_MAX;
        self.entries.split_at(whole * ROWS_PER_STATEMENT_MAX)
    }
}

//! The last statements of a write transaction, and commits whose outcome is unknown.

use std::sync::Arc;

use gaiterguard_database::connection::{AnyConnection, Connection, Durability};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{Chunk, ManyRows, ROWS_PER_STATEMENT_MAX, chunks, joined};
use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::id::WorkspaceId;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, PgConnection, Sqlite};
use tokio::sync::OwnedMutexGuard;

use crate::writer::audit_insert::{bind_entries, insert_entries};
use crate::writer::connection::{Head, ReservedIds, WriterConnection, read_head};
use crate::writer::pool::WriterPool;
use crate::writer::rule_hits::{COUNT, RuleHits, bind_hits, on_hits_conflict};

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

/// The end of a transaction on SQLite. If the head is not where it should be, the statement sets its hash to
/// NULL, which the table refuses before anything is committed.
static SQLITE_END: ManyRows = ManyRows::new(
    "UPDATE audit_chains SET sequence = ?, hash = CASE commits WHEN ? THEN ? END, commits = ? \
     WHERE chain = ?; \
     INSERT INTO audit (id, chain, sequence, workspace_id, at, actor, event, subject, detail, \
     covers, previous_hash, hash) SELECT * FROM (VALUES ",
    12,
    ") AS new WHERE column1 IS NOT NULL; COMMIT",
);

/// Advances the head of a chain on PostgreSQL, inserts the entries that it is advanced by, and counts rules, in one
/// round trip. The columns are arrays, so that one text, which is planned once, serves any number of entries.
const ADVANCE: &str = concat!(
    "WITH advanced AS (
        UPDATE audit_chains SET sequence = $2, hash = $3, commits = $4
        WHERE chain = $1 AND commits = $5 RETURNING chain
    ), counted AS (
        INSERT INTO rule_hits (rule_id, day, chain, workspace_id, hits, last_at)
        SELECT new.rule_id, new.day, advanced.chain, new.workspace_id, new.hits, new.last_at
        FROM advanced, UNNEST($17::BIGINT[], $18::BIGINT[], $19::BIGINT[], $20::BIGINT[], $21::BIGINT[])
            AS new (rule_id, day, workspace_id, hits, last_at)
        ",
    on_hits_conflict!(),
    "
    ), inserted AS (
        INSERT INTO audit (id, chain, sequence, workspace_id, at, actor, event, subject, detail, covers,
            previous_hash, hash)
        SELECT new.id, advanced.chain, new.sequence, new.workspace_id, new.at, new.actor, new.event, new.subject,
            new.detail, new.covers, new.previous_hash, new.hash
        FROM advanced, UNNEST($6::BIGINT[], $7::BIGINT[], $8::BIGINT[], $9::BIGINT[], $10::TEXT[], $11::TEXT[],
            $12::TEXT[], $13::TEXT[], $14::TEXT[], $15::BYTEA[], $16::BYTEA[])
            AS new (id, sequence, workspace_id, at, actor, event, subject, detail, covers, previous_hash, hash)
    )
    SELECT chain FROM advanced"
);

/// A statement that SQLite runs together with the commit, and its arguments.
pub struct WithCommit {
    pub statement: &'static str,
    pub arguments: SqliteArguments,
}

/// The end of a write transaction: its audit entries, the head they advance, what it counts, and the commit.
pub struct TransactionEnd<'e> {
    pub entries: &'e [AuditEntry],
    pub rule_hits: &'e [RuleHits],
    pub head: Head,
    pub commits_before: i64,
}

impl TransactionEnd<'_> {
    /// Writes everything that [`Self::commit`] does not write itself.
    pub async fn prepare(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let postgres = match connection.any() {
            AnyConnection::Postgres(postgres) => postgres,
            AnyConnection::Sqlite(sqlite) => {
                let chain = self.head.link.chain;
                for chunk in chunks(split(self.rule_hits).0) {
                    let query = sqlx::query(COUNT.unnumbered(chunk.size));
                    bind_hits!(query, chunk, chain)
                        .execute(&mut *sqlite)
                        .await?;
                }
                return insert_entries(connection, split(self.entries).0).await;
            }
        };
        if !self.advance(postgres).await? {
            return Err(StoreError::inconsistent(
                "audit_chains",
                "commits",
                self.head.link.chain,
            ));
        }
        Ok(())
    }

    /// Runs the statement and makes the transaction durable.
    pub async fn commit(
        &self,
        connection: &mut Connection,
        with_commit: Option<WithCommit>,
    ) -> Result<(), StoreError> {
        let AnyConnection::Sqlite(sqlite) = connection.any() else {
            return connection.commit().await;
        };
        let entries = Chunk::new(split(self.entries).1);
        let end = SQLITE_END.unnumbered(entries.size);
        let hits = Chunk::new(split(self.rule_hits).1);
        let count = (!self.rule_hits.is_empty()).then(|| COUNT.unnumbered(hits.size));
        let first = with_commit.as_ref().map(|first| first.statement);
        let text = joined([first, count, Some(end)].into_iter().flatten());
        let arguments = with_commit.map_or_else(SqliteArguments::default, |first| first.arguments);
        let mut query = sqlx::query_with::<Sqlite, _>(AssertSqlSafe(text), arguments);
        if count.is_some() {
            query = bind_hits!(query, hits, self.head.link.chain);
        }
        let query = query
            .bind(self.head.link.sequence)
            .bind(self.commits_before)
            .bind(self.head.link.hash.0.as_slice())
            .bind(self.head.commits)
            .bind(self.head.link.chain);
        bind_entries!(query, entries).execute(sqlite).await?;
        Ok(())
    }

    /// Runs [`ADVANCE`]. Returns false, with nothing written, if the head is not where it was.
    async fn advance(&self, connection: &mut PgConnection) -> Result<bool, StoreError> {
        fn column<'r, R, T>(rows: &'r [R], of: impl Fn(&'r R) -> T) -> Vec<T> {
            rows.iter().map(of).collect()
        }
        let Self {
            entries,
            rule_hits,
            head,
            commits_before,
        } = self;
        let advanced = sqlx::query(ADVANCE)
            .bind(head.link.chain)
            .bind(head.link.sequence)
            .bind(head.link.hash.0.as_slice())
            .bind(head.commits)
            .bind(commits_before)
            .bind(column(entries, |entry| entry.id.0))
            .bind(column(entries, |entry| entry.sequence))
            .bind(column(entries, |entry| {
                entry.workspace.map(|workspace| workspace.0)
            }))
            .bind(column(entries, |entry| entry.at.0))
            .bind(column(entries, |entry| entry.actor.as_str()))
            .bind(column(entries, |entry| entry.event.as_str()))
            .bind(column(entries, |entry| entry.subject.as_str()))
            .bind(column(entries, |entry| entry.detail.as_str()))
            .bind(column(entries, |entry| entry.covers.as_deref()))
            .bind(column(entries, |entry| entry.previous_hash.0.as_slice()))
            .bind(column(entries, |entry| entry.hash.0.as_slice()))
            .bind(column(rule_hits, |hits| hits.rule.0))
            .bind(column(rule_hits, |hits| hits.day.0))
            .bind(column(rule_hits, |hits| hits.workspace.0))
            .bind(column(rule_hits, |hits| hits.count))
            .bind(column(rule_hits, |hits| hits.last_at.0))
            .fetch_all(connection)
            .await?;
        Ok(advanced.len() == 1)
    }
}

/// Splits rows, for SQLite, into whole chunks and the rest that goes with the commit.
fn split<T>(rows: &[T]) -> (&[T], &[T]) {
    let whole = rows.len().saturating_sub(1) / ROWS_PER_STATEMENT_MAX;
    rows.split_at(whole * ROWS_PER_STATEMENT_MAX)
}

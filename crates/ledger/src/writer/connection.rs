//! A write connection and the head of its audit chain.
//!
//! Each writer has a chain of its own, so that writers on PostgreSQL can commit at the same time: a
//! single chain would make each commit wait for the one before it. The head also counts commits.
//! If the response to a COMMIT is lost, the counter shows whether the commit happened.

use std::ops::Range;

use gaiterguard_database::column::RowContext;
use gaiterguard_database::connection::{
    ConnectTarget, Connection, Durability, FirstQuery, FirstRow, execute, fetch_all, fetch_one,
    fetch_optional,
};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::{Actor, ChainHead, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::AuditId;
use gaiterguard_domain::time::Timestamp;

use crate::writer::audit_insert::insert_entries;

/// How many ids a writer reserves at a time. With ids from its own stock a writer does not wait for
/// the database to assign them, so many rows fit into one statement. A thousand is several full
/// batches; the ids that a restart loses do not matter, since ids are 64 bits wide.
const IDS_PER_BLOCK: i64 = 1000;

/// The end of a writer's chain, and how many transactions the writer has committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub link: ChainHead,
    pub commits: i64,
}

/// Ids that a writer has reserved.
#[derive(Clone, Default)]
pub struct ReservedIds {
    pub audit: Range<i64>,
    pub requests: Range<i64>,
}

/// A write connection with its chain.
///
/// While a transaction runs, connection and head are taken out. If the transaction's future is
/// dropped or fails midway, they are gone, the database rolls back, and the next transaction opens
/// a new connection and reads the head again.
#[derive(Default)]
pub struct WriterConnection {
    pub connection: Option<Connection>,
    pub chain: Option<i64>,
    pub head: Option<Head>,
    pub ids: ReservedIds,
}

impl WriterConnection {
    /// Takes the connection and the head out, in a transaction that has begun, with the rows of its first queries.
    /// `at` dates the opening of a new chain.
    pub async fn take(
        &mut self,
        target: &ConnectTarget,
        durability: Durability,
        at: Timestamp,
        first: &[FirstQuery],
    ) -> Result<(Connection, Head, Vec<FirstRow>), StoreError> {
        let (mut connection, mut found) = self.take_connection(target, durability, first).await?;
        let head = match (self.head.take(), self.chain) {
            (Some(head), _) => head,
            (None, Some(chain)) => {
                self.ids = ReservedIds::default();
                read_head(&mut connection, chain).await?
            }
            (None, None) => {
                let head = open_chain(&mut connection, at).await?;
                connection.commit().await?;
                self.chain = Some(head.link.chain);
                found = connection.begin_with(durability, first).await?;
                head
            }
        };
        Ok((connection, head, found))
    }

    async fn take_connection(
        &mut self,
        target: &ConnectTarget,
        durability: Durability,
        first: &[FirstQuery],
    ) -> Result<(Connection, Vec<FirstRow>), StoreError> {
        if let Some(mut idle) = self.connection.take() {
            match idle.begin_with(durability, first).await {
                Ok(found) => return Ok((idle, found)),
                // The connection was lost while it was idle: a new one may work.
                Err(error) if error.is_unavailable() => self.head = None,
                Err(error) => return Err(error),
            }
        }
        let mut opened = Connection::open(target).await?;
        let found = opened.begin_with(durability, first).await?;
        Ok((opened, found))
    }
}

#[derive(sqlx::FromRow)]
struct HeadRow {
    chain: i64,
    sequence: i64,
    hash: Vec<u8>,
    commits: i64,
}

impl TryFrom<HeadRow> for Head {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self, StoreError> {
        let context = RowContext {
            table: "audit_chains",
            id: &row.chain,
        };
        Ok(Self {
            link: ChainHead {
                chain: row.chain,
                sequence: row.sequence,
                hash: context.digest("hash", &row.hash)?,
            },
            commits: row.commits,
        })
    }
}

/// Reads the head of a chain and, on PostgreSQL, locks it: this waits until a transaction whose end
/// is unknown is over, so the head is final.
pub async fn read_head(connection: &mut Connection, chain: i64) -> Result<Head, StoreError> {
    let sql = connection.dialect().sql(
        "SELECT chain, sequence, hash, commits FROM audit_chains WHERE chain = $1",
        "SELECT chain, sequence, hash, commits FROM audit_chains WHERE chain = $1 FOR UPDATE",
    );
    fetch_optional!(connection, HeadRow, sql, chain)
        .ok_or_else(|| StoreError::inconsistent("audit_chains", "chain", chain))?
        .try_into()
}

/// Takes `count` ids from `reserved`, and reserves another block if they run out. Returns whether
/// it did.
pub async fn take_ids(
    connection: &mut Connection,
    counter: &'static str,
    reserved: &mut Range<i64>,
    count: usize,
) -> Result<(Vec<i64>, bool), StoreError> {
    let mut taken: Vec<i64> = reserved.by_ref().take(count).collect();
    let missing = i64::try_from(count - taken.len()).unwrap_or(i64::MAX);
    if missing > 0 {
        let block = missing.max(IDS_PER_BLOCK);
        *reserved = take_counter(connection, counter, block).await?;
        taken.extend(reserved.by_ref().take(count - taken.len()));
    }
    Ok((taken, missing > 0))
}

async fn take_counter(
    connection: &mut Connection,
    counter: &'static str,
    count: i64,
) -> Result<Range<i64>, StoreError> {
    let (next,) = fetch_one!(
        connection,
        (i64,),
        "UPDATE counters SET next = next + $2 WHERE name = $1 RETURNING next",
        counter,
        count,
    );
    Ok(next - count..next)
}

/// Opens a chain. Its first entry names the heads of earlier chains that no other chain has named
/// yet, so that removing entries from the end of one of those is detected.
async fn open_chain(connection: &mut Connection, at: Timestamp) -> Result<Head, StoreError> {
    // Counters before heads: every writer takes these locks in this order, so none deadlock.
    let chain = take_counter(connection, "chains", 1).await?.start;
    let id = take_counter(connection, "audit", 1).await?.start;
    let sql = connection.dialect().sql(
        "SELECT chain, sequence, hash, commits FROM audit_chains
         WHERE recorded < sequence ORDER BY chain",
        "SELECT chain, sequence, hash, commits FROM audit_chains
         WHERE recorded < sequence ORDER BY chain FOR UPDATE",
    );
    let rows = fetch_all!(connection, HeadRow, sql);
    let mut named = Vec::with_capacity(rows.len());
    for row in rows {
        let Head { link, .. } = row.try_into()?;
        execute!(
            connection,
            "UPDATE audit_chains SET recorded = $2 WHERE chain = $1",
            link.chain,
            link.sequence,
        );
        named.push(serde_json::json!({
            "chain": link.chain,
            "sequence": link.sequence,
            "hash": link.hash.to_string(),
        }));
    }
    let mut link = ChainHead::start(chain);
    let entry = link.link(
        AuditId(id),
        NewAuditEntry {
            workspace: None,
            at,
            actor: Actor::Gateway,
            event: Event::ChainOpened,
            subject: Subject::Chain(chain),
            detail: serde_json::json!({ "heads": named }),
        },
    );
    insert_entries(connection, &[entry]).await?;
    execute!(
        connection,
        "INSERT INTO audit_chains (chain, sequence, hash, commits, recorded)
         VALUES ($1, $2, $3, 0, 0)",
        link.chain,
        link.sequence,
        link.hash.0.to_vec(),
    );
    Ok(Head { link, commits: 0 })
}

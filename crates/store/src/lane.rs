//! Writing: connections that write in turn, each with a hash chain of its own.
//!
//! A lane is a writer's connection with the head of its chain. Every transaction that writes goes
//! through [`Write`], which chains the audit entries and moves the head in the same transaction.
//! The head also counts commits, so after a COMMIT whose answer was lost the head tells exactly
//! whether it happened.
//!
//! While a transaction runs, connection and head are taken out of the lane. If its future is
//! dropped or fails half-way they are gone, the database rolls back, and the next writer opens
//! a new connection and reads the head again.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::audit::{Actor, AuditEntry, ChainHead, NewAuditEntry};
use gaiterguard_domain::id::{AuditId, WorkspaceId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::AuthorityVersion;
use tokio::sync::OwnedMutexGuard;

use crate::audit::covered::{CoveredEnd, cover_ends};
use crate::connection::{
    Connection, On, Target, execute, fetch_all, fetch_one, fetch_optional, on,
};
use crate::error::StoreError;
use crate::rows::{Cell, ManyRows, Piece, ROWS_PER_STATEMENT_MAX, Text, pieces};
use crate::store::Shared;

/// How long a change may wait for its turn.
const TURN_WAIT: Duration = Duration::from_secs(5);

/// How long a commit may take before its end counts as unknown.
const COMMIT_WAIT: Duration = Duration::from_secs(5);

/// How many ids a lane takes at once. Ids out of a lane's own stock need no answer from the
/// database, so many rows can be written with one statement.
const IDS_PER_BLOCK: i64 = 1000;

/// The end of a lane's chain, and how many transactions it has committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    link: ChainHead,
    commits: i64,
}

/// Ids that a lane may give out.
#[derive(Clone, Default)]
struct Ids {
    audit: Range<i64>,
    requests: Range<i64>,
}

/// A writer's connection with its chain.
#[derive(Default)]
pub(crate) struct Lane {
    connection: Option<Connection>,
    chain: Option<i64>,
    head: Option<Head>,
    ids: Ids,
}

/// A transaction that writes.
pub(crate) struct Write {
    shared: Arc<Shared>,
    lane: OwnedMutexGuard<Lane>,
    connection: Connection,
    head: Head,
    ids: Ids,
    /// Whether ids were taken in this transaction, so that they go when it does.
    took_ids: bool,
    audit: Vec<NewAuditEntry>,
    authority: Vec<WorkspaceId>,
}

/// A transaction whose COMMIT was not answered.
pub(crate) struct Unsettled {
    shared: Arc<Shared>,
    lane: OwnedMutexGuard<Lane>,
    expected: Head,
    entries: Vec<AuditEntry>,
    authority: Vec<WorkspaceId>,
}

/// Why a transaction was not certainly committed.
pub(crate) enum CommitFailed {
    /// Nothing was written.
    Not(StoreError),
    /// Nobody knows yet.
    Unknown(Box<Unsettled>),
}

/// The event of an entry that only covers how requests ended.
const REQUESTS_ENDED: &str = "requests.ended";

/// A row of `audit` as it is read.
#[derive(sqlx::FromRow)]
pub(crate) struct AuditRow {
    id: i64,
    chain: i64,
    sequence: i64,
    workspace_id: Option<i64>,
    at: i64,
    actor: Text,
    event: Text,
    subject: Text,
    detail: Text,
    covers: Option<Text>,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

/// An entry as far as it can be read. One that is damaged does not fit its hash any more, which
/// verification reports; it must not hide the other entries.
impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        let digest = |bytes: Vec<u8>| Digest(bytes.try_into().unwrap_or([0; 32]));
        let text = |text: &Text| text.shown().to_owned();
        Self {
            id: AuditId(row.id),
            chain: row.chain,
            sequence: row.sequence,
            workspace: row.workspace_id.map(WorkspaceId),
            at: Timestamp(row.at),
            previous_hash: digest(row.previous_hash),
            hash: digest(row.hash),
            actor: text(&row.actor),
            event: text(&row.event),
            subject: text(&row.subject),
            detail: text(&row.detail),
            covers: row.covers.as_ref().map(text),
        }
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
        let cell = Cell {
            table: "audit_chains",
            id: &row.chain,
        };
        Ok(Self {
            link: ChainHead {
                chain: row.chain,
                sequence: row.sequence,
                hash: cell.digest("hash", &row.hash)?,
            },
            commits: row.commits,
        })
    }
}

impl Lane {
    async fn take_connection(&mut self, target: &Target) -> Result<Connection, StoreError> {
        if let Some(mut kept) = self.connection.take() {
            match kept.begin().await {
                Ok(()) => return Ok(kept),
                // A connection that was lost while it was idle: a new one may do.
                Err(error) if error.is_unavailable() => self.head = None,
                Err(error) => return Err(error),
            }
        }
        let mut opened = Connection::open(target).await?;
        opened.begin().await?;
        Ok(opened)
    }
}

impl Write {
    /// Begins a transaction on whichever lane is free first. `at` dates the opening of a chain
    /// that has none yet.
    pub(crate) async fn begin(shared: &Arc<Shared>, at: Timestamp) -> Result<Self, StoreError> {
        let Ok(lane) = tokio::time::timeout(TURN_WAIT, shared.lane_free()).await else {
            return Err(StoreError::late("the turn to write"));
        };
        Self::begin_on(Arc::clone(shared), lane, at).await
    }

    pub(crate) async fn begin_on(
        shared: Arc<Shared>,
        mut lane: OwnedMutexGuard<Lane>,
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut connection = lane.take_connection(shared.target()).await?;
        let head = match (lane.head.take(), lane.chain) {
            (Some(head), _) => head,
            (None, Some(chain)) => {
                lane.ids = Ids::default();
                head_read(&mut connection, chain).await?
            }
            (None, None) => {
                let head = chain_open(&mut connection, at).await?;
                connection.commit().await?;
                lane.chain = Some(head.link.chain);
                connection.begin().await?;
                head
            }
        };
        let ids = std::mem::take(&mut lane.ids);
        Ok(Self {
            shared,
            lane,
            connection,
            head,
            ids,
            took_ids: false,
            audit: Vec::new(),
            authority: Vec::new(),
        })
    }

    pub(crate) fn on(&mut self) -> On<'_> {
        self.connection.on()
    }

    /// The one of two texts that this transaction's database understands.
    pub(crate) fn text(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        self.connection.text(sqlite, postgres)
    }

    /// A statement of many rows as this transaction's database reads it.
    pub(crate) fn many(&self, statement: &'static ManyRows, size: usize) -> &'static str {
        self.connection.many(statement, size)
    }

    /// The chain that this transaction's entries are linked to: no other writer has it.
    pub(crate) fn chain(&self) -> i64 {
        self.head.link.chain
    }

    /// Adds an entry, which is written when the transaction is committed.
    pub(crate) fn audit(&mut self, entry: NewAuditEntry) {
        self.audit.push(entry);
    }

    /// Has entries of this transaction cover how requests ended: one of the same workspace, so that
    /// nothing of it shows in another one, or else one of the whole gateway.
    pub(crate) fn cover_ends(
        &mut self,
        ended: BTreeMap<WorkspaceId, Vec<CoveredEnd>>,
        at: Timestamp,
    ) {
        let mut others = Vec::new();
        for (workspace, ends) in ended {
            let mut entries = self.audit.iter_mut();
            match entries.rfind(|entry| entry.workspace == Some(workspace)) {
                Some(entry) => cover_ends(&mut entry.detail, ends),
                None => others.extend(ends),
            }
        }
        if others.is_empty() {
            return;
        }
        let mut detail = serde_json::json!({ "requests": others.len() });
        cover_ends(&mut detail, others);
        self.audit(NewAuditEntry {
            workspace: None,
            at,
            actor: Actor::Gateway,
            event: REQUESTS_ENDED,
            subject: "gateway".to_owned(),
            detail,
        });
    }

    /// Moves a workspace's version on. It comes first in a transaction, since it makes writers of
    /// the ledger wait, who take the same locks in this order.
    pub(crate) async fn authority_bump(
        &mut self,
        workspace: WorkspaceId,
    ) -> Result<Option<AuthorityVersion>, StoreError> {
        let row = fetch_optional!(
            self,
            (i64,),
            "UPDATE workspaces SET version = version + 1 WHERE id = $1 RETURNING version",
            workspace.0,
        );
        self.authority.push(workspace);
        Ok(row.map(|(version,)| AuthorityVersion(version)))
    }

    /// Ids for new rows of the request ledger.
    pub(crate) async fn request_ids(&mut self, count: usize) -> Result<Vec<i64>, StoreError> {
        let mut ids = std::mem::take(&mut self.ids.requests);
        let taken = self.take_ids("requests", &mut ids, count).await?;
        self.ids.requests = ids;
        Ok(taken)
    }

    async fn take_ids(
        &mut self,
        counter: &'static str,
        stock: &mut Range<i64>,
        count: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let mut taken: Vec<i64> = stock.by_ref().take(count).collect();
        let missing = i64::try_from(count - taken.len()).unwrap_or(i64::MAX);
        if missing > 0 {
            let block = missing.max(IDS_PER_BLOCK);
            *stock = counter_take(&mut self.connection, counter, block).await?;
            self.took_ids = true;
            taken.extend(stock.by_ref().take(count - taken.len()));
        }
        Ok(taken)
    }

    /// Ends a transaction that removed what nobody needs any more, with an entry that says how much.
    pub(crate) async fn retention(
        mut self,
        event: &'static str,
        removed: u64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if removed == 0 {
            return self.rollback().await;
        }
        self.audit(NewAuditEntry {
            workspace: None,
            at,
            actor: Actor::Gateway,
            event,
            subject: "gateway".to_owned(),
            detail: serde_json::json!({ "rows": removed }),
        });
        self.commit().await
    }

    /// Gives everything up.
    pub(crate) async fn rollback(mut self) -> Result<(), StoreError> {
        self.connection.rollback().await?;
        self.lane.head = Some(self.head);
        if !self.took_ids {
            self.lane.ids = self.ids;
        }
        self.lane.connection = Some(self.connection);
        Ok(())
    }

    /// Makes everything durable, and tells whoever listens.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self.commit_or_unknown().await {
            Ok(()) => Ok(()),
            Err(CommitFailed::Not(error)) => Err(error),
            Err(CommitFailed::Unknown(mut unsettled)) => {
                if unsettled.settle().await? {
                    Ok(())
                } else {
                    Err(StoreError::Unavailable(
                        "the change was not taken".to_owned(),
                    ))
                }
            }
        }
    }

    /// As [`Self::commit`], but whoever cannot live with an unknown end may settle it later.
    pub(crate) async fn commit_or_unknown(mut self) -> Result<(), CommitFailed> {
        let commits_before = self.head.commits;
        let entries = self.link().await.map_err(CommitFailed::Not)?;
        self.notify().await.map_err(CommitFailed::Not)?;
        let end = End {
            entries: &entries,
            head: self.head,
            commits_before,
        };
        let prepared = end.prepare(&mut self.connection).await;
        prepared.map_err(CommitFailed::Not)?;
        let committing = end.commit(&mut self.connection);
        let committed = match tokio::time::timeout(COMMIT_WAIT, committing).await {
            Ok(committed) => committed,
            Err(_) => Err(StoreError::late("the answer to a commit")),
        };
        let Self {
            shared,
            mut lane,
            connection,
            head,
            ids,
            authority,
            ..
        } = self;
        match committed {
            Ok(()) => {
                lane.connection = Some(connection);
                lane.head = Some(head);
                lane.ids = ids;
                drop(lane);
                shared.feed().committed(entries, &authority);
                shared.committed();
                Ok(())
            }
            Err(StoreError::Refused(error)) => Err(CommitFailed::Not(StoreError::Refused(error))),
            Err(_) => Err(CommitFailed::Unknown(Box::new(Unsettled {
                shared,
                lane,
                expected: head,
                entries,
                authority,
            }))),
        }
    }

    /// Chains the audit entries and moves the head.
    async fn link(&mut self) -> Result<Vec<AuditEntry>, StoreError> {
        let new = std::mem::take(&mut self.audit);
        let mut stock = std::mem::take(&mut self.ids.audit);
        let ids = self.take_ids("audit", &mut stock, new.len()).await?;
        self.ids.audit = stock;
        self.head.commits += 1;
        let link = &mut self.head.link;
        Ok(ids
            .into_iter()
            .zip(new)
            .map(|(id, new)| link.link(AuditId(id), new))
            .collect())
    }

    /// Tells the other replicas, once this is committed, whose definitions have changed.
    async fn notify(&mut self) -> Result<(), StoreError> {
        if let On::Postgres(connection) = self.connection.on() {
            for workspace in &self.authority {
                let payload = self.shared.feed().authority_payload(*workspace);
                sqlx::query("SELECT pg_notify($1, $2)")
                    .bind(crate::feed::CHANNEL)
                    .bind(payload)
                    .execute(&mut *connection)
                    .await?;
            }
        }
        Ok(())
    }
}

impl Unsettled {
    /// Finds out whether the transaction was committed. The head's row is locked until the lost
    /// transaction is over, so what is read then is final.
    pub(crate) async fn settle(&mut self) -> Result<bool, StoreError> {
        let mut connection = Connection::open(self.shared.target()).await?;
        connection.begin().await?;
        let head = head_read(&mut connection, self.expected.link.chain).await?;
        connection.rollback().await?;
        self.lane.connection = Some(connection);
        self.lane.head = Some(head);
        self.lane.ids = Ids::default();
        let committed = head == self.expected;
        if committed {
            let entries = std::mem::take(&mut self.entries);
            self.shared.feed().committed(entries, &self.authority);
        }
        Ok(committed)
    }
}

async fn head_read(connection: &mut Connection, chain: i64) -> Result<Head, StoreError> {
    let text = connection.text(
        "SELECT chain, sequence, hash, commits FROM audit_chains WHERE chain = $1",
        "SELECT chain, sequence, hash, commits FROM audit_chains WHERE chain = $1 FOR UPDATE",
    );
    fetch_optional!(connection, HeadRow, text, chain)
        .ok_or_else(|| StoreError::inconsistent("audit_chains", "chain", chain))?
        .try_into()
}

async fn counter_take(
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

/// Opens a chain. Its first entry names the heads of the chains before it that no other chain has
/// named yet: cutting off the end of one of those then shows.
async fn chain_open(connection: &mut Connection, at: Timestamp) -> Result<Head, StoreError> {
    // Counters before heads, as every writer takes them.
    let chain = counter_take(connection, "chains", 1).await?.start;
    let id = counter_take(connection, "audit", 1).await?.start;
    let text = connection.text(
        "SELECT chain, sequence, hash, commits FROM audit_chains
         WHERE recorded < sequence ORDER BY chain",
        "SELECT chain, sequence, hash, commits FROM audit_chains
         WHERE recorded < sequence ORDER BY chain FOR UPDATE",
    );
    let rows = fetch_all!(connection, HeadRow, text);
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
            event: crate::audit::CHAIN_OPENED,
            subject: format!("chain:{chain}"),
            detail: serde_json::json!({ "heads": named }),
        },
    );
    audit_insert(connection, &[entry]).await?;
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

static AUDIT_INSERT: ManyRows = ManyRows::new(
    "INSERT INTO audit (id, chain, sequence, workspace_id, at, actor, event, subject, detail, \
     covers, previous_hash, hash) SELECT * FROM (VALUES ",
    12,
    ") AS new WHERE column1 IS NOT NULL",
);

/// What ends a transaction on SQLite, in one text: each statement of its own would cross to the
/// driver's thread and back. A head that is not where it should be has no hash, which fails before
/// anything is committed.
static SQLITE_END: ManyRows = ManyRows::new(
    "UPDATE audit_chains SET sequence = ?, hash = CASE commits WHEN ? THEN ? END, commits = ? \
     WHERE chain = ?; \
     INSERT INTO audit (id, chain, sequence, workspace_id, at, actor, event, subject, detail, \
     covers, previous_hash, hash) SELECT * FROM (VALUES ",
    12,
    ") AS new WHERE column1 IS NOT NULL; COMMIT",
);

/// Binds the columns of the audit entries of a piece.
macro_rules! bind_entries {
    ($query:expr, $piece:expr) => {{
        let mut query = $query;
        for row in $piece.padded() {
            query = query
                .bind(row.map(|entry| entry.id.0))
                .bind(row.map(|entry| entry.chain))
                .bind(row.map(|entry| entry.sequence))
                .bind(
                    row.and_then(|entry| entry.workspace)
                        .map(|workspace| workspace.0),
                )
                .bind(row.map(|entry| entry.at.0))
                .bind(row.map(|entry| entry.actor.as_str()))
                .bind(row.map(|entry| entry.event.as_str()))
                .bind(row.map(|entry| entry.subject.as_str()))
                .bind(row.map(|entry| entry.detail.as_str()))
                .bind(row.and_then(|entry| entry.covers.as_deref()))
                .bind(row.map(|entry| entry.previous_hash.0.as_slice()))
                .bind(row.map(|entry| entry.hash.0.as_slice()));
        }
        query
    }};
}

async fn audit_insert(
    connection: &mut Connection,
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    for piece in pieces(entries) {
        let text = connection.many(&AUDIT_INSERT, piece.size);
        on!(connection, connection => {
            bind_entries!(sqlx::query(text), piece).execute(connection).await?;
        });
    }
    Ok(())
}

/// The end of a transaction that writes: its audit entries, the head they move, and the commit.
struct End<'e> {
    entries: &'e [AuditEntry],
    head: Head,
    commits_before: i64,
}

impl End<'_> {
    /// Writes everything that is not written by the last text.
    async fn prepare(&self, connection: &mut Connection) -> Result<(), StoreError> {
        if let Connection::Sqlite(_) = connection {
            return audit_insert(connection, self.split().0).await;
        }
        audit_insert(connection, self.entries).await?;
        let link = self.head.link;
        let moved = execute!(
            connection,
            "UPDATE audit_chains SET sequence = $2, hash = $3, commits = $4
             WHERE chain = $1 AND commits = $5",
            link.chain,
            link.sequence,
            link.hash.0.as_slice(),
            self.head.commits,
            self.commits_before,
        );
        if moved != 1 {
            return Err(StoreError::inconsistent(
                "audit_chains",
                "commits",
                link.chain,
            ));
        }
        Ok(())
    }

    /// Makes it durable.
    async fn commit(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let On::Sqlite(sqlite) = connection.on() else {
            return connection.commit().await;
        };
        let last = Piece::new(self.split().1);
        let query = sqlx::query(SQLITE_END.unnumbered(last.size))
            .bind(self.head.link.sequence)
            .bind(self.commits_before)
            .bind(self.head.link.hash.0.as_slice())
            .bind(self.head.commits)
            .bind(self.head.link.chain);
        bind_entries!(query, last).execute(sqlite).await?;
        Ok(())
    }

    /// The entries that go along with the commit on SQLite, and those before them.
    fn split(&self) -> (&[AuditEntry], &[AuditEntry]) {
        let whole = self.entries.len().saturating_sub(1) / ROWS_PER_STATEMENT_MAX;
        self.entries.split_at(whole * ROWS_PER_STATEMENT_MAX)
    }
}

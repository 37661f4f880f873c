//! The audit log as it is read and verified. Writers append to it; nothing changes or removes an
//! entry.

pub(crate) mod covered;
mod rows;

use std::collections::BTreeMap;
use std::time::Duration;

use gaiterguard_domain::audit::{AuditEntry, ChainBroken, ChainHead, NewAuditEntry};
use gaiterguard_domain::id::{AuditId, WorkspaceId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use serde::Deserialize;
use thiserror::Error;

pub(crate) use self::rows::REQUESTS_DELETED;
use self::rows::RowCheck;
use crate::connection::{Read, fetch_all, fetch_optional};
use crate::cursor::{NumberPosition, Page, page};
use crate::error::StoreError;
use crate::lane::{AuditRow, Write};
use crate::rows::Cell;
use crate::store::Store;

/// The event of a chain's first entry.
pub(crate) const CHAIN_OPENED: &str = "audit.chain_opened";

/// How many entries are verified at a time.
const VERIFIED_AT_ONCE: i64 = 1000;

/// How far back entries are given again to a listener that comes back: writers that commit beside
/// one another do not commit in the order of their ids.
const OVERLAP: Duration = Duration::from_secs(10);

/// What a listener that comes back has missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// These entries, the oldest first. The listener may know some of them.
    Entries(Vec<AuditEntry>),
    /// More than can be told, or since an entry that nobody knows: read everything again.
    Reload,
}

/// Why the audit log is not whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuditBroken {
    /// An entry does not follow from those before it.
    #[error(transparent)]
    Entry(#[from] ChainBroken),
    /// Entries at the end of a chain are gone.
    #[error("chain {chain} ends at place {found}, but it reached place {expected}")]
    Tail {
        /// The chain.
        chain: i64,
        /// The place of the last entry that is there.
        found: i64,
        /// The place that the chain is known to have reached.
        expected: i64,
    },
    /// An entry is not the one that was recorded elsewhere as standing at its place.
    #[error("the entry at place {sequence} of chain {chain} is not the one that was recorded")]
    Other {
        /// The chain.
        chain: i64,
        /// The place.
        sequence: i64,
    },
    /// A row is not as an entry says that it was written.
    #[error(
        "entry {id} does not hold: the row {row} of {table} is not as it was recorded: {what} \
         (chain {chain}, place {sequence})"
    )]
    Row {
        /// The entry.
        id: i64,
        /// Its chain.
        chain: i64,
        /// Its place.
        sequence: i64,
        /// The table of the row.
        table: &'static str,
        /// The row's id.
        row: String,
        /// Which columns differ, or what else is wrong.
        what: &'static str,
    },
    /// A chain has entries and no head.
    #[error("chain {chain} has entries but no head")]
    Head {
        /// The chain.
        chain: i64,
    },
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    chain: i64,
    sequence: i64,
    hash: Vec<u8>,
}

#[derive(Deserialize)]
struct Opening {
    heads: Vec<OpeningHead>,
}

#[derive(Deserialize)]
struct OpeningHead {
    chain: i64,
    sequence: i64,
    hash: String,
}

/// The hashes that are known to stand at some places of each chain.
type Records = BTreeMap<i64, BTreeMap<i64, Digest>>;

impl Store {
    /// Writes down what changes nothing else in the database.
    pub async fn audit_append(&self, entry: NewAuditEntry) -> Result<(), StoreError> {
        let mut write = Write::begin(self.shared(), entry.at).await?;
        write.audit(entry);
        write.commit().await
    }

    /// Entries of a workspace, newest first.
    pub async fn audit_list(
        &self,
        workspace: WorkspaceId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let from = NumberPosition::of(cursor)?;
        let mut read = self.read().await?;
        let rows = fetch_all!(
            read,
            AuditRow,
            "SELECT * FROM audit WHERE workspace_id = $1 AND (at, id) < ($2, $3)
             ORDER BY at DESC, id DESC LIMIT $4",
            workspace.0,
            from.at,
            from.id,
            i64::from(limit) + 1,
        );
        let items = entries(rows);
        Ok(page(items, limit, |entry| NumberPosition {
            at: entry.at.0,
            id: entry.id.0,
        }))
    }

    /// What a listener has missed whose last entry was `last`.
    pub async fn audit_after(
        &self,
        workspace: WorkspaceId,
        last: AuditId,
        limit: u32,
    ) -> Result<Resume, StoreError> {
        let mut read = self.read().await?;
        let found = fetch_optional!(
            read,
            (i64,),
            "SELECT at FROM audit WHERE id = $2 AND workspace_id = $1",
            workspace.0,
            last.0,
        );
        let Some((at,)) = found else {
            return Ok(Resume::Reload);
        };
        let rows = fetch_all!(
            read,
            AuditRow,
            "SELECT * FROM audit WHERE workspace_id = $1 AND at >= $2 AND id <> $3
             ORDER BY at, id LIMIT $4",
            workspace.0,
            Timestamp(at).before(OVERLAP).0,
            last.0,
            i64::from(limit) + 1,
        );
        if rows.len() > limit as usize {
            return Ok(Resume::Reload);
        }
        Ok(Resume::Entries(entries(rows)))
    }

    /// Verifies every chain, and that the requests and actions that are kept are as their entries say.
    /// Writers may go on meanwhile. Returns how many entries there are; `progress` is called with that
    /// number now and then.
    pub async fn audit_verify(
        &self,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<Result<u64, AuditBroken>, StoreError> {
        let mut read = self.read().await?;
        let mut rows = RowCheck::begin(&mut read).await?;
        // A chain's head is made with its first entry, so a head that is read after the entries
        // is there for each of them; and what the heads say must then be found, whatever is
        // appended meanwhile.
        let first_entries = first_entries(&mut read).await?;
        let heads = fetch_all!(
            read,
            RecordRow,
            "SELECT chain, sequence, hash FROM audit_chains ORDER BY chain"
        );
        for AuditEntry { chain, .. } in &first_entries {
            if !heads.iter().any(|head| head.chain == *chain) {
                return Ok(Err(AuditBroken::Head { chain: *chain }));
            }
        }
        let openings = first_entries
            .into_iter()
            .filter(|entry| entry.event == CHAIN_OPENED)
            .collect();
        let records = match records(heads, openings)? {
            Ok(records) => records,
            Err(broken) => return Ok(Err(broken)),
        };
        let mut count = 0;
        let mut reached = BTreeMap::new();
        for (chain, recorded) in records {
            let head = ChainHead::start(chain);
            let mut counted = |entries| {
                count += entries;
                progress(count);
            };
            let verified = verify_chain(&mut read, head, &recorded, &mut rows, &mut counted);
            match verified.await? {
                Ok(head) => reached.insert(chain, head),
                Err(broken) => return Ok(Err(broken)),
            };
        }
        if let Err(broken) = rows.states(&mut read).await? {
            return Ok(Err(broken));
        }
        if rows.looks_on()
            && let Err(broken) = look_on(&mut read, &reached, &mut rows).await?
        {
            return Ok(Err(broken));
        }
        Ok(rows.found_since().map(|()| count))
    }
}

/// Reads what was appended since, for the rows that have moved on.
async fn look_on(
    read: &mut Read,
    reached: &BTreeMap<i64, ChainHead>,
    rows: &mut RowCheck,
) -> Result<Result<(), AuditBroken>, StoreError> {
    let heads = fetch_all!(
        read,
        RecordRow,
        "SELECT chain, sequence, hash FROM audit_chains ORDER BY chain"
    );
    let now = match records(heads, Vec::new())? {
        Ok(now) => now,
        Err(broken) => return Ok(Err(broken)),
    };
    for (chain, recorded) in now {
        let head = reached.get(&chain).copied();
        let head = head.unwrap_or_else(|| ChainHead::start(chain));
        let verified = verify_chain(read, head, &recorded, rows, &mut |_| {}).await?;
        if let Err(broken) = verified {
            return Ok(Err(broken));
        }
    }
    Ok(Ok(()))
}

/// The first entry of each chain. Each is looked up by itself, since going through all entries
/// takes long in a great log.
async fn first_entries(read: &mut Read) -> Result<Vec<AuditEntry>, StoreError> {
    let mut firsts: Vec<AuditEntry> = Vec::new();
    loop {
        let row = fetch_optional!(
            read,
            AuditRow,
            "SELECT * FROM audit WHERE chain > $1 ORDER BY chain, sequence LIMIT 1",
            firsts.last().map_or(i64::MIN, |entry| entry.chain),
        );
        match row {
            Some(row) => firsts.push(row.into()),
            None => return Ok(firsts),
        }
    }
}

/// What the heads and the first entries of later chains say of each chain.
fn records(
    heads: Vec<RecordRow>,
    openings: Vec<AuditEntry>,
) -> Result<Result<Records, AuditBroken>, StoreError> {
    let mut records = Records::new();
    for head in heads {
        let cell = Cell {
            table: "audit_chains",
            id: &head.chain,
        };
        let hash = cell.digest("hash", &head.hash)?;
        records
            .entry(head.chain)
            .or_default()
            .insert(head.sequence, hash);
    }
    for entry in openings {
        let Ok(opening) = serde_json::from_str::<Opening>(&entry.detail) else {
            return Ok(Err(AuditBroken::Other {
                chain: entry.chain,
                sequence: entry.sequence,
            }));
        };
        for head in opening.heads {
            let other = AuditBroken::Other {
                chain: head.chain,
                sequence: head.sequence,
            };
            let Some(hash) = Digest::parse(&head.hash) else {
                return Ok(Err(other));
            };
            let before = records
                .entry(head.chain)
                .or_default()
                .insert(head.sequence, hash);
            if before.is_some_and(|before| before != hash) {
                return Ok(Err(other));
            }
        }
    }
    Ok(Ok(records))
}

async fn verify_chain(
    read: &mut Read,
    mut head: ChainHead,
    recorded: &BTreeMap<i64, Digest>,
    row_check: &mut RowCheck,
    verified: &mut (dyn FnMut(u64) + Send),
) -> Result<Result<ChainHead, AuditBroken>, StoreError> {
    let chain = head.chain;
    let expected = recorded.keys().next_back().copied().unwrap_or(0);
    while head.sequence < expected {
        let rows = fetch_all!(
            read,
            AuditRow,
            "SELECT * FROM audit WHERE chain = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
            chain,
            head.sequence,
            VERIFIED_AT_ONCE,
        );
        if rows.is_empty() {
            return Ok(Err(AuditBroken::Tail {
                chain,
                found: head.sequence,
                expected,
            }));
        }
        let page = entries(rows);
        for entry in &page {
            if let Err(broken) = head.follow(entry) {
                return Ok(Err(broken.into()));
            }
            if recorded
                .get(&head.sequence)
                .is_some_and(|hash| *hash != head.hash)
            {
                return Ok(Err(AuditBroken::Other {
                    chain,
                    sequence: head.sequence,
                }));
            }
        }
        if let Err(broken) = row_check.page(read, &page).await? {
            return Ok(Err(broken));
        }
        verified(page.len() as u64);
    }
    Ok(Ok(head))
}

fn entries(rows: Vec<AuditRow>) -> Vec<AuditEntry> {
    rows.into_iter().map(Into::into).collect()
}

//! Verification of the audit log.

use std::collections::BTreeMap;

use gaiterguard_database::column::RowContext;
use gaiterguard_database::connection::{ReadConnection, fetch_all, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::{AuditEntry, ChainHead};
use gaiterguard_domain::event::Event;
use gaiterguard_domain::request::Digest;
use gaiterguard_rows::audit_row::{AuditRow, entries};
use serde::Deserialize;

use crate::audit::broken::AuditBroken;
use crate::audit::checkpoint::{heads_between, newest_heads};
use crate::audit::row_check::RowCheck;
use crate::store::Store;

/// How many entries are verified at a time. Bounds memory; each page is one query.
const ENTRIES_PER_PAGE: i64 = 1000;

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

/// The known hashes of each chain, by sequence number.
type Records = BTreeMap<i64, BTreeMap<i64, Digest>>;

impl Store {
    /// Verifies every chain, and that the stored requests and actions match their entries. Writers
    /// may continue. Returns the number of entries; `progress` is called after each page with the
    /// number so far.
    pub async fn audit_verify(
        &self,
        progress: impl FnMut(u64) + Send,
    ) -> Result<Result<u64, AuditBroken>, StoreError> {
        self.audit_verify_up_to(&[], progress).await
    }

    /// Verifies the log like [`Self::audit_verify`], and that its chains still contain these heads, which were kept
    /// elsewhere.
    pub async fn audit_verify_up_to(
        &self,
        kept: &[ChainHead],
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<Result<u64, AuditBroken>, StoreError> {
        let mut reader = self.reader().await?;
        let mut rows = RowCheck::begin(&mut reader).await?;
        // A chain's head is created with its first entry, so heads that are read after the first
        // entries include one for each chain. All entries up to those heads must then be found,
        // whatever is appended in the meantime.
        let first_entries = first_entries(&mut reader).await?;
        let heads = fetch_all!(
            reader,
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
            .filter(|entry| entry.event() == Some(Event::ChainOpened))
            .collect();
        let mut records = match records(heads, openings)? {
            Ok(records) => records,
            Err(broken) => return Ok(Err(broken)),
        };
        // The entries up to the newest checkpoint must exist, too. Earlier ones are compared page by page.
        let signed = newest_heads(&mut reader).await?;
        for head in signed.iter().chain(kept) {
            if let Err(broken) = record(&mut records, *head) {
                return Ok(Err(broken));
            }
        }
        let mut count = 0;
        let mut reached = BTreeMap::new();
        for (chain, recorded) in records {
            let head = ChainHead::start(chain);
            let mut counted = |entries| {
                count += entries;
                progress(count);
            };
            let verified = verify_chain(&mut reader, head, &recorded, &mut rows, &mut counted);
            match verified.await? {
                Ok(head) => reached.insert(chain, head),
                Err(broken) => return Ok(Err(broken)),
            };
        }
        if let Err(broken) = rows.states(&mut reader).await? {
            return Ok(Err(broken));
        }
        if rows.needs_recheck()
            && let Err(broken) = verify_appended(&mut reader, &reached, &mut rows).await?
        {
            return Ok(Err(broken));
        }
        Ok(rows.finish().map(|()| count))
    }
}

/// Verifies the entries that were appended since, for the rows that changed in the meantime.
async fn verify_appended(
    reader: &mut ReadConnection,
    reached: &BTreeMap<i64, ChainHead>,
    rows: &mut RowCheck,
) -> Result<Result<(), AuditBroken>, StoreError> {
    let heads = fetch_all!(
        reader,
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
        let verified = verify_chain(reader, head, &recorded, rows, &mut |_| {}).await?;
        if let Err(broken) = verified {
            return Ok(Err(broken));
        }
    }
    Ok(Ok(()))
}

/// Returns the first entry of each chain. Each is looked up by index, because scanning all entries
/// takes long in a large log.
async fn first_entries(reader: &mut ReadConnection) -> Result<Vec<AuditEntry>, StoreError> {
    let mut firsts: Vec<AuditEntry> = Vec::new();
    loop {
        let row = fetch_optional!(
            reader,
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

/// Collects what the heads, and the first entries of later chains, say about each chain.
fn records(
    heads: Vec<RecordRow>,
    openings: Vec<AuditEntry>,
) -> Result<Result<Records, AuditBroken>, StoreError> {
    let mut records = Records::new();
    for head in heads {
        let context = RowContext {
            table: "audit_chains",
            id: &head.chain,
        };
        let hash = context.digest("hash", &head.hash)?;
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
            let head = ChainHead {
                chain: head.chain,
                sequence: head.sequence,
                hash,
            };
            if let Err(other) = record(&mut records, head) {
                return Ok(Err(other));
            }
        }
    }
    Ok(Ok(records))
}

/// Adds a known hash.
fn record(records: &mut Records, head: ChainHead) -> Result<(), AuditBroken> {
    let of_chain = records.entry(head.chain).or_default();
    let before = of_chain.insert(head.sequence, head.hash);
    if before.is_some_and(|before| before != head.hash) {
        return Err(AuditBroken::Other {
            chain: head.chain,
            sequence: head.sequence,
        });
    }
    Ok(())
}

async fn verify_chain(
    reader: &mut ReadConnection,
    mut head: ChainHead,
    recorded: &BTreeMap<i64, Digest>,
    row_check: &mut RowCheck,
    verified: &mut (dyn FnMut(u64) + Send),
) -> Result<Result<ChainHead, AuditBroken>, StoreError> {
    let chain = head.chain;
    let expected = recorded.keys().next_back().copied().unwrap_or(0);
    while head.sequence < expected {
        let rows = fetch_all!(
            reader,
            AuditRow,
            "SELECT * FROM audit WHERE chain = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
            chain,
            head.sequence,
            ENTRIES_PER_PAGE,
        );
        if rows.is_empty() {
            return Ok(Err(AuditBroken::Tail {
                chain,
                found: head.sequence,
                expected,
            }));
        }
        let page = entries(rows);
        let last = page.last().map_or(head.sequence, |entry| entry.sequence);
        let signed = heads_between(reader, chain, head.sequence, last).await?;
        let signed: BTreeMap<i64, Digest> = signed
            .into_iter()
            .map(|head| (head.sequence, head.hash))
            .collect();
        for entry in &page {
            if let Err(broken) = head.follow(entry) {
                return Ok(Err(broken.into()));
            }
            let known = [recorded.get(&head.sequence), signed.get(&head.sequence)];
            if known.into_iter().flatten().any(|hash| *hash != head.hash) {
                return Ok(Err(AuditBroken::Other {
                    chain,
                    sequence: head.sequence,
                }));
            }
        }
        if let Err(broken) = row_check.page(reader, &page).await? {
            return Ok(Err(broken));
        }
        verified(page.len() as u64);
    }
    Ok(Ok(head))
}

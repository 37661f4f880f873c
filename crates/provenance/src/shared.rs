//! Shares values that passed with other replicas: keyed hashes in the database, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gaiterguard_domain::time::Timestamp;
use gaiterguard_history::{Elsewhere, Evidence, HashKey, Noted};
use gaiterguard_store::{SightingRow, SightingRowKind, Store, StoreError, ValueHash};
use tokio::sync::Notify;

use crate::history_key::{HistoryKey, seconds};

/// The most rows that one statement writes, so that no decision waits long for it.
const ROWS_MAX: usize = 500;

/// The most rows that wait for the database. Rows of values that agents sent are never dropped: without
/// them, replicas would accept an echo as evidence.
const WAITING_MAX: usize = 50_000;

/// How long rows are collected before they are written. An agent needs longer to act on a response through another
/// replica.
const COLLECTING: Duration = Duration::from_millis(20);

/// How long to wait before rows that could not be written are written again. Long enough that a database that is
/// down does not fill the log.
const AGAIN: Duration = Duration::from_secs(1);

/// The most values of a request that are looked up, in one query. The others count as sent by the agent, which is
/// the safe assumption.
const ASKED_MAX: usize = 2_000;

/// The connection to the other replicas.
pub(crate) struct Shared {
    key: HashKey,
    waiting: Mutex<Vec<SightingRow>>,
    wake: Notify,
}

impl Shared {
    pub(crate) fn new(key: HashKey) -> Arc<Self> {
        Arc::new(Self {
            key,
            waiting: Mutex::default(),
            wake: Notify::new(),
        })
    }

    /// Queues values for the writer.
    pub(crate) fn add(&self, key: HistoryKey, noted: &[Noted], at: u64) {
        if noted.is_empty() {
            return;
        }
        let at = Timestamp(i64::try_from(at.saturating_mul(1_000)).unwrap_or(i64::MAX));
        let mut waiting = self.waiting();
        for noted in noted {
            let kind = kind_of(noted.evidence);
            if waiting.len() < WAITING_MAX || kind == SightingRowKind::Sent {
                waiting.push(SightingRow {
                    agent: key.agent,
                    service: key.service,
                    hash: self.hash(key, noted.hash),
                    kind,
                    at,
                });
            }
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// Writes queued values until it is dropped.
    pub(crate) async fn write(&self, store: &Store, now: impl Fn() -> Timestamp) {
        loop {
            self.wake.notified().await;
            tokio::time::sleep(COLLECTING).await;
            loop {
                let rows = self.take();
                if rows.is_empty() {
                    break;
                }
                if let Err(error) = store.sighting_add(&rows, now()).await {
                    tracing::warn!(%error, "writing what agents were shown failed and will be tried again");
                    self.waiting().splice(..0, rows);
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// Returns what other replicas know about values since a time, by their hashes.
    pub(crate) async fn find(
        &self,
        store: &Store,
        key: HistoryKey,
        hashes: &[u128],
        since: Timestamp,
    ) -> Result<Elsewhere, StoreError> {
        let asked: HashMap<ValueHash, u128> = hashes
            .iter()
            .take(ASKED_MAX)
            .map(|hash| (self.hash(key, *hash), *hash))
            .collect();
        let stored: Vec<ValueHash> = asked.keys().copied().collect();
        let found = store
            .sighting_find(key.agent, key.service, &stored, since)
            .await?;
        let known = found.into_iter().filter_map(|(stored, kind, at)| {
            Some((*asked.get(&stored)?, evidence_of(kind), seconds(at)))
        });
        // The agent may have sent the others through another replica, so they are not evidence.
        let others = hashes.iter().skip(ASKED_MAX);
        let others = others.map(|hash| (*hash, Evidence::Sent, 0));
        Ok(known.chain(others).collect())
    }

    fn hash(&self, key: HistoryKey, hash: u128) -> ValueHash {
        self.key.within((key.agent.0, key.service.0), hash)
    }

    /// Takes the first rows that wait, no two of them of the same value: one statement cannot change a
    /// row twice.
    fn take(&self) -> Vec<SightingRow> {
        let mut waiting = self.waiting();
        let mut rows: Vec<SightingRow> = Vec::new();
        let mut later = Vec::new();
        let mut taken = std::collections::HashSet::new();
        for row in waiting.drain(..) {
            let value = (row.agent, row.service, row.hash);
            if rows.len() < ROWS_MAX && taken.insert(value) {
                rows.push(row);
            } else {
                later.push(row);
            }
        }
        *waiting = later;
        rows
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<SightingRow>> {
        // Every change under this lock is complete in itself.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kind_of(evidence: Evidence) -> SightingRowKind {
    match evidence {
        Evidence::Sent => SightingRowKind::Sent,
        Evidence::Shown => SightingRowKind::Shown,
        Evidence::ShownAsId => SightingRowKind::ShownAsId,
        Evidence::Approved => SightingRowKind::Approved,
        Evidence::Created => SightingRowKind::Created,
    }
}

fn evidence_of(kind: SightingRowKind) -> Evidence {
    match kind {
        SightingRowKind::Sent => Evidence::Sent,
        SightingRowKind::Shown => Evidence::Shown,
        SightingRowKind::ShownAsId => Evidence::ShownAsId,
        SightingRowKind::Approved => Evidence::Approved,
        SightingRowKind::Created => Evidence::Created,
    }
}

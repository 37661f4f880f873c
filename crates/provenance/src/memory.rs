//! The history of one agent with one service, and the exchanges that are not parsed into it yet.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gaiterguard_history::{Elsewhere, History, Seen, Sighting, SightingKind};
use tokio_util::sync::CancellationToken;

use crate::exchange::Noted;
use crate::history_key::HistoryKey;
use crate::shared::Shared;

/// How many bytes and exchanges may wait until an assessment asks: those of about 30 calls. More are parsed
/// in the background, and so is everything that other replicas should know.
const UNREAD_BYTES_MAX: usize = 512 << 10;
const UNREAD_MAX: usize = 32;

/// From here on an exchange is parsed before it passes, because the background does not keep up.
const UNREAD_BYTES_LIMIT: usize = 8 << 20;
const UNREAD_LIMIT: usize = 1_024;

/// How many exchanges are remembered, and for how many seconds, so that a repeated one is not parsed again.
const RECENT_MAX: usize = 64;
const RECENT_SECONDS: u64 = 600;

/// The history of one agent with one service.
pub(crate) struct Memory {
    /// Canceled with the agent's right to the service.
    right: CancellationToken,
    key: HistoryKey,
    shared: Option<Arc<Shared>>,
    unread: Mutex<Unread>,
    seen: Mutex<Seen>,
    seen_bytes: AtomicUsize,
    used: AtomicU64,
    is_reading: AtomicBool,
}

#[derive(Default)]
struct Unread {
    exchanges: VecDeque<Noted>,
    bytes: usize,
    recent: VecDeque<(u64, u64)>,
}

impl Memory {
    pub(crate) fn new(
        key: HistoryKey,
        seen: Seen,
        shared: Option<Arc<Shared>>,
        right: CancellationToken,
    ) -> Self {
        Self {
            right,
            key,
            shared,
            unread: Mutex::default(),
            seen: Mutex::new(seen),
            seen_bytes: AtomicUsize::new(0),
            used: AtomicU64::new(0),
            is_reading: AtomicBool::new(false),
        }
    }

    /// Whether the history belongs to the right of this token, and the right is not revoked.
    pub(crate) fn is_of(&self, right: &CancellationToken) -> bool {
        self.right == *right && !self.right.is_cancelled()
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.right.is_cancelled()
    }

    /// Notes an exchange. Every later assessment takes it into account.
    pub(crate) fn note(memory: &Arc<Self>, noted: Noted) {
        if noted.is_nothing() {
            return;
        }
        memory.used.fetch_max(noted.at, Ordering::Relaxed);
        let (count, bytes) = {
            let mut unread = memory.unread();
            if unread.is_recent(&noted) {
                return;
            }
            unread.bytes += noted.bytes();
            unread.exchanges.push_back(noted);
            (unread.exchanges.len(), unread.bytes)
        };
        if count > UNREAD_LIMIT || bytes > UNREAD_BYTES_LIMIT {
            memory.read();
        } else if (memory.shared.is_some() || count > UNREAD_MAX || bytes > UNREAD_BYTES_MAX)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
            && !memory.is_reading.swap(true, Ordering::AcqRel)
        {
            let memory = Arc::clone(memory);
            runtime.spawn_blocking(move || {
                memory.is_reading.store(false, Ordering::Release);
                memory.read();
            });
        }
    }

    /// Notes that the agent sends something that is not parsed.
    pub(crate) fn note_unread(&self, now: u64) {
        self.up_to_date().note_unread(now);
    }

    /// Parses what was noted.
    pub(crate) fn read(&self) {
        drop(self.up_to_date());
    }

    /// Returns where a value was seen.
    pub(crate) fn sighting(
        &self,
        value: &str,
        now: u64,
        elsewhere: Option<&Elsewhere>,
    ) -> Option<Sighting> {
        self.used.fetch_max(now, Ordering::Relaxed);
        self.up_to_date().at(now).with(elsewhere).sighting(value)
    }

    /// Returns how a value was seen.
    pub(crate) fn kind(
        &self,
        value: &str,
        now: u64,
        elsewhere: Option<&Elsewhere>,
    ) -> Option<SightingKind> {
        self.used.fetch_max(now, Ordering::Relaxed);
        self.up_to_date().at(now).with(elsewhere).kind(value)
    }

    /// Whether the history is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.up_to_date().is_empty()
    }

    /// Drops everything, to make room for others.
    pub(crate) fn forget(&self, now: u64) {
        let mut seen = self.up_to_date();
        seen.forget(now);
        self.seen_bytes.store(0, Ordering::Relaxed);
        self.unread().recent.clear();
    }

    /// Drops what is old. Returns true if nothing is left.
    pub(crate) fn expire(&self, now: u64) -> bool {
        let mut seen = self.seen();
        seen.expire(now);
        self.seen_bytes.store(seen.bytes(), Ordering::Relaxed);
        seen.is_like_new(now) && self.unread().exchanges.is_empty()
    }

    /// Returns how many bytes are not parsed yet.
    pub(crate) fn unread_bytes(&self) -> usize {
        self.unread().bytes
    }

    /// Returns about how much memory the history takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.seen_bytes.load(Ordering::Relaxed) + self.unread_bytes()
    }

    /// Returns when the history was last used, in seconds.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Parses everything that was noted and returns the result. The exchanges are taken under the lock of
    /// the result, so that they are parsed in order and no reader sees a part of them.
    fn up_to_date(&self) -> MutexGuard<'_, Seen> {
        let mut seen = self.seen();
        let exchanges = {
            let mut unread = self.unread();
            unread.bytes = 0;
            std::mem::take(&mut unread.exchanges)
        };
        if !exchanges.is_empty() {
            for noted in exchanges {
                let found = noted.with(|exchange| seen.record(exchange, noted.at));
                if let Some(shared) = &self.shared {
                    shared.add(self.key, &found, noted.at);
                }
            }
            self.seen_bytes.store(seen.bytes(), Ordering::Relaxed);
        }
        seen
    }

    fn unread(&self) -> MutexGuard<'_, Unread> {
        // Every change under this lock is complete in itself.
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // After a panic during parsing, values of one response are missing.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unread {
    /// Whether the same exchange was noted recently. A write may change what a read shows, so it clears
    /// the list.
    fn is_recent(&mut self, noted: &Noted) -> bool {
        let Some(print) = noted.fingerprint() else {
            if !noted.only_reads() {
                self.recent.clear();
            }
            return false;
        };
        let since = noted.at.saturating_sub(RECENT_SECONDS);
        if self
            .recent
            .iter()
            .any(|(other, at)| *other == print && *at >= since)
        {
            return true;
        }
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((print, noted.at));
        false
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory(…)")
    }
}

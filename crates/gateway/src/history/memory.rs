//! The history of one agent with one service, and what is still to be read into it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gaiterguard_history::{Elsewhere, History, Seen, Sighting};
use tokio_util::sync::CancellationToken;

use super::Place;
use super::exchange::Noted;
use super::shared::Shared;

/// How many bytes, and how many exchanges, are left until a request asks: the responses of some 30 calls
/// are read before one. More are read in the background, as is all that other replicas should know of.
const UNREAD_BYTES_MAX: usize = 512 << 10;
const UNREAD_MAX: usize = 32;

/// Where the background does not keep up, an exchange is read before it passes.
const UNREAD_BYTES_LIMIT: usize = 8 << 20;
const UNREAD_LIMIT: usize = 1_024;

/// How many reads are remembered, so that the same one again is not read again, and for how many
/// seconds.
const RECENT_MAX: usize = 64;
const RECENT_SECONDS: u64 = 600;

/// The history of one agent with one service.
pub(super) struct Memory {
    /// Cancelled with the agent's right to the service.
    cut: CancellationToken,
    place: Place,
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
    pub(super) fn new(
        place: Place,
        seen: Seen,
        shared: Option<Arc<Shared>>,
        cut: CancellationToken,
    ) -> Self {
        Self {
            cut,
            place,
            shared,
            unread: Mutex::default(),
            seen: Mutex::new(seen),
            seen_bytes: AtomicUsize::new(0),
            used: AtomicU64::new(0),
            is_reading: AtomicBool::new(false),
        }
    }

    /// Whether it belongs to the right that this token ends with.
    pub(super) fn is_of(&self, cut: &CancellationToken) -> bool {
        self.cut == *cut && !self.cut.is_cancelled()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cut.is_cancelled()
    }

    /// Notes an exchange, to be read later. It is found by every request that is assessed from here on.
    pub(super) fn note(memory: &Arc<Self>, noted: Noted) {
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
            && !memory.is_reading.swap(true, Ordering::AcqRel)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let memory = Arc::clone(memory);
            runtime.spawn_blocking(move || {
                memory.is_reading.store(false, Ordering::Release);
                memory.read();
            });
        }
    }

    /// Notes that the agent sends what is not read.
    pub(super) fn note_unread(&self, now: u64) {
        self.up_to_date().note_unread(now);
    }

    /// Reads what was noted.
    pub(super) fn read(&self) {
        drop(self.up_to_date());
    }

    /// Where a value was seen.
    pub(super) fn sighting(
        &self,
        value: &str,
        now: u64,
        elsewhere: Option<&Elsewhere>,
    ) -> Option<Sighting> {
        self.used.fetch_max(now, Ordering::Relaxed);
        self.up_to_date().at(now).with(elsewhere).sighting(value)
    }

    /// Whether nothing passed.
    pub(super) fn is_empty(&self) -> bool {
        self.up_to_date().is_empty()
    }

    /// Drops everything, so that others have room.
    pub(super) fn forget(&self, now: u64) {
        let mut seen = self.up_to_date();
        seen.forget(now);
        self.seen_bytes.store(0, Ordering::Relaxed);
        self.unread().recent.clear();
    }

    /// Drops what is old; true if nothing is left.
    pub(super) fn expire(&self, now: u64) -> bool {
        let mut seen = self.seen();
        seen.expire(now);
        self.seen_bytes.store(seen.bytes(), Ordering::Relaxed);
        seen.is_like_new(now) && self.unread().exchanges.is_empty()
    }

    /// How many bytes are still to be read.
    pub(super) fn unread_bytes(&self) -> usize {
        self.unread().bytes
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.seen_bytes.load(Ordering::Relaxed) + self.unread_bytes()
    }

    /// When it was last used.
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// What was seen, once everything that was noted is read. Exchanges are taken while that is locked,
    /// so that they are read in order and nobody looks between.
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
                    shared.add(self.place, &found, noted.at);
                }
            }
            self.seen_bytes.store(seen.bytes(), Ordering::Relaxed);
        }
        seen
    }

    fn unread(&self) -> MutexGuard<'_, Unread> {
        // Every change under this lock is whole by itself.
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // After a panic in the middle of reading, values of one response are missing.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unread {
    /// Whether the same was read a moment ago. What is written may change what a read shows, and what
    /// counts of it, so it begins anew.
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

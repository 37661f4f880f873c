//! The histories that this process has in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_history::{Elsewhere, HashKey, History, Limits, Seen, Sighting, SightingKind};
use http::Method;
use tokio_util::sync::CancellationToken;

use crate::exchange::Noted;
use crate::history_key::{HistoryKey, seconds};
use crate::memory::Memory;
use crate::observer::Observer;
use crate::seal::ProcessSeal;
use crate::shared::Shared;

/// The most bytes that all histories together take in memory. One of average use takes about 200 KB.
const BYTES_MAX: usize = 64 << 20;

/// The owners of a memory while it is swept and nothing else uses it: the map and the sweep.
const OWNERS_IN_SWEEP: usize = 2;

/// The histories of all agents, or nothing if they are turned off.
pub(crate) struct Histories {
    kept: Option<Kept>,
}

struct Kept {
    key: HashKey,
    /// The connection to other replicas, if there may be some.
    shared: Option<Arc<Shared>>,
    seal: ProcessSeal,
    limits: Limits,
    memories: Mutex<HashMap<HistoryKey, Arc<Memory>>>,
}

impl Histories {
    /// Creates histories that reach back for `lifetime`; zero turns them off. `is_shared` means that
    /// there may be other replicas.
    pub(crate) fn new(lifetime: Duration, key: HashKey, is_shared: bool) -> Self {
        let kept = (!lifetime.is_zero()).then(|| Kept {
            key,
            shared: is_shared.then(|| Shared::new(key)),
            seal: ProcessSeal::generate(),
            limits: Limits {
                seconds_max: lifetime.as_secs(),
                ..Limits::default()
            },
            memories: Mutex::default(),
        });
        Self { kept }
    }

    /// Returns what an agent was shown by a service; `None` if histories are off. The history
    /// of a right ends when the right is revoked.
    pub(crate) fn of(
        &self,
        key: HistoryKey,
        right: &CancellationToken,
        now: Timestamp,
    ) -> Option<AgentHistory> {
        let kept = self.kept.as_ref()?;
        let memory = kept.memories().get(&key).cloned();
        let memory = memory.filter(|memory| memory.is_of(right));
        Some(AgentHistory {
            memory,
            now: seconds(now),
            elsewhere: None,
        })
    }

    /// Returns the memory in which exchanges are noted; `None` if nothing is kept.
    pub(crate) fn memory(&self, key: HistoryKey, right: &CancellationToken) -> Option<Arc<Memory>> {
        let kept = self.kept.as_ref()?;
        if right.is_cancelled() {
            return None;
        }
        let seal = kept.seal.get()?;
        let mut memories = kept.memories();
        if let Some(memory) = memories.get(&key)
            && memory.is_of(right)
        {
            return Some(Arc::clone(memory));
        }
        let seen = Seen::new(kept.key, Arc::clone(seal), kept.limits);
        let memory = Memory::new(key, seen, kept.shared.clone(), right.clone());
        let memory = Arc::new(memory);
        memories.insert(key, Arc::clone(&memory));
        Some(memory)
    }

    /// Parses what was noted, and drops what is old, what no right covers, and what exceeds the
    /// bounds. Returns the agents and services whose right ended.
    pub(crate) fn sweep(&self, now: Timestamp) -> Vec<HistoryKey> {
        let mut ended = Vec::new();
        let Some(kept) = &self.kept else { return ended };
        let memories: Vec<(HistoryKey, Arc<Memory>)> = {
            let memories = kept.memories();
            memories
                .iter()
                .map(|(key, memory)| (*key, Arc::clone(memory)))
                .collect()
        };
        for (key, memory) in memories {
            memory.read();
            if memory.is_cancelled() {
                ended.push(key);
            }
            if memory.expire(seconds(now)) || memory.is_cancelled() {
                let mut memories = kept.memories();
                let is_current = memories
                    .get(&key)
                    .is_some_and(|current| Arc::ptr_eq(current, &memory));
                // An exchange that is running holds the memory and is noted in it when it ends. None
                // begins under the lock.
                let is_in_use = Arc::strong_count(&memory) > OWNERS_IN_SWEEP;
                let is_unused = || !is_in_use && memory.expire(seconds(now));
                if is_current && (memory.is_cancelled() || is_unused()) {
                    memories.remove(&key);
                }
            }
        }
        keep_within(&kept.memories(), BYTES_MAX, seconds(now));
        ended
    }

    /// Starts to note an exchange; `None` if nothing of it is kept.
    pub(crate) fn observe(
        &self,
        key: HistoryKey,
        request: &CanonicalRequest,
        is_approved: bool,
        right: &CancellationToken,
        now: Timestamp,
    ) -> Option<Box<Observer>> {
        if matches!(request.method, Method::HEAD | Method::OPTIONS) {
            return None;
        }
        let memory = self.memory(key, right)?;
        if request.is_web_socket() {
            memory.note_unread(seconds(now));
            return None;
        }
        let noted = Noted::of(request, is_approved, seconds(now));
        Some(Box::new(Observer::new(memory, right.clone(), noted)))
    }

    /// Returns the connection to other replicas and the key of its hashes, if there may be others.
    pub(crate) fn shared(&self) -> Option<(&HashKey, &Shared)> {
        let kept = self.kept.as_ref()?;
        Some((&kept.key, kept.shared.as_deref()?))
    }
}

impl Kept {
    fn memories(&self) -> MutexGuard<'_, HashMap<HistoryKey, Arc<Memory>>> {
        // Every change under this lock is complete in itself.
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops the histories that were not used for longest until the others fit.
fn keep_within(memories: &HashMap<HistoryKey, Arc<Memory>>, bytes_max: usize, now: u64) {
    let mut bytes: usize = memories.values().map(|memory| memory.bytes()).sum();
    while bytes > bytes_max {
        let kept = memories.values().filter(|memory| memory.bytes() > 0);
        let Some(oldest) = kept.min_by_key(|memory| memory.used()) else {
            return;
        };
        bytes -= oldest.bytes().min(bytes);
        oldest.forget(now);
    }
}

/// A view of what an agent was shown by a service, at one moment.
#[derive(Debug)]
pub struct AgentHistory {
    memory: Option<Arc<Memory>>,
    now: u64,
    /// The knowledge of other replicas about the values of the request.
    elsewhere: Option<Elsewhere>,
}

impl AgentHistory {
    pub(crate) fn memory(&self) -> Option<&Arc<Memory>> {
        self.memory.as_ref()
    }

    /// Returns the moment, in seconds.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Adds what other replicas know. `memory` is the one that they share with this process.
    pub(crate) fn add_elsewhere(&mut self, elsewhere: Elsewhere, memory: Option<Arc<Memory>>) {
        self.elsewhere = Some(elsewhere);
        self.memory = memory;
    }
}

impl History for AgentHistory {
    fn sighting(&self, value: &str) -> Option<Sighting> {
        let memory = self.memory.as_ref()?;
        memory.sighting(value, self.now, self.elsewhere.as_ref())
    }

    fn kind(&self, value: &str) -> Option<SightingKind> {
        let memory = self.memory.as_ref()?;
        memory.kind(value, self.now, self.elsewhere.as_ref())
    }

    fn is_empty(&self) -> bool {
        let is_empty = |memory: &Arc<Memory>| memory.is_empty();
        self.memory.as_ref().is_none_or(is_empty)
            && self.elsewhere.as_ref().is_none_or(Elsewhere::is_empty)
    }
}

#[cfg(test)]
mod tests;

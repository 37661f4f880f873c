//! What each agent was shown by each service, for the assessor: where the values of its requests come
//! from.
//!
//! Every response that passes to an agent is noted here before its end passes, and read only when a
//! request is assessed that asks for it, or soon after in the background. What is read of it is kept as
//! keyed hashes and sealed pieces, in memory alone. Nothing of it is logged.

mod exchange;
mod memory;
mod observer;
mod seal;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_judge::history::{HashKey, History, Limits, Seal, Sighting};
use tokio_util::sync::CancellationToken;

use crate::Gateway;
use crate::prepare::Prepared;

pub(crate) use observer::Observer;

use memory::Memory;
use seal::PieceSeal;

/// The most bytes that all histories together take in memory. One of average use takes some 200 KB.
const BYTES_MAX: usize = 64 << 20;

/// How many bytes of responses may be left to read while a request is assessed. Reading them takes some
/// two milliseconds; more are read on a thread of their own first.
const READ_IN_PLACE_BYTES_MAX: usize = 128 << 10;

/// Whose history it is.
pub(crate) type Place = (AgentId, ServiceId);

/// The histories of all agents.
pub(crate) struct Histories {
    /// None where they are turned off.
    kept: Option<Kept>,
}

struct Kept {
    key: HashKey,
    seal: Arc<dyn Seal>,
    limits: Limits,
    memories: Mutex<HashMap<Place, Arc<Memory>>>,
}

impl Histories {
    /// Histories that go back for so long; none where that is no time at all.
    pub(crate) fn new(lifetime: Duration, key: HashKey) -> Self {
        let seal = PieceSeal::generate();
        if let Err(error) = &seal {
            tracing::error!(%error, "requests are assessed without what agents were shown before");
        }
        let kept = seal.ok().filter(|_| !lifetime.is_zero()).map(|seal| Kept {
            key,
            seal: Arc::new(seal),
            limits: Limits {
                seconds_max: lifetime.as_secs(),
                ..Limits::default()
            },
            memories: Mutex::default(),
        });
        Self { kept }
    }

    /// What an agent was shown by a service; `None` where that is not kept. A right that was taken away
    /// takes its history along.
    fn of(&self, place: Place, cut: &CancellationToken, now: Timestamp) -> Option<AgentHistory> {
        let kept = self.kept.as_ref()?;
        let memory = kept.memories().get(&place).cloned();
        let memory = memory.filter(|memory| memory.is_of(cut));
        Some(AgentHistory {
            memory,
            now: seconds(now),
        })
    }

    /// Where to note what passes; `None` where it is not kept.
    fn memory(&self, place: Place, cut: &CancellationToken) -> Option<Arc<Memory>> {
        let kept = self.kept.as_ref()?;
        if cut.is_cancelled() {
            return None;
        }
        let mut memories = kept.memories();
        if let Some(memory) = memories.get(&place)
            && memory.is_of(cut)
        {
            return Some(Arc::clone(memory));
        }
        let memory = Memory::new(kept.key, Arc::clone(&kept.seal), kept.limits, cut.clone());
        let memory = Arc::new(memory);
        memories.insert(place, Arc::clone(&memory));
        keep_within(&mut memories, BYTES_MAX);
        Some(memory)
    }

    /// Reads what was noted, drops what is old, what nobody may use any more, and what is too much.
    pub(crate) fn sweep(&self, now: Timestamp) {
        let Some(kept) = &self.kept else { return };
        let memories: Vec<(Place, Arc<Memory>)> = {
            let memories = kept.memories();
            memories
                .iter()
                .map(|(place, memory)| (*place, Arc::clone(memory)))
                .collect()
        };
        for (place, memory) in memories {
            memory.read();
            if memory.expire(seconds(now)) || memory.is_cancelled() {
                let mut memories = kept.memories();
                if memories
                    .get(&place)
                    .is_some_and(|now| Arc::ptr_eq(now, &memory))
                {
                    memories.remove(&place);
                }
            }
        }
        keep_within(&mut kept.memories(), BYTES_MAX);
    }
}

impl Kept {
    fn memories(&self) -> MutexGuard<'_, HashMap<Place, Arc<Memory>>> {
        // Every change under this lock is whole by itself.
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops the histories that were not used for longest until the others fit.
fn keep_within(memories: &mut HashMap<Place, Arc<Memory>>, bytes_max: usize) {
    let mut bytes: usize = memories.values().map(|memory| memory.bytes()).sum();
    while bytes > bytes_max {
        let oldest = memories.iter().min_by_key(|(_, memory)| memory.used());
        let Some(place) = oldest.map(|(place, _)| *place) else {
            return;
        };
        if let Some(memory) = memories.remove(&place) {
            bytes -= memory.bytes().min(bytes);
        }
    }
}

/// What an agent was shown by a service, at one moment.
#[derive(Debug)]
pub(crate) struct AgentHistory {
    memory: Option<Arc<Memory>>,
    now: u64,
}

impl History for AgentHistory {
    fn sighting(&self, value: &str) -> Option<Sighting> {
        self.memory.as_ref()?.sighting(value, self.now)
    }
}

impl Gateway {
    /// What the agent of a request was shown by its service before.
    pub(crate) fn history_of(&self, prepared: &Prepared) -> Option<AgentHistory> {
        let (agent, service) = (prepared.caller.agent.id, prepared.located.service.id);
        let cut = prepared.caller.cut_of_call(service, false);
        self.histories.of((agent, service), &cut, self.clock.now())
    }

    /// Reads what was noted for the agent of a request, if that takes longer than an assessment may.
    pub(crate) async fn read_history(&self, prepared: &Prepared) {
        let Some(memory) = self.history_of(prepared).and_then(|history| history.memory) else {
            return;
        };
        if memory.unread_bytes() > READ_IN_PLACE_BYTES_MAX {
            // A panic in there leaves the rest unread, which is read in place then.
            tokio::task::spawn_blocking(move || memory.read())
                .await
                .ok();
        }
    }
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.0 / 1_000).unwrap_or_default()
}

impl std::fmt::Debug for Histories {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Histories(…)")
    }
}

#[cfg(test)]
mod tests;

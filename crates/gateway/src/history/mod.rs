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
mod shared;
mod source;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::request::is_safe;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_history::{
    Elsewhere, HashKey, History, Limits, Seal, Seen, Sighting, hashes_of_request,
};
use gaiterguard_store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::Gateway;
use crate::submit::prepare::Prepared;

pub(crate) use observer::Observer;
pub(crate) use source::sources;
pub use source::{SourceKind, ValueSource};

use exchange::Noted;
use memory::Memory;
use seal::PieceSeal;
use shared::Shared;

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
    /// The way to other replicas, where there may be some.
    shared: Option<Arc<Shared>>,
    seal: Arc<dyn Seal>,
    limits: Limits,
    memories: Mutex<HashMap<Place, Arc<Memory>>>,
}

impl Histories {
    /// Histories that go back for so long, none where that is no time at all; with those of other
    /// replicas where there may be some.
    pub(crate) fn new(lifetime: Duration, key: HashKey, is_shared: bool) -> Self {
        let seal = PieceSeal::generate();
        if let Err(error) = &seal {
            tracing::error!(%error, "requests are assessed without what agents were shown before");
        }
        let kept = seal.ok().filter(|_| !lifetime.is_zero()).map(|seal| Kept {
            key,
            shared: is_shared.then(|| Shared::new(key)),
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
            elsewhere: None,
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
        let seen = Seen::new(kept.key, Arc::clone(&kept.seal), kept.limits);
        let memory = Memory::new(place, seen, kept.shared.clone(), cut.clone());
        let memory = Arc::new(memory);
        memories.insert(place, Arc::clone(&memory));
        Some(memory)
    }

    /// Reads what was noted, drops what is old, what nobody may use any more, and what is too much.
    /// Returns the agents and services whose right ended.
    pub(crate) fn sweep(&self, now: Timestamp) -> Vec<Place> {
        let mut ended = Vec::new();
        let Some(kept) = &self.kept else { return ended };
        let memories: Vec<(Place, Arc<Memory>)> = {
            let memories = kept.memories();
            memories
                .iter()
                .map(|(place, memory)| (*place, Arc::clone(memory)))
                .collect()
        };
        for (place, memory) in memories {
            memory.read();
            if memory.is_cancelled() {
                ended.push(place);
            }
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
        keep_within(&kept.memories(), BYTES_MAX, seconds(now));
        ended
    }

    /// Writes for other replicas what passes, until it is dropped.
    async fn write(&self, store: &Store, now: impl Fn() -> Timestamp) {
        if let Some(shared) = self.shared() {
            shared.write(store, now).await;
        }
    }

    fn shared(&self) -> Option<&Shared> {
        self.kept.as_ref()?.shared.as_deref()
    }
}

impl Kept {
    fn memories(&self) -> MutexGuard<'_, HashMap<Place, Arc<Memory>>> {
        // Every change under this lock is whole by itself.
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the histories that were not used for longest until the others fit.
fn keep_within(memories: &HashMap<Place, Arc<Memory>>, bytes_max: usize, now: u64) {
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

/// What an agent was shown by a service, at one moment.
#[derive(Debug)]
pub(crate) struct AgentHistory {
    memory: Option<Arc<Memory>>,
    now: u64,
    /// What other replicas know of the values of the request.
    elsewhere: Option<Elsewhere>,
}

impl History for AgentHistory {
    fn sighting(&self, value: &str) -> Option<Sighting> {
        let memory = self.memory.as_ref()?;
        memory.sighting(value, self.now, self.elsewhere.as_ref())
    }

    fn is_empty(&self) -> bool {
        let is_empty = |memory: &Arc<Memory>| memory.is_empty();
        self.memory.as_ref().is_none_or(is_empty)
            && self.elsewhere.as_ref().is_none_or(Elsewhere::is_empty)
    }
}

impl Gateway {
    /// What the agent of a request was shown by its service before, as far as this process knows.
    pub(crate) fn history_here(&self, prepared: &Prepared) -> Option<AgentHistory> {
        let (agent, service) = (prepared.caller.agent.id, prepared.located.service.id);
        let cut = prepared.caller.cut_of_call(service, false);
        self.histories.of((agent, service), &cut, self.clock.now())
    }

    /// What the agent of a request was shown by its service before, also through other replicas where
    /// the request does more than read. `None` where that is not known.
    pub(crate) async fn history_of(&self, prepared: &Prepared) -> Option<AgentHistory> {
        let mut history = self.history_here(prepared)?;
        if let Some(memory) = &history.memory
            && memory.unread_bytes() > READ_IN_PLACE_BYTES_MAX
        {
            let memory = Arc::clone(memory);
            // A panic in there leaves the rest unread, which is read in place then.
            tokio::task::spawn_blocking(move || memory.read())
                .await
                .ok();
        }
        if is_safe(&prepared.request.method) {
            return Some(history);
        }
        if let (Some(kept), Some(shared)) = (&self.histories.kept, self.histories.shared()) {
            let (agent, service) = (prepared.caller.agent.id, prepared.located.service.id);
            let place = (agent, service);
            let asked = Noted::of(&prepared.request, false, history.now);
            let asked = asked.with(|exchange| hashes_of_request(exchange, &kept.key));
            let since = self.clock.now().before(self.settings.provenance_lifetime);
            let elsewhere = shared.find(&self.store, place, &asked, since).await;
            history.elsewhere = match elsewhere {
                Ok(elsewhere) => Some(elsewhere),
                Err(error) => {
                    tracing::warn!(%error, "a request is assessed without what its agent was shown");
                    return None;
                }
            };
            let cut = prepared.caller.cut_of_call(service, false);
            history.memory = self.histories.memory(place, &cut);
        }
        Some(history)
    }

    /// Writes for other replicas what agents are shown here.
    pub(crate) async fn write_sightings(self: Arc<Self>) {
        self.histories.write(&self.store, || self.clock.now()).await;
    }

    /// Forgets what nobody may use any more.
    pub(crate) async fn forget_sightings(&self, ended: Vec<Place>) -> Result<(), StoreError> {
        let now = self.clock.now();
        if self.histories.shared().is_some() {
            for (agent, service) in ended {
                self.store.sighting_forget(agent, service, now, now).await?;
            }
        }
        Ok(())
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

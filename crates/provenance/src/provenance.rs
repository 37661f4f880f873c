//! The histories of all agents, with the database through which replicas exchange them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::request::{CanonicalRequest, is_safe};
use gaiterguard_domain::time::Clock;
use gaiterguard_history::{HashKey, hashes_of_request};
use gaiterguard_store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::exchange::Noted;
use crate::histories::{AgentHistory, Histories};
use crate::history_key::HistoryKey;
use crate::observer::Observer;

/// The most bytes of noted responses that are parsed on the thread of the assessment, which takes about
/// two milliseconds. More are parsed on a separate thread first.
const READ_IN_PLACE_BYTES_MAX: usize = 128 << 10;

/// The histories of all agents.
///
/// Every method takes the token of the agent's right to the service. A history belongs to that right and
/// ends with it.
pub struct Provenance {
    histories: Histories,
    store: Store,
    clock: Arc<dyn Clock>,
    lifetime: Duration,
}

impl Provenance {
    /// Creates empty histories that reach back for `lifetime`; zero turns them off.
    pub fn new(store: Store, clock: Arc<dyn Clock>, lifetime: Duration, key: HashKey) -> Self {
        Self {
            histories: Histories::new(lifetime, key, store.is_shared()),
            store,
            clock,
            lifetime,
        }
    }

    /// Starts to note an exchange that is sent; returns `None` if nothing of it is kept.
    pub fn observe(
        &self,
        key: HistoryKey,
        request: &CanonicalRequest,
        is_approved: bool,
        right: &CancellationToken,
    ) -> Option<Box<Observer>> {
        let now = self.clock.now();
        self.histories
            .observe(key, request, is_approved, right, now)
    }

    /// Returns what the agent was shown by the service through this process; `None` if histories are
    /// off.
    pub fn history_here(&self, key: HistoryKey, right: &CancellationToken) -> Option<AgentHistory> {
        self.histories.of(key, right, self.clock.now())
    }

    /// Returns what the agent was shown by the service before it sent this request, as
    /// [`Self::history_of`] does, if that takes no waiting.
    pub fn history_at_hand(
        &self,
        key: HistoryKey,
        request: &CanonicalRequest,
        right: &CancellationToken,
    ) -> ControlFlow<Option<AgentHistory>> {
        let Some(history) = self.history_here(key, right) else {
            return ControlFlow::Break(None);
        };
        let is_read = history
            .memory()
            .is_none_or(|memory| memory.unread_bytes() <= READ_IN_PLACE_BYTES_MAX);
        let is_all = is_safe(&request.method) || self.histories.shared().is_none();
        if is_read && is_all {
            ControlFlow::Break(Some(history))
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Returns what the agent was shown by the service before it sent this request, also through other
    /// replicas if the request does more than read. `None` if that is unknown.
    pub async fn history_of(
        &self,
        key: HistoryKey,
        request: &CanonicalRequest,
        right: &CancellationToken,
    ) -> Option<AgentHistory> {
        let mut history = self.history_here(key, right)?;
        if let Some(memory) = history.memory()
            && memory.unread_bytes() > READ_IN_PLACE_BYTES_MAX
        {
            let memory = Arc::clone(memory);
            // If this panics, the rest remains unread and is parsed on this thread.
            tokio::task::spawn_blocking(move || memory.read())
                .await
                .ok();
        }
        if is_safe(&request.method) {
            return Some(history);
        }
        if let Some((hash_key, shared)) = self.histories.shared() {
            let asked = Noted::of(request, false, history.now());
            let asked = asked.with(|exchange| hashes_of_request(exchange, hash_key));
            let since = self.clock.now().before(self.lifetime);
            let elsewhere = shared.find(&self.store, key, &asked, since).await;
            let elsewhere = elsewhere
                .inspect_err(|error| {
                    tracing::warn!(%error, "a request is assessed without the agent's history");
                })
                .ok()?;
            history.add_elsewhere(elsewhere, self.histories.memory(key, right));
        }
        Some(history)
    }

    /// Parses what was noted, so that it does not remain in memory as it was, and drops what is old.
    /// Returns the agents and services whose right ended. This takes long; call it on a blocking thread.
    pub fn sweep(&self) -> Vec<HistoryKey> {
        self.histories.sweep(self.clock.now())
    }

    /// Writes for other replicas what agents are shown here. It runs until it is dropped.
    pub async fn write_sightings(&self) {
        if let Some((_, shared)) = self.histories.shared() {
            shared.write(&self.store, || self.clock.now()).await;
        }
    }

    /// Removes from the database what was shown under rights that ended.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn forget(&self, ended: Vec<HistoryKey>) -> Result<(), StoreError> {
        let now = self.clock.now();
        if self.histories.shared().is_some() {
            for HistoryKey { agent, service } in ended {
                self.store.sighting_forget(agent, service, now, now).await?;
            }
        }
        Ok(())
    }
}

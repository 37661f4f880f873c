//! The state that writers and background tasks share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gaiterguard_database::connection::{ConnectTarget, Durability};
use gaiterguard_domain::ledger::{ByteBudget, ReplicaId};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use crate::writer::connection::WriterConnection;
use crate::writer::feed::Feed;

/// The write connections of this process, and what every writer needs.
pub struct WriterPool {
    target: ConnectTarget,
    replica: ReplicaId,
    connections: Vec<Arc<Mutex<WriterConnection>>>,
    turn: AtomicUsize,
    feed: Arc<Feed>,
    committed: Notify,
    /// Notified of commits that are not on stable storage yet.
    unsynced: Notify,
    durability_min: Durability,
    response_budget: ByteBudget,
}

impl WriterPool {
    pub fn new(
        target: ConnectTarget,
        replica: ReplicaId,
        connections: usize,
        feed: Arc<Feed>,
        durability_min: Durability,
        response_budget: ByteBudget,
    ) -> Self {
        Self {
            target,
            replica,
            connections: (0..connections).map(|_| Arc::default()).collect(),
            turn: AtomicUsize::new(0),
            feed,
            committed: Notify::new(),
            unsynced: Notify::new(),
            durability_min,
            response_budget,
        }
    }

    /// How many bytes of responses are stored for replay.
    pub fn response_budget(&self) -> ByteBudget {
        self.response_budget
    }

    pub fn target(&self) -> &ConnectTarget {
        &self.target
    }

    pub fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }

    /// The name of this replica on the claims and executions that it owns.
    pub fn owner(&self) -> String {
        owner_name(self.replica)
    }

    pub fn connections(&self) -> &[Arc<Mutex<WriterConnection>>] {
        &self.connections
    }

    /// Returns an idle write connection, or waits for the next in turn.
    pub async fn acquire(&self) -> OwnedMutexGuard<WriterConnection> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        for step in 0..self.connections.len() {
            let connection = &self.connections[(turn + step) % self.connections.len()];
            if let Ok(idle) = Arc::clone(connection).try_lock_owned() {
                return idle;
            }
        }
        Arc::clone(&self.connections[turn % self.connections.len()])
            .lock_owned()
            .await
    }

    /// The least that every commit must survive.
    pub fn durability_min(&self) -> Durability {
        self.durability_min
    }

    pub fn notify_committed(&self, durability: Durability) {
        self.committed.notify_one();
        if durability < Durability::Storage {
            self.unsynced.notify_one();
        }
    }

    /// Waits for a commit that is not on stable storage yet.
    pub async fn wait_unsynced(&self) {
        self.unsynced.notified().await;
    }

    pub async fn wait_committed(&self) {
        self.committed.notified().await;
    }
}

/// Returns the name of a replica as rows spell it.
pub fn owner_name(replica: ReplicaId) -> String {
    replica.0.hyphenated().to_string()
}

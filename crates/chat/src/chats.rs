//! The handle on everything that people do in chats, and its background work.

use std::sync::Arc;
use std::time::Duration;

use gaiterguard_domain::ledger::ReplicaId;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_gateway::Gateway;
use gaiterguard_notify::Notifications;
use gaiterguard_store::Store;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long decisions that have begun may take to end at a shutdown.
const STOP_MAX: Duration = Duration::from_secs(5);

/// The parts that chats work with.
pub struct ChatsDeps {
    /// This process.
    pub replica: ReplicaId,
    /// The database.
    pub store: Store,
    /// Decides.
    pub gateway: Arc<Gateway>,
    /// The channels.
    pub notifications: Arc<Notifications>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Decisions in the chats of channels, and the accounts that make them.
pub struct Chats {
    pub(crate) deps: ChatsDeps,
    pub(crate) tasks: TaskTracker,
    pub(crate) stopping: CancellationToken,
}

impl Chats {
    /// Creates a handle. Nothing is fetched before `start`.
    pub fn new(deps: ChatsDeps) -> Arc<Self> {
        Arc::new(Self {
            deps,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        })
    }

    /// Stops, and waits a few seconds for decisions that have begun.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        // A press whose decision did not commit decided nothing.
        let _ = timeout(STOP_MAX, self.tasks.wait()).await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.deps.clock.now()
    }
}

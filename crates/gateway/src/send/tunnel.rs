//! A connection that has become a WebSocket: bytes in both directions, until either side or an operator
//! ends it. The bytes are not inspected, so an operator must allow WebSockets for a service.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_upstream::{Carried, join};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The most WebSockets that may be open at the same time. Their buffers then take 32 MiB.
const TUNNELS_MAX: usize = 1024;

/// How often an open WebSocket must carry something; a silent one is closed after at most twice this
/// time. Those that are kept open on purpose send pings.
const IDLE_MAX: Duration = Duration::from_mins(10);

/// The upstream's end.
pub struct Tunnel {
    upstream: Upgraded,
    /// Canceled when the right to the call is revoked.
    revoked: CancellationToken,
}

impl Tunnel {
    pub(crate) fn new(upstream: Upgraded, revoked: CancellationToken) -> Self {
        Self { upstream, revoked }
    }
}

impl std::fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tunnel")
    }
}

/// The open WebSockets.
pub(crate) struct Tunnels {
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Tunnels {
    pub(crate) fn new(tasks: TaskTracker, stopping: CancellationToken) -> Self {
        Self {
            places: Arc::new(Semaphore::new(TUNNELS_MAX)),
            tasks,
            stopping,
        }
    }

    /// Joins the upstream's end with the agent's in a separate task, as soon as the agent has switched.
    pub(crate) fn carry(&self, tunnel: Tunnel, agent: OnUpgrade) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            tracing::warn!("{TUNNELS_MAX} WebSockets are open already, so a new one was closed");
            return;
        };
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            let Tunnel { upstream, revoked } = tunnel;
            let joined = async {
                let agent = agent.await.map_err(io::Error::other)?;
                let (agent, upstream) = (TokioIo::new(agent), TokioIo::new(upstream));
                join(agent, upstream, IDLE_MAX, &Carried::default()).await
            };
            tokio::select! {
                biased;
                () = revoked.cancelled() => {}
                () = stopping.cancelled() => {}
                ended = joined => {
                    if let Err(error) = ended {
                        tracing::debug!("a WebSocket broke: {error}");
                    }
                }
            }
            drop(place);
        });
    }
}

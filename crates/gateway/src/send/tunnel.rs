//! A connection that has become a WebSocket: bytes in both directions, until either side or an operator
//! ends it. The bytes are not inspected, so an operator must allow WebSockets for a service.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The most WebSockets that may be open at the same time. Their buffers then take 32 MiB.
const TUNNELS_MAX: usize = 1024;

/// How often an open WebSocket must carry something; a silent one is closed after at most twice this
/// time. Those that are kept open on purpose send pings.
const IDLE_MAX: Duration = Duration::from_mins(10);

/// The size of one read, in bytes: a full TLS record (RFC 8446, section 5.1).
const PIECE_BYTES: usize = 16 * 1024;

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
                join(TokioIo::new(agent), TokioIo::new(upstream), IDLE_MAX).await
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

/// Carries bytes in both directions until both have ended, or both have been silent for too long.
async fn join<A, B>(one: A, other: B, idle_max: Duration) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite,
    B: AsyncRead + AsyncWrite,
{
    let (one_reads, one_writes) = tokio::io::split(one);
    let (other_reads, other_writes) = tokio::io::split(other);
    let carried = AtomicU64::new(0);
    let both = async {
        tokio::try_join!(
            carry(one_reads, other_writes, &carried),
            carry(other_reads, one_writes, &carried),
        )
    };
    tokio::select! {
        ended = both => ended.map(|_| ()),
        () = idle(&carried, idle_max) => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    carried: &AtomicU64,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = from.read(&mut piece).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&piece[..count]).await?;
        to.flush().await?;
        carried.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns when nothing has been carried for a while.
async fn idle(carried: &AtomicU64, idle_max: Duration) {
    let mut before = carried.load(Ordering::Relaxed);
    loop {
        tokio::time::sleep(idle_max).await;
        let now = carried.load(Ordering::Relaxed);
        if now == before {
            return;
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_pass_in_both_directions_until_both_are_silent_for_long() {
        let (mut agent, near) = tokio::io::duplex(64);
        let (far, mut upstream) = tokio::io::duplex(64);
        let joined = tokio::spawn(join(near, far, Duration::from_millis(50)));
        agent.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        upstream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ping");
        upstream.write_all(b"pong").await.unwrap();
        agent.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"pong");
        let ended = joined.await.unwrap();
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn an_end_is_passed_on() {
        let (agent, near) = tokio::io::duplex(64);
        let (far, mut upstream) = tokio::io::duplex(64);
        let joined = tokio::spawn(join(near, far, Duration::from_mins(1)));
        drop(agent);
        let mut rest = Vec::new();
        upstream.read_to_end(&mut rest).await.unwrap();
        drop(upstream);
        joined.await.unwrap().unwrap();
    }
}

//! Two connections whose bytes are carried to each other, until both have ended or one of them breaks.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The size of one read, in bytes: a full TLS record (RFC 8446, section 5.1).
const PIECE_BYTES: usize = 16 * 1024;

/// How many bytes have been carried.
#[derive(Debug, Default)]
pub struct Carried {
    /// From the first connection to the second.
    forth: AtomicU64,
    /// From the second connection to the first.
    back: AtomicU64,
}

impl Carried {
    /// Returns the bytes from the first connection to the second.
    pub fn forth(&self) -> u64 {
        self.forth.load(Ordering::Relaxed)
    }

    /// Returns the bytes from the second connection to the first.
    pub fn back(&self) -> u64 {
        self.back.load(Ordering::Relaxed)
    }
}

/// Carries bytes in both directions until both have ended, or both have been silent for too long: at most
/// twice `idle_max`.
///
/// # Errors
///
/// If a connection breaks, and [`io::ErrorKind::TimedOut`] after the silence.
pub async fn join<A, B>(one: A, other: B, idle_max: Duration, carried: &Carried) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite,
    B: AsyncRead + AsyncWrite,
{
    let (one_reads, one_writes) = tokio::io::split(one);
    let (other_reads, other_writes) = tokio::io::split(other);
    let both = async {
        tokio::try_join!(
            carry(one_reads, other_writes, &carried.forth),
            carry(other_reads, one_writes, &carried.back),
        )
    };
    tokio::select! {
        ended = both => ended.map(|_| ()),
        () = idle(carried, idle_max) => Err(io::ErrorKind::TimedOut.into()),
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
        carried.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// Returns when nothing has been carried for a while.
async fn idle(carried: &Carried, idle_max: Duration) {
    let mut before = (carried.forth(), carried.back());
    loop {
        tokio::time::sleep(idle_max).await;
        let now = (carried.forth(), carried.back());
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
        let joined = tokio::spawn(async move {
            let carried = Carried::default();
            let ended = join(near, far, Duration::from_millis(50), &carried).await;
            (ended, carried.forth(), carried.back())
        });
        agent.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        upstream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ping");
        upstream.write_all(b"pong!").await.unwrap();
        let mut heard = [0; 5];
        agent.read_exact(&mut heard).await.unwrap();
        let (ended, forth, back) = joined.await.unwrap();
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!((forth, back), (4, 5));
    }

    #[tokio::test]
    async fn an_end_is_passed_on() {
        let (agent, near) = tokio::io::duplex(64);
        let (far, mut upstream) = tokio::io::duplex(64);
        let joined = tokio::spawn(async move {
            join(near, far, Duration::from_mins(1), &Carried::default()).await
        });
        drop(agent);
        let mut rest = Vec::new();
        upstream.read_to_end(&mut rest).await.unwrap();
        drop(upstream);
        joined.await.unwrap().unwrap();
    }
}

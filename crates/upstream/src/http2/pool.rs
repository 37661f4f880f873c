//! The open HTTP/2 connections, and the origins that speak nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::connection::{Http2Connection, Slot};
use crate::error::NotSentReason;
use crate::origin::Origin;
use crate::pool::Key;

/// How long a connection may be without a request, as in HTTP/1.1. A server that closes it then says so, with
/// the last stream that it processed.
const IDLE_TIME_MAX: Duration = Duration::from_secs(30);

/// How often connections that are idle or closed are dropped.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// How long it is remembered that an origin speaks HTTP/2 only. After that, it is asked again, at the cost of one
/// handshake.
const ONLY_HTTP_2_TIME: Duration = Duration::from_mins(10);

/// How many such origins are remembered. Beyond that, all are forgotten.
const ONLY_HTTP_2_MAX: usize = 10_000;

/// The open connections by key.
#[derive(Default)]
pub(crate) struct Http2Pool {
    open: Mutex<Open>,
    only_http_2: Mutex<HashMap<Origin, Instant>>,
}

#[derive(Default)]
struct Open {
    by_key: HashMap<Key, Shared>,
    is_swept: bool,
}

/// The connections of one key.
#[derive(Default)]
struct Shared {
    connections: Vec<Arc<Http2Connection>>,
    /// Held while one is opened, so that requests that arrive together share it.
    opening: Arc<tokio::sync::Mutex<()>>,
}

impl Http2Pool {
    /// Returns a slot of an open connection, or of one that `open` opens. With `is_fresh`, it is a new one.
    /// `connect_timeout` limits the wait for others that open one.
    pub(crate) async fn slot(
        self: &Arc<Self>,
        key: &Key,
        is_fresh: bool,
        connect_timeout: Duration,
        open: impl Future<Output = Result<Arc<Http2Connection>, NotSentReason>>,
    ) -> Result<Slot, NotSentReason> {
        if !is_fresh && let Some(slot) = self.free(key) {
            return Ok(slot);
        }
        let opening = self.with_key(key, |shared| Arc::clone(&shared.opening));
        let _opening = timeout(connect_timeout, opening.lock())
            .await
            .map_err(|_| NotSentReason::ConnectTimedOut)?;
        if !is_fresh && let Some(slot) = self.free(key) {
            return Ok(slot);
        }
        let connection = open.await?;
        let slot = connection.slot().ok_or(NotSentReason::ConnectionClosed)?;
        self.with_key(key, |shared| shared.connections.push(connection));
        Ok(slot)
    }

    /// Returns a slot of an open connection.
    fn free(&self, key: &Key) -> Option<Slot> {
        let open = self.lock();
        let mut connections = open.by_key.get(key)?.connections.iter();
        connections.find_map(Http2Connection::slot)
    }

    /// Changes what is kept for a key, and sweeps as long as something is kept.
    fn with_key<T>(self: &Arc<Self>, key: &Key, change: impl FnOnce(&mut Shared) -> T) -> T {
        let mut open = self.lock();
        let changed = change(open.by_key.entry(key.clone()).or_default());
        if !open.is_swept {
            open.is_swept = true;
            tokio::spawn(sweep_until_empty(Arc::downgrade(self)));
        }
        changed
    }

    /// Drops connections that expired or were closed. Returns false if none is left, which ends the sweeping.
    fn sweep(&self) -> bool {
        let now = Instant::now();
        let mut open = self.lock();
        open.by_key.retain(|_, shared| {
            shared.connections.retain(|connection| {
                let is_in_time = connection
                    .idle_since()
                    .is_none_or(|since| now.saturating_duration_since(since) <= IDLE_TIME_MAX);
                is_in_time && connection.is_usable()
            });
            // The lock of a key is shared while someone opens a connection for it.
            !shared.connections.is_empty() || Arc::strong_count(&shared.opening) > 1
        });
        open.is_swept = !open.by_key.is_empty();
        open.is_swept
    }

    /// Returns whether it is known that an origin speaks HTTP/2 only.
    pub(crate) fn is_only_http_2(&self, origin: &Origin) -> bool {
        let mut known = self.lock_only_http_2();
        if known.is_empty() {
            return false;
        }
        let since = known.get(origin).copied();
        let is_known = since.is_some_and(|since| since.elapsed() < ONLY_HTTP_2_TIME);
        if !is_known {
            known.remove(origin);
        }
        is_known
    }

    /// Remembers that an origin speaks HTTP/2 only.
    pub(crate) fn remember_only_http_2(&self, origin: &Origin) {
        let mut known = self.lock_only_http_2();
        if known.len() >= ONLY_HTTP_2_MAX {
            known.clear();
        }
        known.insert(origin.clone(), Instant::now());
    }

    /// Forgets that an origin speaks HTTP/2 only.
    pub(crate) fn forget_only_http_2(&self, origin: &Origin) {
        self.lock_only_http_2().remove(origin);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_only_http_2(&self) -> MutexGuard<'_, HashMap<Origin, Instant>> {
        let known = self.only_http_2.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sweeps while there are connections, without keeping the pool alive.
async fn sweep_until_empty(pool: Weak<Http2Pool>) {
    loop {
        sleep(SWEEP_INTERVAL).await;
        match pool.upgrade() {
            Some(pool) if pool.sweep() => {}
            _ => return,
        }
    }
}

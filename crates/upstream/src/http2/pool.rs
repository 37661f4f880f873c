//! The open HTTP/2 connections.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::connection::{Http2Connection, Slot};
use super::known::{KnownOrigins, Speaks};
use crate::error::NotSentReason;
use crate::origin::Origin;
use crate::pool::{IDLE_CONNECTIONS_PER_KEY_MAX, Key};
use crate::wire::Wire;

/// How long a connection may be without a request, as in HTTP/1.1. A server that closes it then says so, with
/// the last stream that it processed.
const IDLE_TIME_MAX: Duration = Duration::from_secs(30);

/// How often connections that are idle or closed are dropped.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// A connection that was opened in the version that its server chose.
pub(crate) enum Opened {
    Http1(Wire),
    Http2(Arc<Http2Connection>),
}

/// The way that a request takes.
pub(crate) enum Way {
    /// A stream of a connection in HTTP/2.
    Http2(Slot),
    /// HTTP/1.1, on the connection that was opened to find out, if this request has opened it.
    Http1(Option<Wire>),
}

/// The open connections by key, and what is known of their origins.
#[derive(Default)]
pub(crate) struct Http2Pool {
    open: Mutex<Open>,
    known: KnownOrigins,
}

#[derive(Default)]
struct Open {
    by_key: HashMap<Key, Connections>,
    is_swept: bool,
}

/// The connections of one key.
#[derive(Default)]
struct Connections {
    open: Vec<Arc<Http2Connection>>,
    opening: Arc<Opening>,
}

/// The turn to open a connection.
#[derive(Default)]
struct Opening {
    /// Held while one is opened, so that requests that arrive together share it.
    turn: tokio::sync::Mutex<()>,
    /// How many attempts have failed.
    failures: AtomicU64,
}

impl Http2Pool {
    /// Returns a stream of a connection that is open, or that `open` opens. `may_use_http_1` is whether the request
    /// can as well be sent in HTTP/1.1. `connect_timeout` limits the wait for another request that opens a connection.
    pub(crate) async fn shared(
        self: &Arc<Self>,
        key: &Key,
        may_use_http_1: bool,
        connect_timeout: Duration,
        open: impl Future<Output = Result<Opened, NotSentReason>>,
    ) -> Result<Way, NotSentReason> {
        let known = || {
            let is_http_1 = may_use_http_1 && self.speaks(&key.1) == Some(Speaks::Http1Only);
            if is_http_1 {
                return Some(Way::Http1(None));
            }
            self.find(key, Http2Connection::slot).map(Way::Http2)
        };
        if let Some(way) = known() {
            return Ok(way);
        }
        let opening = self.with_key(key, |connections| Arc::clone(&connections.opening));
        let failures = opening.failures.load(Ordering::Relaxed);
        let turn = timeout(connect_timeout, opening.turn.lock())
            .await
            .map_err(|_| NotSentReason::ConnectTimedOut)?;
        if let Some(way) = known() {
            return Ok(way);
        }
        // Those that waited for an attempt that failed do not wait for each other's.
        let has_failed = opening.failures.load(Ordering::Relaxed) != failures;
        let _turn = (!has_failed).then_some(turn);
        let opened = open.await.inspect_err(|_| {
            opening.failures.fetch_add(1, Ordering::Relaxed);
        });
        match opened? {
            Opened::Http1(wire) => {
                self.remember(&key.1, Speaks::Http1Only);
                Ok(Way::Http1(Some(wire)))
            }
            Opened::Http2(connection) => {
                let slot = connection.slot().ok_or(NotSentReason::ConnectionClosed)?;
                self.keep(key, connection);
                Ok(Way::Http2(slot))
            }
        }
    }

    /// Returns a stream of a connection that no other request uses before it ends: one that has been idle for at
    /// most `idle_time_max`, or one that `open` opens.
    pub(crate) async fn alone(
        self: &Arc<Self>,
        key: &Key,
        idle_time_max: Option<Duration>,
        open: impl Future<Output = Result<Arc<Http2Connection>, NotSentReason>>,
    ) -> Result<Slot, NotSentReason> {
        let kept =
            idle_time_max.and_then(|limit| self.find(key, |connection| connection.own_slot(limit)));
        if let Some(slot) = kept {
            return Ok(slot);
        }
        let connection = open.await?;
        let slot = connection.own_slot(Duration::MAX);
        let slot = slot.ok_or(NotSentReason::ConnectionClosed)?;
        self.keep(key, connection);
        Ok(slot)
    }

    /// Returns a slot of an open connection.
    fn find(
        &self,
        key: &Key,
        slot: impl Fn(&Arc<Http2Connection>) -> Option<Slot>,
    ) -> Option<Slot> {
        let open = self.lock();
        open.by_key.get(key)?.open.iter().find_map(slot)
    }

    /// Keeps a connection for further requests. Beyond the limit, it serves the one that opened it.
    fn keep(self: &Arc<Self>, key: &Key, connection: Arc<Http2Connection>) {
        self.with_key(key, |connections| {
            if connections.open.len() < IDLE_CONNECTIONS_PER_KEY_MAX {
                connections.open.push(connection);
            }
        });
    }

    /// Changes what is kept for a key, and sweeps as long as something is kept.
    fn with_key<T>(self: &Arc<Self>, key: &Key, change: impl FnOnce(&mut Connections) -> T) -> T {
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
        open.by_key.retain(|_, connections| {
            connections.open.retain(|connection| {
                let is_in_time = connection
                    .idle_since()
                    .is_none_or(|since| now.saturating_duration_since(since) <= IDLE_TIME_MAX);
                is_in_time && connection.is_usable()
            });
            // The turn of a key is shared while someone opens a connection for it.
            !connections.open.is_empty() || Arc::strong_count(&connections.opening) > 1
        });
        open.is_swept = !open.by_key.is_empty();
        open.is_swept
    }

    /// Returns what is known of an origin.
    pub(crate) fn speaks(&self, origin: &Origin) -> Option<Speaks> {
        self.known.get(origin)
    }

    /// Remembers which version alone an origin speaks.
    pub(crate) fn remember(&self, origin: &Origin, speaks: Speaks) {
        self.known.remember(origin, speaks);
    }

    /// Forgets what is known of an origin.
    pub(crate) fn forget(&self, origin: &Origin) {
        self.known.forget(origin);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
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

//! The open HTTP/2 connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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

/// How many requests of a key are apart from the others at a time. Each has a connection, and an upstream that
/// refuses requests is not helped by many of them.
const APART_MAX: usize = 8;

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
struct Connections {
    open: Vec<Arc<Http2Connection>>,
    opening: Arc<Opening>,
    /// The turns of the requests that are apart.
    apart: Arc<Semaphore>,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            open: Vec::new(),
            opening: Arc::default(),
            apart: Arc::new(Semaphore::new(APART_MAX)),
        }
    }
}

/// The turn to open a connection.
#[derive(Default)]
struct Opening {
    /// Held while one is opened, so that requests that arrive together share it.
    turn: tokio::sync::Mutex<()>,
    last_failure: Mutex<LastFailure>,
}

#[derive(Clone, Default)]
struct LastFailure {
    /// How many attempts have failed.
    count: u64,
    reason: Option<NotSentReason>,
}

impl Opening {
    fn last_failure(&self) -> MutexGuard<'_, LastFailure> {
        let last = self.last_failure.lock();
        last.unwrap_or_else(PoisonError::into_inner)
    }
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
        let failures = opening.last_failure().count;
        let _turn = timeout(connect_timeout, opening.turn.lock())
            .await
            .map_err(|_| NotSentReason::ConnectTimedOut)?;
        if let Some(way) = known() {
            return Ok(way);
        }
        // An attempt that began while this request waited was its own, too: another one for each request that
        // waited would be a burst of connections to an upstream that is down.
        let last = opening.last_failure().clone();
        if let Some(reason) = last.reason.filter(|_| last.count != failures) {
            return Err(reason);
        }
        let opened = open.await.and_then(|opened| match opened {
            Opened::Http1(wire) => {
                self.remember(&key.1, Speaks::Http1Only);
                Ok(Way::Http1(Some(wire)))
            }
            Opened::Http2(connection) => {
                let slot = connection.slot().ok_or(NotSentReason::ConnectionClosed)?;
                self.keep(key, connection);
                Ok(Way::Http2(slot))
            }
        });
        opened.inspect_err(|reason| {
            let mut last = opening.last_failure();
            last.count += 1;
            last.reason = Some(reason.clone());
        })
    }

    /// Returns the turn of a request that shares no connection, once there is one within the limit.
    pub(crate) async fn apart(
        self: &Arc<Self>,
        key: &Key,
        limit: Duration,
    ) -> Result<OwnedSemaphorePermit, NotSentReason> {
        let turns = self.with_key(key, |connections| Arc::clone(&connections.apart));
        let turn = timeout(limit, turns.acquire_owned()).await;
        turn.ok()
            .and_then(Result::ok)
            .ok_or(NotSentReason::ConnectTimedOut)
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
            // The turns of a key are shared while someone waits for one or has it.
            !connections.open.is_empty()
                || Arc::strong_count(&connections.opening) > 1
                || Arc::strong_count(&connections.apart) > 1
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

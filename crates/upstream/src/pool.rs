//! Idle connections for later requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::connection::Connection;
use crate::origin::Origin;
use crate::pool_key::PoolKey;

/// How long a connection may be idle. Servers usually close after 60 seconds or more; half of that makes
/// it rare that one is closed while it is being used again, which would leave the outcome unknown.
const IDLE_TIME_MAX: Duration = Duration::from_secs(30);

/// The most idle connections for one key, so that a burst on one service leaves room for the others.
pub(crate) const IDLE_CONNECTIONS_PER_KEY_MAX: usize = 256;

/// The most idle connections in total. Each holds a socket; this stays well below common limits on open files.
const IDLE_CONNECTIONS_MAX: usize = 4096;

/// How often expired and closed connections are removed. They are not used in either case; this
/// frees their sockets.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// A connection is used only for requests to one origin, of one version of one service.
pub(crate) type Key = (PoolKey, Origin);

struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

#[derive(Default)]
struct Waiting {
    by_key: HashMap<Key, Vec<Idle>>,
    count: usize,
    is_swept: bool,
}

/// The idle connections to all upstreams.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Waiting>);

impl Pool {
    /// Returns the most recently used connection of this key, if it can be used again and has not been
    /// idle for longer than `idle_time_max`.
    pub(crate) fn take(&self, key: &Key, idle_time_max: Duration) -> Option<Box<Connection>> {
        let idle_time_max = idle_time_max.min(IDLE_TIME_MAX);
        let now = Instant::now();
        loop {
            let mut idle = {
                let mut waiting = self.lock();
                let idle = waiting
                    .by_key
                    .get_mut(key)?
                    .pop_if(|idle| now.saturating_duration_since(idle.since) <= idle_time_max)?;
                waiting.count -= 1;
                idle
            };
            if idle.connection.is_reusable() {
                return Some(idle.connection);
            }
        }
    }

    /// Keeps a connection for its next request, if it can serve one.
    fn give_back(self: &Arc<Self>, key: Key, mut connection: Box<Connection>) {
        if !connection.is_reusable() {
            return;
        }
        let mut waiting = self.lock();
        if waiting.count >= IDLE_CONNECTIONS_MAX {
            return;
        }
        let of_key = waiting.by_key.entry(key).or_default();
        if of_key.len() >= IDLE_CONNECTIONS_PER_KEY_MAX {
            return;
        }
        of_key.push(Idle {
            connection,
            since: Instant::now(),
        });
        waiting.count += 1;
        if !waiting.is_swept {
            waiting.is_swept = true;
            tokio::spawn(sweep_until_empty(Arc::downgrade(self)));
        }
    }

    /// Drops connections that expired or were closed. Returns false if none is left, which ends the
    /// sweeping.
    fn sweep(&self) -> bool {
        let now = Instant::now();
        let mut waiting = self.lock();
        waiting.by_key.retain(|_, of_key| {
            of_key.retain_mut(|idle| {
                now.saturating_duration_since(idle.since) <= IDLE_TIME_MAX
                    && idle.connection.is_reusable()
            });
            !of_key.is_empty()
        });
        waiting.count = waiting.by_key.values().map(Vec::len).sum();
        waiting.is_swept = waiting.count > 0;
        waiting.is_swept
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use, and the key to return it under. Dropping the lease closes the connection.
pub(crate) struct Lease {
    pub(crate) connection: Box<Connection>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) key: Key,
}

impl Lease {
    /// Returns the connection to the pool after an exchange that was read to its end.
    pub(crate) fn give_back(self) {
        self.pool.give_back(self.key, self.connection);
    }
}

/// Sweeps while connections are idle, without keeping the pool alive.
async fn sweep_until_empty(pool: Weak<Pool>) {
    loop {
        sleep(SWEEP_INTERVAL).await;
        match pool.upgrade() {
            Some(pool) if pool.sweep() => {}
            _ => return,
        }
    }
}

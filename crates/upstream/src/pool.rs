//! Connections that wait for their next request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::connection::Connection;
use crate::origin::Origin;
use crate::pool_key::PoolKey;

/// How long a connection may wait. Shorter than the usual limits of servers, because a connection
/// that the server closes just when it is used again leaves the outcome unknown.
const IDLE_TIME_MAX: Duration = Duration::from_secs(30);
/// How many connections may wait for one key, and in all.
const IDLE_CONNECTIONS_PER_KEY_MAX: usize = 256;
const IDLE_CONNECTIONS_MAX: usize = 4096;
/// How often connections that waited too long or were closed are let go.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

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

#[derive(Default)]
pub(crate) struct Pool(Mutex<Waiting>);

impl Pool {
    /// The connection of this key that was used last, if it can be used again and has not waited
    /// longer than `idle_time_max`.
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

    /// Keeps a connection for its next request, if it can have one.
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

    /// Lets go of what waited too long or was closed. False, and the sweeping ends, when nothing
    /// is left.
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

/// A connection in use, and where it belongs afterwards. Dropping it closes the connection.
pub(crate) struct Lease {
    pub(crate) connection: Box<Connection>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) key: Key,
}

impl Lease {
    /// The exchange is over and was read to its end: the connection may serve another.
    pub(crate) fn give_back(self) {
        self.pool.give_back(self.key, self.connection);
    }
}

/// Runs only while connections wait, and does not keep the pool alive.
async fn sweep_until_empty(pool: Weak<Pool>) {
    loop {
        sleep(SWEEP_INTERVAL).await;
        match pool.upgrade() {
            Some(pool) if pool.sweep() => {}
            _ => return,
        }
    }
}

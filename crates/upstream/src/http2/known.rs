//! The versions of HTTP that origins are known to speak.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::origin::Origin;

/// How long it is remembered. After that, an origin is asked again: an upstream that begins to offer another version
/// is noticed, at the cost of one handshake at most.
const KNOWN_TIME: Duration = Duration::from_mins(10);

/// How many origins are remembered. Beyond that, all are forgotten.
const KNOWN_MAX: usize = 10_000;

/// The versions that an origin speaks. One that speaks both needs no entry: it is asked with each connection, and
/// chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// It chose HTTP/1.1 although HTTP/2 was offered.
    Http1Only,
    /// It refused HTTP/1.1.
    Http2Only,
}

/// The origins that speak one version only.
#[derive(Default)]
pub(super) struct KnownOrigins(Mutex<HashMap<Origin, (Speaks, Instant)>>);

impl KnownOrigins {
    /// Returns what is known of an origin.
    pub(super) fn get(&self, origin: &Origin) -> Option<Speaks> {
        let mut known = self.lock();
        if known.is_empty() {
            return None;
        }
        let (speaks, since) = known.get(origin).copied()?;
        if since.elapsed() < KNOWN_TIME {
            return Some(speaks);
        }
        known.remove(origin);
        None
    }

    pub(super) fn remember(&self, origin: &Origin, speaks: Speaks) {
        let mut known = self.lock();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(origin.clone(), (speaks, Instant::now()));
    }

    pub(super) fn forget(&self, origin: &Origin) {
        self.lock().remove(origin);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, (Speaks, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

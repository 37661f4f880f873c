//! Whether a server manages both questions in one round trip.

use std::sync::atomic::{AtomicU8, Ordering};

/// How often in a row a server may fail to answer both before it is asked one after the other. One
/// request may have been too much for it; no more than a few are asked twice.
const FAILURES_MAX: u8 = 3;

/// How often in a row a server answered one after the other what it did not answer together.
#[derive(Debug, Default)]
pub(crate) struct Together(AtomicU8);

impl Together {
    pub(crate) fn is_tried(&self) -> bool {
        self.0.load(Ordering::Relaxed) < FAILURES_MAX
    }

    pub(crate) fn succeeded(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Notes that a server answered what it had not answered together.
    pub(crate) fn failed(&self) {
        let count = self.0.load(Ordering::Relaxed);
        self.0.store(count.saturating_add(1), Ordering::Relaxed);
    }
}

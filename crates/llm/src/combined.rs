//! Whether a server can handle both questions in one round trip.

use std::sync::atomic::{AtomicU8, Ordering};

/// How often in a row a server may fail at both questions together before they are asked separately. One
/// request may have been too much for it; only a few are asked twice.
const FAILURES_MAX: u8 = 3;

/// How often in a row a server handled the questions only separately.
#[derive(Debug, Default)]
pub(crate) struct CombinedSupport(AtomicU8);

impl CombinedSupport {
    pub(crate) fn is_tried(&self) -> bool {
        self.0.load(Ordering::Relaxed) < FAILURES_MAX
    }

    pub(crate) fn succeeded(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Records that a server handled the questions separately after failing at both together.
    pub(crate) fn failed(&self) {
        let count = self.0.load(Ordering::Relaxed);
        self.0.store(count.saturating_add(1), Ordering::Relaxed);
    }
}

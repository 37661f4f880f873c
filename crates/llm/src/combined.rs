//! Whether a server can handle both questions in one round trip.

use std::sync::atomic::{AtomicU32, Ordering};

/// How often in a row a server may fail at both questions together before they are asked separately. One
/// request may have been too much for it; only a few are asked twice.
const FAILURES_MAX: u32 = 3;

/// After how many questions that were asked separately both are asked together again. A long body has
/// several parts, so the failures may be those of one request, and the server may have changed.
const RETRY_AFTER: u32 = 100;

/// How often in a row a server handled the questions only separately.
#[derive(Debug, Default)]
pub(crate) struct CombinedSupport(AtomicU32);

impl CombinedSupport {
    pub(crate) fn is_tried(&self) -> bool {
        let count = self.0.load(Ordering::Relaxed);
        count < FAILURES_MAX || count.is_multiple_of(RETRY_AFTER)
    }

    pub(crate) fn succeeded(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Records that a server handled the questions separately.
    pub(crate) fn failed(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_questions_are_asked_together_again_after_many() {
        let combined = CombinedSupport::default();
        for _ in 0..FAILURES_MAX {
            assert!(combined.is_tried());
            combined.failed();
        }
        for _ in FAILURES_MAX..RETRY_AFTER {
            assert!(!combined.is_tried());
            combined.failed();
        }
        assert!(combined.is_tried());
    }
}

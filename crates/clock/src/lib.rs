//! Clocks: the one that reads the system's time, and one that tests move by hand.
//!
//! Every other crate takes the time from a [`Clock`]. This crate must never hold anything else.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gaiterguard_domain::time::{Clock, Timestamp};

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "everything else takes the time from this clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp(millis_since_epoch(SystemTime::now()))
    }

    fn elapsed(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}

fn millis_since_epoch(at: SystemTime) -> i64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

/// A clock that changes only when it is moved.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    elapsed_micros: AtomicU64,
}

impl ManualClock {
    /// Creates a clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now: AtomicI64::new(now.0),
            elapsed_micros: AtomicU64::new(0),
        }
    }

    /// Moves the clock forward; both the time and the elapsed time increase.
    pub fn advance(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        self.elapsed_micros.fetch_add(micros, Ordering::SeqCst);
        self.set(self.now().after(by));
    }

    /// Sets the time, possibly to an earlier one. The elapsed time does not change.
    pub fn set(&self, now: Timestamp) {
        self.now.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.elapsed_micros.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_before_and_after_the_epoch_are_distinguished() {
        let second = Duration::from_secs(1);
        assert_eq!(millis_since_epoch(UNIX_EPOCH + second), 1000);
        assert_eq!(millis_since_epoch(UNIX_EPOCH - second), -1000);
        assert!(SystemClock.now() > Timestamp(1_700_000_000_000));
    }

    #[test]
    fn a_manual_clock_moves_only_when_it_is_moved() {
        let clock = ManualClock::new(Timestamp(5));
        assert_eq!(clock.now(), Timestamp(5));
        clock.advance(Duration::from_millis(7));
        assert_eq!(clock.now(), Timestamp(12));
        clock.set(Timestamp(3));
        assert_eq!(clock.now(), Timestamp(3));
        assert_eq!(clock.elapsed(), Duration::from_millis(7));
    }
}

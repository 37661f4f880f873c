//! The time at which the database last confirmed the snapshot of a replica.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use gaiterguard_domain::time::{Clock, Timestamp};

/// A moment on both clocks. The wall clock may be set back, and the monotonic clock does not run while
/// the machine is suspended, so the longer of the two differences counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    wall: Timestamp,
    elapsed: Duration,
}

impl Moment {
    /// Reads both clocks.
    pub(crate) fn of(clock: &dyn Clock) -> Self {
        Self {
            wall: clock.now(),
            elapsed: clock.elapsed(),
        }
    }
}

/// The latest moment for which the database confirmed the snapshot.
///
/// No other memory is published with it, and a reader that sees one clock of a newer moment errs by the time
/// of one query, so the accesses are relaxed.
#[derive(Debug)]
pub(crate) struct Confirmed {
    wall_ms: AtomicI64,
    elapsed_micros: AtomicU64,
}

impl Confirmed {
    /// Starts as confirmed now.
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        let now = Moment::of(clock);
        Self {
            wall_ms: AtomicI64::new(now.wall.0),
            elapsed_micros: AtomicU64::new(micros(now.elapsed)),
        }
    }

    /// Records that the database confirmed the snapshot as of this moment. Calls must be in the order of
    /// their moments.
    pub(crate) fn note(&self, moment: Moment) {
        let elapsed = micros(moment.elapsed);
        self.elapsed_micros.fetch_max(elapsed, Ordering::Relaxed);
        // Replaced even by an earlier time: after the clock is set back, a later moment has one.
        self.wall_ms.store(moment.wall.0, Ordering::Relaxed);
    }

    /// Returns how long ago the database confirmed the snapshot.
    pub(crate) fn age(&self, clock: &dyn Clock) -> Duration {
        let now = Moment::of(clock);
        let wall = Timestamp(self.wall_ms.load(Ordering::Relaxed)).until(now.wall);
        let elapsed = Duration::from_micros(self.elapsed_micros.load(Ordering::Relaxed));
        wall.max(now.elapsed.saturating_sub(elapsed))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use gaiterguard_clock::ManualClock;

    use super::*;

    #[test]
    fn setting_the_clock_back_does_not_extend_a_confirmation() {
        let clock = ManualClock::new(Timestamp(1_000_000));
        let confirmed = Confirmed::new(&clock);
        clock.set(Timestamp(400_000));
        assert_eq!(confirmed.age(&clock), Duration::ZERO);
        clock.advance(Duration::from_secs(2));
        assert_eq!(confirmed.age(&clock), Duration::from_secs(2));
        confirmed.note(Moment::of(&clock));
        assert_eq!(confirmed.age(&clock), Duration::ZERO);
    }

    #[test]
    fn a_suspended_machine_confirms_nothing() {
        let clock = ManualClock::new(Timestamp(0));
        let confirmed = Confirmed::new(&clock);
        clock.set(Timestamp(60_000));
        assert_eq!(confirmed.age(&clock), Duration::from_mins(1));
    }
}

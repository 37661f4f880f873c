//! When the database last confirmed what a replica knows.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use gaiterguard_domain::time::{Clock, Timestamp};

/// A moment on both clocks. The one of the wall may be set back, and the other one does not run while
/// the machine is suspended; of two moments the longer difference counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    wall: Timestamp,
    elapsed: Duration,
}

impl Moment {
    pub(super) fn of(clock: &dyn Clock) -> Self {
        Self {
            wall: clock.now(),
            elapsed: clock.elapsed(),
        }
    }
}

/// The latest moment of which the database confirmed what is known.
#[derive(Debug)]
pub(super) struct Confirmed {
    wall_ms: AtomicI64,
    elapsed_micros: AtomicU64,
}

impl Confirmed {
    /// Counts as confirmed now.
    pub(super) fn new(clock: &dyn Clock) -> Self {
        let now = Moment::of(clock);
        Self {
            wall_ms: AtomicI64::new(now.wall.0),
            elapsed_micros: AtomicU64::new(micros(now.elapsed)),
        }
    }

    pub(super) fn note(&self, moment: Moment) {
        let elapsed = micros(moment.elapsed);
        self.elapsed_micros.fetch_max(elapsed, Ordering::AcqRel);
        // Not the latest: after the clock was set back, later moments have earlier times.
        self.wall_ms.store(moment.wall.0, Ordering::Release);
    }

    /// Returns how long ago that was.
    pub(super) fn age(&self, clock: &dyn Clock) -> Duration {
        let now = Moment::of(clock);
        let wall = Timestamp(self.wall_ms.load(Ordering::Acquire)).until(now.wall);
        let elapsed = Duration::from_micros(self.elapsed_micros.load(Ordering::Acquire));
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
    fn a_clock_that_is_set_back_does_not_keep_what_was_confirmed_young() {
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
    fn a_machine_that_was_suspended_has_confirmed_nothing_meanwhile() {
        let clock = ManualClock::new(Timestamp(0));
        let confirmed = Confirmed::new(&clock);
        clock.set(Timestamp(60_000));
        assert_eq!(confirmed.age(&clock), Duration::from_mins(1));
    }
}

//! A circuit breaker: a server that fails repeatedly is not called for a while.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gaiterguard_domain::time::{Clock, Timestamp};

/// How many consecutive failures open the circuit. A few may be a coincidence.
pub(crate) const FAILURES_MAX: u32 = 5;

/// How long the circuit stays open before one call tries again: about the time of a restart.
pub(crate) const PAUSE: Duration = Duration::from_secs(15);

/// The longest pause. Each further failure doubles it up to this limit, so that a server that is back is
/// noticed within minutes.
pub(crate) const PAUSE_MAX: Duration = Duration::from_mins(4);

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { failures: u32 },
    Open { since: Timestamp, pause: Duration },
    Probing { pause: Duration },
}

/// The circuit breaker for one server.
pub(crate) struct Breaker {
    state: Mutex<State>,
    has_succeeded: AtomicBool,
    clock: Arc<dyn Clock>,
}

impl Breaker {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Mutex::new(State::Closed { failures: 0 }),
            has_succeeded: AtomicBool::new(false),
            clock,
        }
    }

    /// Returns the right to make one call, unless the circuit is open. After a pause, one call at a time
    /// may try whether the server is back.
    pub(crate) fn admit(&self) -> Option<Admission<'_>> {
        let mut state = self.lock();
        let is_probe = match *state {
            State::Closed { .. } => false,
            State::Open { since, pause } => {
                let now = self.clock.now();
                // A clock that was set back must not keep the circuit open forever.
                if now >= since && since.until(now) < pause {
                    return None;
                }
                *state = State::Probing { pause };
                true
            }
            State::Probing { .. } => return None,
        };
        Some(Admission {
            breaker: self,
            is_probe,
            is_settled: false,
        })
    }

    /// Returns whether the server failed repeatedly and is not known to be back. After a pause that is
    /// still so, until the call that tries the server succeeds.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(*self.lock(), State::Closed { .. })
    }

    /// Returns whether the server has ever responded properly to this process.
    pub(crate) fn has_succeeded(&self) -> bool {
        self.has_succeeded.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to make one call. If it is dropped without a result, as when its caller is cancelled, it
/// counts neither as a success nor as a failure.
pub(crate) struct Admission<'a> {
    breaker: &'a Breaker,
    is_probe: bool,
    is_settled: bool,
}

impl Admission<'_> {
    /// Records that the server responded properly. Only the call that tries the server closes an open
    /// circuit. If a call from before the failures did, a second call could try while the first runs.
    pub(crate) fn succeeded(mut self) {
        self.is_settled = true;
        let mut state = self.breaker.lock();
        if self.is_probe || matches!(*state, State::Closed { .. }) {
            *state = State::Closed { failures: 0 };
            self.breaker.has_succeeded.store(true, Ordering::Relaxed);
        }
    }

    /// Records that the server failed.
    pub(crate) fn failed(mut self) {
        self.is_settled = true;
        let since = self.breaker.clock.now();
        let mut state = self.breaker.lock();
        *state = match *state {
            State::Closed { failures } if failures + 1 < FAILURES_MAX => State::Closed {
                failures: failures + 1,
            },
            State::Closed { .. } => State::Open {
                since,
                pause: PAUSE,
            },
            State::Probing { pause } if self.is_probe => State::Open {
                since,
                pause: (pause * 2).min(PAUSE_MAX),
            },
            other => other,
        };
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if self.is_settled || !self.is_probe {
            return;
        }
        let mut state = self.breaker.lock();
        if let State::Probing { pause } = *state {
            // The next call may try immediately.
            *state = State::Open {
                since: Timestamp(i64::MIN),
                pause,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use gaiterguard_clock::ManualClock;

    use super::*;

    fn breaker() -> (Breaker, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(Timestamp(1_000_000)));
        (Breaker::new(Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.admit().unwrap().failed();
        }
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_does_not() {
        let (breaker, _) = breaker();
        fail(&breaker, FAILURES_MAX - 1);
        breaker.admit().unwrap().succeeded();
        fail(&breaker, FAILURES_MAX - 1);
        assert!(breaker.admit().is_some());
        fail(&breaker, 1);
        assert!(breaker.admit().is_none() && breaker.is_open());
    }

    #[test]
    fn after_a_pause_one_call_tries() {
        let (breaker, clock) = breaker();
        fail(&breaker, FAILURES_MAX);
        clock.advance(PAUSE.checked_sub(Duration::from_millis(1)).unwrap());
        assert!(breaker.admit().is_none());
        clock.advance(Duration::from_millis(1));
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_none());
        probe.failed();
        clock.advance(PAUSE);
        assert!(breaker.admit().is_none(), "the second pause is longer");
        clock.advance(PAUSE);
        breaker.admit().unwrap().succeeded();
        assert!(!breaker.is_open());
        fail(&breaker, FAILURES_MAX - 1);
        assert!(breaker.admit().is_some());
    }

    #[test]
    fn a_cancelled_caller_leaves_the_attempt_to_the_next() {
        let (breaker, clock) = breaker();
        fail(&breaker, FAILURES_MAX);
        clock.advance(PAUSE);
        drop(breaker.admit().unwrap());
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_none());
        probe.succeeded();
        assert!(breaker.admit().is_some());
    }

    #[test]
    fn a_call_from_before_the_failures_does_not_close_it() {
        let (breaker, clock) = breaker();
        let earlier = breaker.admit().unwrap();
        fail(&breaker, FAILURES_MAX);
        clock.advance(PAUSE);
        let probe = breaker.admit().unwrap();
        earlier.succeeded();
        assert!(breaker.admit().is_none(), "one call at a time tries");
        probe.succeeded();
        assert!(!breaker.is_open());
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_it_open() {
        let (breaker, clock) = breaker();
        fail(&breaker, FAILURES_MAX);
        clock.set(Timestamp(0));
        assert!(breaker.admit().is_some());
    }
}

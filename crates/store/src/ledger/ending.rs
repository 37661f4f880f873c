//! The end of a request that may be known before its decision is written.

use std::sync::{Arc, Mutex, PoisonError};

use gaiterguard_domain::ledger::Outcome;
use gaiterguard_domain::time::Timestamp;

/// Where the end of a request is told whose decision is being recorded meanwhile. If it is told in
/// time, both are written as one row. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Ending(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
enum State {
    /// Neither is the end known nor the decision written.
    #[default]
    Awaited,
    /// The end is known, and goes along with the decision.
    Told(Outcome, Timestamp),
    /// The decision was written without an end.
    Missed,
}

impl Ending {
    /// Tells the end. False if it came too late to go along with the decision, and has to be
    /// recorded by itself.
    pub fn tell(&self, outcome: Outcome, at: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_in_time = matches!(*state, State::Awaited);
        if is_in_time {
            *state = State::Told(outcome, at);
        }
        is_in_time
    }

    /// The end, if it is known; if not, it is too late from now on. A decision that is written
    /// again because it could not be committed gets the same answer again.
    pub(super) fn take(&self) -> Option<(Outcome, Timestamp)> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Told(outcome, at) => Some((outcome.clone(), *at)),
            State::Awaited | State::Missed => {
                *state = State::Missed;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_is_told_in_time_goes_along_however_often_it_is_written() {
        let ending = Ending::default();
        assert!(ending.tell(Outcome::NotSent, Timestamp(7)));
        for _ in 0..2 {
            assert_eq!(ending.take(), Some((Outcome::NotSent, Timestamp(7))));
        }
    }

    #[test]
    fn an_end_that_comes_after_the_decision_was_written_is_recorded_by_itself() {
        let ending = Ending::default();
        assert_eq!(ending.take(), None);
        assert!(!ending.tell(Outcome::NotSent, Timestamp(7)));
        assert_eq!(ending.take(), None);
    }
}

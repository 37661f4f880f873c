//! The outcome of a request that may be known before its decision is written.

use std::sync::{Arc, Mutex, PoisonError};

use gaiterguard_domain::ledger::Outcome;
use gaiterguard_domain::time::Timestamp;

/// Passes the outcome of a request to the writer that is still recording its decision. If the
/// outcome is set in time, decision and outcome are written as one row. Clones share the outcome.
#[derive(Clone, Debug, Default)]
pub struct PendingOutcome(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
enum State {
    /// Neither is the outcome known nor the decision written.
    #[default]
    Waiting,
    /// The outcome is known and is written with the decision.
    Set(Outcome, Timestamp),
    /// The decision was written without an outcome.
    Missed,
}

impl PendingOutcome {
    /// Sets the outcome. Returns false if the decision was already written, so that the caller must
    /// record the outcome separately.
    pub fn set(&self, outcome: Outcome, at: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_in_time = matches!(*state, State::Waiting);
        if is_in_time {
            *state = State::Set(outcome, at);
        }
        is_in_time
    }

    /// Returns the outcome if it is known; from then on it is too late to set one. A decision that
    /// is written again because its commit failed gets the same result again.
    pub fn take(&self) -> Option<(Outcome, Timestamp)> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Set(outcome, at) => Some((outcome.clone(), *at)),
            State::Waiting | State::Missed => {
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
    fn an_outcome_set_in_time_is_returned_on_every_attempt() {
        let outcome = PendingOutcome::default();
        assert!(outcome.set(Outcome::NotSent, Timestamp(7)));
        for _ in 0..2 {
            assert_eq!(outcome.take(), Some((Outcome::NotSent, Timestamp(7))));
        }
    }

    #[test]
    fn an_outcome_set_after_the_decision_was_written_is_rejected() {
        let outcome = PendingOutcome::default();
        assert_eq!(outcome.take(), None);
        assert!(!outcome.set(Outcome::NotSent, Timestamp(7)));
        assert_eq!(outcome.take(), None);
    }
}

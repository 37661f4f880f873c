//! What a model costs: tokens and money of the present day, and their ceilings.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gaiterguard_domain::time::Clock;

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// More tokens than one call can have used; a server that claims more is not believed.
const CALL_TOKENS_MAX: u64 = 4_000_000;

/// How many bytes of English or JSON make a token, at the least.
const BYTES_PER_TOKEN: u64 = 3;

/// What may be spent in a day (UTC), and what a token costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ceilings {
    /// The most tokens a day.
    pub tokens_max: Option<u64>,
    /// The most money a day, in the currency of the prices.
    pub cost_max: Option<f64>,
    /// The price of a million tokens that are sent.
    pub input_price: f64,
    /// The price of a million tokens that are answered.
    pub output_price: f64,
}

/// Tokens that were used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Those that were sent.
    pub input: u64,
    /// Those that were answered.
    pub output: u64,
}

impl Tokens {
    /// What so many bytes are in tokens, rounded up.
    pub(super) fn estimated(input_bytes: usize, output: u64) -> Self {
        Self {
            input: (input_bytes as u64).div_ceil(BYTES_PER_TOKEN),
            output,
        }
    }

    /// These, or `estimate` where a count is missing or cannot be true.
    pub(super) fn told(input: Option<u64>, output: Option<u64>, estimate: Self) -> Self {
        let believed = |count: Option<u64>| count.filter(|count| *count <= CALL_TOKENS_MAX);
        Self {
            input: believed(input).unwrap_or(estimate.input),
            output: believed(output).unwrap_or(estimate.output),
        }
    }

    fn add(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
    }

    fn remove(&mut self, other: Self) {
        self.input = self.input.saturating_sub(other.input);
        self.output = self.output.saturating_sub(other.output);
    }
}

/// What was spent on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Tokens.
    pub tokens: Tokens,
    /// Money, in the currency of the prices.
    pub cost: f64,
}

#[derive(Debug, Default)]
struct Day {
    number: i64,
    used: Tokens,
    reserved: Tokens,
}

/// Counts what is spent, and lets nothing be spent above the ceilings. Each process counts for
/// itself, from its start.
pub(super) struct Spending {
    ceilings: Ceilings,
    day: Mutex<Day>,
    clock: Arc<dyn Clock>,
}

impl Spending {
    pub(super) fn new(ceilings: Ceilings, clock: Arc<dyn Clock>) -> Self {
        Self {
            ceilings,
            day: Mutex::default(),
            clock,
        }
    }

    pub(super) fn ceilings(&self) -> Ceilings {
        self.ceilings
    }

    /// Sets aside what a call may use at most; nothing if that is above a ceiling.
    pub(super) fn reserve(&self, tokens: Tokens) -> Option<Reservation<'_>> {
        let mut day = self.today();
        let mut whole = day.used;
        whole.add(day.reserved);
        whole.add(tokens);
        if self.is_above(whole) {
            return None;
        }
        day.reserved.add(tokens);
        Some(Reservation {
            spending: self,
            day: day.number,
            tokens,
        })
    }

    /// What was spent today.
    pub(super) fn spent(&self) -> Spent {
        let tokens = self.today().used;
        Spent {
            tokens,
            cost: self.cost(tokens),
        }
    }

    pub(super) fn cost(&self, tokens: Tokens) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "so many tokens are not counted singly"
        )]
        let (input, output) = (tokens.input as f64, tokens.output as f64);
        (input * self.ceilings.input_price + output * self.ceilings.output_price) / 1e6
    }

    fn is_above(&self, tokens: Tokens) -> bool {
        let total = tokens.input.saturating_add(tokens.output);
        self.ceilings.tokens_max.is_some_and(|max| total > max)
            || self
                .ceilings
                .cost_max
                .is_some_and(|max| self.cost(tokens) > max)
    }

    fn today(&self) -> MutexGuard<'_, Day> {
        let number = self.clock.now().0.div_euclid(DAY_MS);
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        if day.number != number {
            *day = Day {
                number,
                ..Day::default()
            };
        }
        day
    }
}

/// Tokens that were set aside for a call. What it does not use is given back when it ends; a call
/// that was given up has used all of them, as far as anyone can tell.
pub(super) struct Reservation<'a> {
    spending: &'a Spending,
    day: i64,
    tokens: Tokens,
}

impl Reservation<'_> {
    /// Counts what the call has used.
    pub(super) fn settle(mut self, used: Tokens) {
        let reserved = std::mem::take(&mut self.tokens);
        let mut day = self.spending.today();
        if day.number == self.day {
            day.reserved.remove(reserved);
        }
        day.used.add(used);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut day = self.spending.today();
        if day.number == self.day {
            day.reserved.remove(self.tokens);
            day.used.add(self.tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gaiterguard_domain::time::Timestamp;

    use super::*;
    use crate::clock::ManualClock;

    fn spending(ceilings: Ceilings) -> (Spending, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(Timestamp(1_700_000_000_000)));
        (
            Spending::new(ceilings, Arc::clone(&clock) as Arc<dyn Clock>),
            clock,
        )
    }

    fn tokens(input: u64, output: u64) -> Tokens {
        Tokens { input, output }
    }

    #[test]
    fn nothing_is_spent_above_the_ceiling_even_by_calls_at_once() {
        let ceilings = Ceilings {
            tokens_max: Some(1000),
            ..Ceilings::default()
        };
        let (spending, clock) = spending(ceilings);
        let first = spending.reserve(tokens(400, 100)).unwrap();
        let second = spending.reserve(tokens(400, 100)).unwrap();
        assert!(spending.reserve(tokens(1, 0)).is_none());
        first.settle(tokens(390, 10));
        assert!(spending.reserve(tokens(101, 0)).is_none());
        spending
            .reserve(tokens(100, 0))
            .unwrap()
            .settle(tokens(0, 0));
        drop(second);
        assert_eq!(spending.spent().tokens, tokens(790, 110));
        clock.advance(Duration::from_hours(24));
        assert_eq!(spending.spent().tokens, tokens(0, 0));
        assert!(spending.reserve(tokens(1000, 0)).is_some());
    }

    #[test]
    fn money_has_a_ceiling_too() {
        let ceilings = Ceilings {
            cost_max: Some(1.0),
            input_price: 0.5,
            output_price: 10.0,
            ..Ceilings::default()
        };
        let (spending, _) = spending(ceilings);
        let call = spending.reserve(tokens(1_000_000, 40_000)).unwrap();
        call.settle(tokens(1_000_000, 40_000));
        assert!((spending.spent().cost - 0.9).abs() < 1e-9);
        assert!(spending.reserve(tokens(0, 11_000)).is_none());
        assert!(spending.reserve(tokens(0, 9_000)).is_some());
    }

    #[test]
    fn a_server_is_not_believed_what_cannot_be() {
        let estimate = Tokens::estimated(30, 7);
        assert_eq!(estimate, tokens(10, 7));
        assert_eq!(Tokens::told(None, Some(u64::MAX), estimate), estimate);
        assert_eq!(Tokens::told(Some(12), Some(0), estimate), tokens(12, 0));
    }
}

//! Counting what a model costs: tokens and money of the current day, and their limits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gaiterguard_domain::time::{Clock, Day};
use gaiterguard_store::{ModelUse, Store, StoreError};
use tokio::sync::Notify;

/// More tokens than one call can have used. A higher count from a server is ignored.
const CALL_TOKENS_MAX: u64 = 4_000_000;

/// The fewest bytes of English or JSON in a token. Typical tokens have about four, so this overestimates.
const BYTES_PER_TOKEN: u64 = 3;

/// The daily (UTC) limits on spending, and the price of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ceilings {
    /// The most tokens per day.
    pub tokens_max: Option<u64>,
    /// The most money per day, in the currency of the prices.
    pub cost_max: Option<f64>,
    /// The price of a million input tokens.
    pub input_price: f64,
    /// The price of a million output tokens.
    pub output_price: f64,
}

/// A number of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// The tokens of requests.
    pub input: u64,
    /// The tokens of responses.
    pub output: u64,
}

impl Tokens {
    /// Estimates the tokens of a request with so many bytes, rounded up.
    pub(crate) fn estimated(input_bytes: usize, output: u64) -> Self {
        Self {
            input: (input_bytes as u64).div_ceil(BYTES_PER_TOKEN),
            output,
        }
    }

    /// Returns these counts, or those of `estimate` if one is missing or impossible.
    pub(crate) fn reported(input: Option<u64>, output: Option<u64>, estimate: Self) -> Self {
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

/// The spending of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// The calls to the server.
    pub calls: u64,
    /// The tokens.
    pub tokens: Tokens,
    /// The cost, in the currency of the prices.
    pub cost: f64,
}

impl Spent {
    fn add(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.tokens.add(other.tokens);
        self.cost += other.cost;
    }
}

/// The spending, and how much of it is stored.
#[derive(Debug, Default)]
struct Totals {
    today: Day,
    /// The stored spending of today, by any process.
    written: Spent,
    /// The spending that is being stored.
    writing: BTreeMap<Day, Spent>,
    /// The spending that is not stored yet.
    unwritten: BTreeMap<Day, Spent>,
    /// The most that running calls may still use.
    reserved: Tokens,
}

impl Totals {
    fn spent_today(&self) -> Spent {
        let mut spent = self.written;
        for pile in [&self.writing, &self.unwritten] {
            spent.add(pile.get(&self.today).copied().unwrap_or_default());
        }
        spent
    }

    /// Returns interrupted writes to the spending that is not stored yet.
    fn put_back(&mut self) {
        for (day, spent) in std::mem::take(&mut self.writing) {
            self.unwritten.entry(day).or_default().add(spent);
        }
    }

    fn spend(&mut self, spent: Spent) {
        self.unwritten.entry(self.today).or_default().add(spent);
    }
}

/// Counts what is spent and keeps it below the limits. Spending is stored right after each call, so that
/// the limits apply to a day and not to a process.
pub(crate) struct Spending {
    ceilings: Ceilings,
    totals: Mutex<Totals>,
    changed: Notify,
    clock: Arc<dyn Clock>,
}

impl Spending {
    pub(crate) fn new(ceilings: Ceilings, clock: Arc<dyn Clock>) -> Self {
        Self {
            ceilings,
            totals: Mutex::default(),
            changed: Notify::new(),
            clock,
        }
    }

    pub(crate) fn ceilings(&self) -> Ceilings {
        self.ceilings
    }

    /// Reserves the most that a call may use. `None` if that would exceed a limit.
    pub(crate) fn reserve(&self, tokens: Tokens) -> Option<Reservation<'_>> {
        let mut totals = self.totals();
        let mut wanted = totals.reserved;
        wanted.add(tokens);
        if self.is_above(totals.spent_today(), wanted) {
            return None;
        }
        totals.reserved = wanted;
        Some(Reservation {
            spending: self,
            day: totals.today,
            tokens,
        })
    }

    /// Returns what was spent today.
    pub(crate) fn spent(&self) -> Spent {
        self.totals().spent_today()
    }

    /// Waits until there is spending to store.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Loads the stored spending of today, for example from an earlier run.
    pub(crate) async fn recall(&self, store: &Store) -> Result<(), StoreError> {
        let today = self.totals().today;
        let known = store.model_use_since(today).await?;
        let known = known.into_iter().find(|(day, _)| *day == today);
        let mut totals = self.totals();
        if totals.today == today {
            totals.written = known.map(|(_, used)| used.into()).unwrap_or_default();
        }
        Ok(())
    }

    /// Stores spending that is not stored yet, and loads what others have spent today. After an unclear
    /// failure it is stored again, because counting too much is safer than counting too little. Only one
    /// call runs at a time.
    pub(crate) async fn save(&self, store: &Store) -> Result<(), StoreError> {
        let unwritten = {
            let mut totals = self.totals();
            // A cancelled write may have left something here.
            totals.put_back();
            totals.writing = std::mem::take(&mut totals.unwritten);
            totals.writing.clone()
        };
        for (day, spent) in unwritten {
            let added = store
                .model_use_add(day, spent.into(), self.clock.now())
                .await;
            let mut totals = self.totals();
            match added {
                Ok(all) => {
                    totals.writing.remove(&day);
                    if totals.today == day {
                        totals.written = all.into();
                    }
                }
                Err(error) => {
                    totals.put_back();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn cost(&self, tokens: Tokens) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "so many tokens are not counted singly"
        )]
        let (input, output) = (tokens.input as f64, tokens.output as f64);
        (input * self.ceilings.input_price + output * self.ceilings.output_price) / 1e6
    }

    fn is_above(&self, spent: Spent, wanted: Tokens) -> bool {
        let mut tokens = spent.tokens;
        tokens.add(wanted);
        let total = tokens.input.saturating_add(tokens.output);
        self.ceilings.tokens_max.is_some_and(|max| total > max)
            || self
                .ceilings
                .cost_max
                .is_some_and(|max| spent.cost + self.cost(wanted) > max)
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        let today = Day::of(self.clock.now());
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        if totals.today != today {
            totals.today = today;
            totals.written = Spent::default();
            totals.reserved = Tokens::default();
        }
        totals
    }

    fn settle(&self, day: Day, reserved: Tokens, used: Tokens) {
        let spent = Spent {
            calls: 1,
            tokens: used,
            cost: self.cost(used),
        };
        let mut totals = self.totals();
        if totals.today == day {
            totals.reserved.remove(reserved);
        }
        totals.spend(spent);
        drop(totals);
        self.changed.notify_one();
    }
}

impl From<ModelUse> for Spent {
    fn from(used: ModelUse) -> Self {
        let count = |count: i64| u64::try_from(count).unwrap_or_default();
        Self {
            calls: count(used.calls),
            tokens: Tokens {
                input: count(used.input_tokens),
                output: count(used.output_tokens),
            },
            cost: used.cost,
        }
    }
}

impl From<Spent> for ModelUse {
    fn from(spent: Spent) -> Self {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            calls: count(spent.calls),
            input_tokens: count(spent.tokens.input),
            output_tokens: count(spent.tokens.output),
            cost: spent.cost,
        }
    }
}

/// Tokens that are reserved for a call. Unused ones are released when it ends. A cancelled call counts
/// as having used all of them, because it is unknown how many it used.
pub(crate) struct Reservation<'a> {
    spending: &'a Spending,
    day: Day,
    tokens: Tokens,
}

impl Reservation<'_> {
    /// Counts what the call has used.
    pub(crate) fn settle(self, used: Tokens) {
        self.spending.settle(self.day, self.tokens, used);
        // Its `Drop` must not settle it again.
        std::mem::forget(self);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.spending.settle(self.day, self.tokens, self.tokens);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gaiterguard_clock::ManualClock;
    use gaiterguard_domain::time::Timestamp;

    use super::*;

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
    fn nothing_is_spent_above_the_ceiling_even_by_concurrent_calls() {
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
    fn the_use_of_a_call_before_midnight_is_stored_for_that_day() {
        let (spending, clock) = spending(Ceilings::default());
        spending.reserve(tokens(5, 5)).unwrap().settle(tokens(4, 3));
        clock.advance(Duration::from_hours(24));
        spending.reserve(tokens(5, 5)).unwrap().settle(tokens(1, 2));
        let days: Vec<_> = spending
            .totals()
            .unwritten
            .values()
            .map(|spent| (spent.calls, spent.tokens))
            .collect();
        assert_eq!(days, [(1, tokens(4, 3)), (1, tokens(1, 2))]);
        assert_eq!(spending.spent().tokens, tokens(1, 2));
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
    fn an_impossible_count_of_a_server_is_ignored() {
        let estimate = Tokens::estimated(30, 7);
        assert_eq!(estimate, tokens(10, 7));
        assert_eq!(Tokens::reported(None, Some(u64::MAX), estimate), estimate);
        assert_eq!(Tokens::reported(Some(12), Some(0), estimate), tokens(12, 0));
    }
}

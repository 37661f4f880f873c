//! What a model costs: tokens and money of the present day, and their ceilings.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gaiterguard_domain::time::{Clock, Day};
use gaiterguard_store::{ModelUse, Store, StoreError};
use tokio::sync::Notify;

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
    pub(crate) fn estimated(input_bytes: usize, output: u64) -> Self {
        Self {
            input: (input_bytes as u64).div_ceil(BYTES_PER_TOKEN),
            output,
        }
    }

    /// These, or `estimate` where a count is missing or cannot be true.
    pub(crate) fn told(input: Option<u64>, output: Option<u64>, estimate: Self) -> Self {
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
    /// Calls of the server.
    pub calls: u64,
    /// Tokens.
    pub tokens: Tokens,
    /// Money, in the currency of the prices.
    pub cost: f64,
}

impl Spent {
    fn add(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.tokens.add(other.tokens);
        self.cost += other.cost;
    }
}

/// What is spent, and how much of it is written down.
#[derive(Debug, Default)]
struct Books {
    today: Day,
    /// What is known to be written down of today, by whichever process.
    written: Spent,
    /// What is being written down.
    writing: BTreeMap<Day, Spent>,
    /// What is not written down yet.
    unwritten: BTreeMap<Day, Spent>,
    /// What the calls that run now may use at most.
    reserved: Tokens,
}

impl Books {
    fn spent_today(&self) -> Spent {
        let mut spent = self.written;
        for pile in [&self.writing, &self.unwritten] {
            spent.add(pile.get(&self.today).copied().unwrap_or_default());
        }
        spent
    }

    /// Leaves what was being written to the next write.
    fn put_back(&mut self) {
        for (day, spent) in std::mem::take(&mut self.writing) {
            self.unwritten.entry(day).or_default().add(spent);
        }
    }

    fn spend(&mut self, spent: Spent) {
        self.unwritten.entry(self.today).or_default().add(spent);
    }
}

/// Counts what is spent, and lets nothing be spent above the ceilings. What is spent is written down
/// right after each call, so that the ceilings are those of a day and not of a process.
pub(crate) struct Spending {
    ceilings: Ceilings,
    books: Mutex<Books>,
    changed: Notify,
    clock: Arc<dyn Clock>,
}

impl Spending {
    pub(crate) fn new(ceilings: Ceilings, clock: Arc<dyn Clock>) -> Self {
        Self {
            ceilings,
            books: Mutex::default(),
            changed: Notify::new(),
            clock,
        }
    }

    pub(crate) fn ceilings(&self) -> Ceilings {
        self.ceilings
    }

    /// Sets aside what a call may use at most; nothing if that is above a ceiling.
    pub(crate) fn reserve(&self, tokens: Tokens) -> Option<Reservation<'_>> {
        let mut books = self.books();
        let mut wanted = books.reserved;
        wanted.add(tokens);
        if self.is_above(books.spent_today(), wanted) {
            return None;
        }
        books.reserved = wanted;
        Some(Reservation {
            spending: self,
            day: books.today,
            tokens,
        })
    }

    /// What was spent today.
    pub(crate) fn spent(&self) -> Spent {
        self.books().spent_today()
    }

    /// Waits until there is something to write down.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Learns what was written down of today, as by an earlier run.
    pub(crate) async fn recall(&self, store: &Store) -> Result<(), StoreError> {
        let today = self.books().today;
        let known = store.model_use_since(today).await?;
        let known = known.into_iter().find(|(day, _)| *day == today);
        let mut books = self.books();
        if books.today == today {
            books.written = known.map(|(_, used)| used.into()).unwrap_or_default();
        }
        Ok(())
    }

    /// Writes down what is not written yet, and learns what others have spent today. What may or
    /// may not have been written is written again: rather too much is counted than too little. One
    /// write at a time.
    pub(crate) async fn write_down(&self, store: &Store) -> Result<(), StoreError> {
        let unwritten = {
            let mut books = self.books();
            // A write that was broken off may have left something.
            books.put_back();
            books.writing = std::mem::take(&mut books.unwritten);
            books.writing.clone()
        };
        for (day, spent) in unwritten {
            let added = store
                .model_use_add(day, spent.into(), self.clock.now())
                .await;
            let mut books = self.books();
            match added {
                Ok(all) => {
                    books.writing.remove(&day);
                    if books.today == day {
                        books.written = all.into();
                    }
                }
                Err(error) => {
                    books.put_back();
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

    fn books(&self) -> MutexGuard<'_, Books> {
        let today = Day::of(self.clock.now());
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        if books.today != today {
            books.today = today;
            books.written = Spent::default();
            books.reserved = Tokens::default();
        }
        books
    }

    fn settle(&self, day: Day, reserved: Tokens, used: Tokens) {
        let spent = Spent {
            calls: 1,
            tokens: used,
            cost: self.cost(used),
        };
        let mut books = self.books();
        if books.today == day {
            books.reserved.remove(reserved);
        }
        books.spend(spent);
        drop(books);
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

/// Tokens that were set aside for a call. What it does not use is given back when it ends; a call
/// that was given up has used all of them, as far as anyone can tell.
pub(crate) struct Reservation<'a> {
    spending: &'a Spending,
    day: Day,
    tokens: Tokens,
}

impl Reservation<'_> {
    /// Counts what the call has used.
    pub(crate) fn settle(self, used: Tokens) {
        self.spending.settle(self.day, self.tokens, used);
        // It is settled, so that nothing is left for its end.
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
    fn what_a_call_used_before_midnight_is_written_to_that_day() {
        let (spending, clock) = spending(Ceilings::default());
        spending.reserve(tokens(5, 5)).unwrap().settle(tokens(4, 3));
        clock.advance(Duration::from_hours(24));
        spending.reserve(tokens(5, 5)).unwrap().settle(tokens(1, 2));
        let days: Vec<_> = spending
            .books()
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
    fn a_server_is_not_believed_what_cannot_be() {
        let estimate = Tokens::estimated(30, 7);
        assert_eq!(estimate, tokens(10, 7));
        assert_eq!(Tokens::told(None, Some(u64::MAX), estimate), estimate);
        assert_eq!(Tokens::told(Some(12), Some(0), estimate), tokens(12, 0));
    }
}

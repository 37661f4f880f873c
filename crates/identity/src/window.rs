//! Counting occurrences by key over a sliding period, in bounded memory.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

use gaiterguard_domain::time::Timestamp;

/// Identifies an occurrence that was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noted(u64);

/// The occurrences in the most recent period.
pub(crate) struct Window<K> {
    allowed: usize,
    period: Duration,
    remembered_max: usize,
    /// All occurrences in order, including those of keys that have been forgotten since.
    log: VecDeque<(Timestamp, Noted, K)>,
    recent: HashMap<K, VecDeque<(Timestamp, Noted)>>,
    now: Timestamp,
    next: u64,
}

impl<K: Copy + Eq + Hash> Window<K> {
    /// Creates a window in which each key may occur `allowed` times in `period`. It remembers the last
    /// `remembered_max` occurrences.
    pub(crate) fn new(allowed: usize, period: Duration, remembered_max: usize) -> Self {
        Self {
            allowed,
            period,
            remembered_max,
            log: VecDeque::new(),
            recent: HashMap::new(),
            now: Timestamp(i64::MIN),
            next: 0,
        }
    }

    /// Returns how long until the key may occur again; `None` if it may now.
    pub(crate) fn pause(&mut self, key: &K, now: Timestamp) -> Option<Duration> {
        self.pass(now);
        let recent = self.recent.get(key)?;
        let decisive = recent.len().checked_sub(self.allowed)?;
        let (at, _) = recent.get(decisive)?;
        Some(self.now.until(at.after(self.period)))
    }

    /// Returns whether the key occurred in the period, which ends at the time of the last call.
    pub(crate) fn has(&self, key: &K) -> bool {
        self.recent.contains_key(key)
    }

    /// Notes an occurrence.
    pub(crate) fn note(&mut self, key: K, now: Timestamp) -> Noted {
        self.pass(now);
        if self.log.len() >= self.remembered_max {
            self.drop_oldest();
        }
        let noted = Noted(self.next);
        self.next += 1;
        self.log.push_back((self.now, noted, key));
        self.recent
            .entry(key)
            .or_default()
            .push_back((self.now, noted));
        noted
    }

    /// Removes one occurrence.
    pub(crate) fn withdraw(&mut self, key: &K, noted: Noted) {
        if let Some(recent) = self.recent.get_mut(key) {
            recent.retain(|(_, one)| *one != noted);
            if recent.is_empty() {
                self.recent.remove(key);
            }
        }
    }

    /// Removes every occurrence of a key.
    pub(crate) fn forget(&mut self, key: &K) {
        self.recent.remove(key);
    }

    /// Forgets occurrences that are older than the period. Callers read the clock before they get the
    /// lock, so their times may be slightly out of order; time does not move backwards for that. A clock
    /// that was set back by more than a period would lock keys for as long, so all are forgotten then.
    fn pass(&mut self, now: Timestamp) {
        if now.after(self.period) < self.now {
            self.log.clear();
            self.recent.clear();
            self.now = now;
        }
        self.now = self.now.max(now);
        while let Some((at, ..)) = self.log.front()
            && at.after(self.period) <= self.now
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, noted, key)) = self.log.pop_front() {
            self.withdraw(&key, noted);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PERIOD: Duration = Duration::from_millis(100);

    #[test]
    fn memory_is_bounded_and_the_oldest_are_removed_first() {
        let mut window = Window::new(1, PERIOD, 3);
        for key in 0..4 {
            window.note(key, Timestamp(i64::from(key)));
        }
        assert_eq!(window.log.len(), 3);
        assert_eq!(window.recent.len(), 3);
        assert_eq!(window.pause(&0, Timestamp(4)), None);
        assert_eq!(
            window.pause(&1, Timestamp(4)),
            Some(Duration::from_millis(97))
        );
        for round in 0..1000 {
            let noted = window.note(9, Timestamp(5));
            if round % 2 == 0 {
                window.withdraw(&9, noted);
            } else {
                window.forget(&9);
            }
        }
        assert_eq!(window.log.len(), 3);
        assert_eq!(window.pause(&9, Timestamp(5)), None);
        assert_eq!(window.pause(&0, Timestamp(1000)), None);
        assert!(window.log.is_empty() && window.recent.is_empty());
    }

    #[test]
    fn a_clock_that_is_set_back_far_locks_no_one_out() {
        let mut window = Window::new(1, PERIOD, 10);
        window.note('a', Timestamp(10_000));
        assert!(window.pause(&'a', Timestamp(9_950)).is_some());
        assert_eq!(window.pause(&'a', Timestamp(5_000)), None);
        window.note('a', Timestamp(5_000));
        assert_eq!(window.pause(&'a', Timestamp(5_000)), Some(PERIOD));
    }

    proptest! {
        #[test]
        fn it_counts_like_a_plain_list(
            steps in prop::collection::vec((0_u8..3, 0_i64..60), 1..60),
        ) {
            let mut window = Window::new(3, PERIOD, 1000);
            let mut list: Vec<(u8, i64)> = Vec::new();
            let mut now = 0;
            for (key, passed) in steps {
                now += passed;
                let live: Vec<i64> = list
                    .iter()
                    .filter(|(one, at)| *one == key && at + 100 > now)
                    .map(|(_, at)| *at)
                    .collect();
                let pause = window.pause(&key, Timestamp(now));
                prop_assert_eq!(pause.is_some(), live.len() >= 3);
                if let Some(pause) = pause {
                    let until = live[live.len() - 3] + 100;
                    prop_assert_eq!(pause, Timestamp(now).until(Timestamp(until)));
                }
                window.note(key, Timestamp(now));
                list.push((key, now));
            }
        }
    }
}

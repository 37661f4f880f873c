//! How often a password may be wrong, and how many may register, before a pause.
//!
//! Accounts are counted by the e-mail address that was typed, whether or not someone has it, so
//! being refused tells nothing about that. The counts are this process's own: with several
//! replicas a guesser has as many tries for each.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gaiterguard_domain::time::Timestamp;
use gaiterguard_vault::token;

use super::window::{Noted, Window};

/// How many wrong passwords an account is allowed in [`PERIOD`].
pub(super) const ACCOUNT_FAILURES_MAX: usize = 5;

/// How many wrong passwords a source is allowed in [`PERIOD`].
pub(super) const SOURCE_FAILURES_MAX: usize = 20;

/// How many registrations a source may try in [`PERIOD`].
pub(super) const SOURCE_REGISTRATIONS_MAX: usize = 60;

/// The time over which is counted.
pub(super) const PERIOD: Duration = Duration::from_mins(1);

/// How many occurrences of a kind are remembered. Password hashing is too slow for so many to occur
/// within [`PERIOD`], so nobody can have their own forgotten by causing more.
const REMEMBERED_MAX: usize = 65_536;

/// Too many tries; the time after which the next one is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Throttled {
    pub(super) retry_after: Duration,
}

/// The account that a login names, as it is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AccountKey([u8; 32]);

impl AccountKey {
    /// The key of an e-mail address as it was typed. The hash gives every key the same size.
    pub(super) fn of(email: &str) -> Self {
        Self(token::sha256(&email.trim().to_lowercase()))
    }
}

/// Where a login comes from, as it is counted: an IPv4 address, or the network that one holder of
/// an IPv6 address can take any address from.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct SourceKey(u128);

impl SourceKey {
    fn of(source: IpAddr) -> Self {
        const IPV6_HOST_BITS: u32 = 64;
        match source.to_canonical() {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().to_bits()),
            IpAddr::V6(address) => Self(address.to_bits() >> IPV6_HOST_BITS << IPV6_HOST_BITS),
        }
    }
}

/// Counts wrong passwords and registrations.
pub(super) struct Throttle {
    counts: Mutex<Counts>,
}

struct Counts {
    accounts: Window<AccountKey>,
    sources: Window<SourceKey>,
    registrations: Window<SourceKey>,
}

/// A try at a password that is under way. It counts as a wrong one from its beginning, so that
/// tries at the same time cannot slip through together; dropped, it goes on counting.
pub(super) struct Attempt<'a> {
    throttle: &'a Throttle,
    account: AccountKey,
    source: SourceKey,
    noted: (Noted, Noted),
}

impl Throttle {
    pub(super) fn new() -> Self {
        Self {
            counts: Mutex::new(Counts {
                accounts: Window::new(ACCOUNT_FAILURES_MAX, PERIOD, REMEMBERED_MAX),
                sources: Window::new(SOURCE_FAILURES_MAX, PERIOD, REMEMBERED_MAX),
                registrations: Window::new(SOURCE_REGISTRATIONS_MAX, PERIOD, REMEMBERED_MAX),
            }),
        }
    }

    /// Whether a try would be looked at.
    pub(super) fn check(
        &self,
        account: AccountKey,
        source: IpAddr,
        now: Timestamp,
    ) -> Result<(), Throttled> {
        self.counts().check(account, SourceKey::of(source), now)
    }

    /// Begins a try.
    pub(super) fn attempt(
        &self,
        account: AccountKey,
        source: IpAddr,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Throttled> {
        let source = SourceKey::of(source);
        let mut counts = self.counts();
        counts.check(account, source, now)?;
        let noted = (
            counts.accounts.note(account, now),
            counts.sources.note(source, now),
        );
        Ok(Attempt {
            throttle: self,
            account,
            source,
            noted,
        })
    }

    /// Counts a try at registering.
    pub(super) fn registration(&self, source: IpAddr, now: Timestamp) -> Result<(), Throttled> {
        let source = SourceKey::of(source);
        let mut counts = self.counts();
        if let Some(retry_after) = counts.registrations.pause(&source, now) {
            return Err(Throttled { retry_after });
        }
        counts.registrations.note(source, now);
        Ok(())
    }

    // Every change of the counts is complete when the lock is given back, so counts that a
    // panicking thread left are as good as any.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn check(
        &mut self,
        account: AccountKey,
        source: SourceKey,
        now: Timestamp,
    ) -> Result<(), Throttled> {
        let account = self.accounts.pause(&account, now);
        let source = self.sources.pause(&source, now);
        match account.max(source) {
            Some(retry_after) => Err(Throttled { retry_after }),
            None => Ok(()),
        }
    }
}

impl Attempt<'_> {
    /// The password was right: the account's count starts anew, and the source is not charged. What
    /// it got wrong before stays, or it could guess on between logins to an account of its own.
    pub(super) fn right(self) {
        let mut counts = self.throttle.counts();
        counts.accounts.forget(&self.account);
        counts.sources.withdraw(&self.source, self.noted.1);
    }

    /// The password was not looked at.
    pub(super) fn withdraw(self) {
        let mut counts = self.throttle.counts();
        counts.accounts.withdraw(&self.account, self.noted.0);
        counts.sources.withdraw(&self.source, self.noted.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_700_000_000_000);

    fn account(email: &str) -> AccountKey {
        AccountKey::of(email)
    }

    fn source(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn wrong(throttle: &Throttle, email: &str, from: &str, at: Timestamp) -> Result<(), Throttled> {
        throttle.attempt(account(email), source(from), at).map(drop)
    }

    fn later(seconds: u64) -> Timestamp {
        START.after(Duration::from_secs(seconds))
    }

    fn refused(seconds: u64) -> Result<(), Throttled> {
        Err(Throttled {
            retry_after: Duration::from_secs(seconds),
        })
    }

    #[test]
    fn an_account_pauses_after_five_wrong_passwords_from_anywhere() {
        let throttle = Throttle::new();
        for n in 0..5 {
            let from = format!("192.0.2.{n}");
            assert_eq!(wrong(&throttle, "a@example.com", &from, later(n)), Ok(()));
        }
        let spelled = " A@Example.COM ";
        assert_eq!(
            wrong(&throttle, spelled, "192.0.2.9", later(10)),
            refused(50)
        );
        assert_eq!(
            wrong(&throttle, spelled, "192.0.2.9", later(59)),
            refused(1)
        );
        assert_eq!(
            wrong(&throttle, "b@example.com", "192.0.2.9", later(59)),
            Ok(())
        );
        // The first of the five has passed; the one that takes its place counts from now.
        assert_eq!(wrong(&throttle, spelled, "192.0.2.9", later(60)), Ok(()));
        assert_eq!(
            wrong(&throttle, spelled, "192.0.2.9", later(60)),
            refused(1)
        );
    }

    #[test]
    fn a_source_pauses_after_twenty_wrong_passwords_for_anyone() {
        let throttle = Throttle::new();
        for n in 0..20 {
            let email = format!("{n}@example.com");
            assert_eq!(wrong(&throttle, &email, "192.0.2.1", START), Ok(()));
        }
        assert_eq!(
            wrong(&throttle, "a@example.com", "192.0.2.1", START),
            refused(60)
        );
        assert_eq!(
            wrong(&throttle, "a@example.com", "::ffff:192.0.2.1", START),
            refused(60)
        );
        assert_eq!(
            wrong(&throttle, "a@example.com", "192.0.2.2", START),
            Ok(())
        );
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one_source() {
        let throttle = Throttle::new();
        for n in 0..20 {
            let from = format!("2001:db8:0:1::{n}");
            let email = format!("{n}@example.com");
            assert_eq!(wrong(&throttle, &email, &from, START), Ok(()));
        }
        assert_eq!(
            wrong(&throttle, "a@example.com", "2001:db8:0:1:ffff::1", START),
            refused(60)
        );
        assert_eq!(
            wrong(&throttle, "a@example.com", "2001:db8:0:2::1", START),
            Ok(())
        );
    }

    #[test]
    fn tries_under_way_count_and_those_not_looked_at_do_not() {
        let throttle = Throttle::new();
        let (email, from) = (account("a@example.com"), source("192.0.2.1"));
        let mut running: Vec<Attempt<'_>> = (0..5)
            .map(|_| throttle.attempt(email, from, START).ok().unwrap())
            .collect();
        assert!(throttle.check(email, from, START).is_err());
        running.pop().unwrap().withdraw();
        assert!(throttle.check(email, from, START).is_ok());
    }

    #[test]
    fn a_right_password_clears_the_account_but_not_the_source() {
        let throttle = Throttle::new();
        let from = "192.0.2.1";
        for round in 0..5 {
            for _ in 0..4 {
                let refused = wrong(&throttle, "a@example.com", from, START).is_err();
                assert!(!refused, "round {round}");
            }
            if round < 4 {
                throttle
                    .attempt(account("a@example.com"), source(from), START)
                    .ok()
                    .unwrap()
                    .right();
            }
        }
        assert_eq!(wrong(&throttle, "b@example.com", from, START), refused(60));
    }

    #[test]
    fn registrations_are_counted_by_source() {
        let throttle = Throttle::new();
        for _ in 0..SOURCE_REGISTRATIONS_MAX {
            assert_eq!(throttle.registration(source("192.0.2.1"), START), Ok(()));
        }
        assert_eq!(
            throttle.registration(source("192.0.2.1"), later(20)),
            refused(40)
        );
        assert_eq!(
            throttle.registration(source("192.0.2.2"), later(20)),
            Ok(())
        );
        assert_eq!(
            throttle.registration(source("192.0.2.1"), later(60)),
            Ok(())
        );
    }
}

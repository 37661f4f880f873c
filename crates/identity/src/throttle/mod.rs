//! Limits on wrong passwords and on registrations.
//!
//! Accounts are counted by the email address that was typed, whether or not it exists, so being refused
//! reveals nothing about that. Two kinds of clients have their own count, which no one else can use up: a
//! device on which someone signed in to the account, known by its token, and a source from which someone
//! did. All others share the counts of the account and of their source.
//!
//! At the limit of a source, a password for an account without wrong passwords is still checked. So an
//! agent at its operator's address cannot lock the operator out by guessing at other accounts. A wrong
//! password is then refused like one that was not checked, so only a right one makes a visible difference.
//!
//! The counts belong to this process: with several replicas, an attacker has as many attempts for each.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gaiterguard_domain::id::UserId;
use gaiterguard_domain::time::Timestamp;

use crate::account_key::AccountKey;
use crate::device::DeviceKey;
use crate::window::{Noted, Window};

/// How many wrong passwords an account is allowed in [`PERIOD`]. A human needs two or three; at five a
/// minute, guessing even a list of common passwords takes days.
pub(crate) const ACCOUNT_FAILURES_MAX: usize = 5;

/// How many wrong passwords a source is allowed in [`PERIOD`]. Several users may share one address.
pub(crate) const SOURCE_FAILURES_MAX: usize = 20;

/// How many passwords of existing accounts are checked in [`PERIOD`] beyond [`SOURCE_FAILURES_MAX`]. It
/// is the same number again, so that guessing one common password at every account is still slow.
pub(crate) const SOURCE_RESERVE_MAX: usize = 20;

/// How many registrations a source may attempt in [`PERIOD`]. Each one computes a hash, so the limit
/// bounds the load; a right setup code is not counted.
pub(crate) const SOURCE_REGISTRATIONS_MAX: usize = 60;

/// How many attempts to sign in without a password a source may make in [`PERIOD`]. A sign-in takes two.
pub(crate) const SOURCE_SIGN_INS_MAX: usize = 120;

/// How many wrong one-time codes a user is allowed in [`CODE_PERIOD`]. Only someone with the right password
/// gets as far. Three of a million codes are valid at a time, so guessing takes decades.
pub(crate) const CODE_FAILURES_MAX: usize = 10;

/// The time over which wrong one-time codes are counted.
pub(crate) const CODE_PERIOD: Duration = Duration::from_hours(1);

/// The time over which attempts are counted.
pub(crate) const PERIOD: Duration = Duration::from_mins(1);

/// How long a source counts as one from which someone signed in. Operators sign in at least monthly.
const KNOWN_SOURCE_PERIOD: Duration = Duration::from_hours(24 * 30);

/// How much of [`KNOWN_SOURCE_PERIOD`] must have passed before a sign-in renews it. A day, so that one
/// client that signs in all the time does not displace the others from [`KNOWN_SOURCES_MAX`].
const KNOWN_SOURCE_RENEWAL: Duration = Duration::from_hours(24);

/// How many sign-ins of pairs of account and source are remembered, at some 100 bytes each: under 2 MiB.
const KNOWN_SOURCES_MAX: usize = 16_384;

/// How many occurrences of a kind are remembered. Password hashing is too slow for so many to occur
/// within [`PERIOD`], so no one can make others' attempts be forgotten by causing more.
const REMEMBERED_MAX: usize = 65_536;

/// Too many attempts; the time after which the next one is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Throttled {
    pub(crate) retry_after: Duration,
}

/// The source of a login, as it is counted: an IPv4 address, or the /64 network in which one holder of an
/// IPv6 address can choose any address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SourceKey(u128);

impl SourceKey {
    pub(crate) fn of(source: IpAddr) -> Self {
        const IPV6_HOST_BITS: u32 = 64;
        match source.to_canonical() {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().to_bits()),
            IpAddr::V6(address) => Self(address.to_bits() >> IPV6_HOST_BITS << IPV6_HOST_BITS),
        }
    }
}

/// The client that tries a password: the account that it names, its source, and its device if its token
/// is valid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) account: AccountKey,
    pub(crate) source: SourceKey,
    pub(crate) device: Option<DeviceKey>,
}

/// A client with its own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KnownKey {
    /// A device from which someone signed in.
    Device(DeviceKey),
    /// A source from which someone signed in to the account.
    Source(AccountKey, SourceKey),
}

/// The key by which waiting clients are distinguished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientKey {
    /// A client with its own count.
    Known(KnownKey),
    /// Any other client, by its source.
    Stranger(SourceKey),
}

/// Whether a password is checked, and on which count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    /// It is checked on the client's own count.
    Known(KnownKey),
    /// It is checked on the counts of the account and the source.
    Stranger,
    /// It is checked if the account exists and the source has an attempt left for that.
    Reserve,
    /// It is not checked before the pause is over.
    Refused,
}

/// The state of a client's counts before an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Status {
    check: Check,
    /// The refusal for a client without its own count.
    refusal: Option<Throttled>,
}

/// Counts wrong passwords and registrations.
pub(crate) struct Throttle {
    counts: Mutex<Counts>,
}

struct Counts {
    accounts: Window<AccountKey>,
    sources: Window<SourceKey>,
    known: Window<KnownKey>,
    reserve: Window<SourceKey>,
    /// The pairs from which someone signed in, with at most one occurrence a day for each.
    known_sources: Window<(AccountKey, SourceKey)>,
    registrations: Window<SourceKey>,
    codes: Window<UserId>,
    sign_ins: Window<SourceKey>,
}

/// A one-time code that is being checked. It counts as wrong unless [`Self::right`] is called.
pub(crate) struct CodeAttempt<'a> {
    throttle: &'a Throttle,
    user: UserId,
}

impl CodeAttempt<'_> {
    /// Records that the code was right, so that the count starts again.
    pub(crate) fn right(self) {
        self.throttle.counts().codes.forget(&self.user);
    }
}

/// An attempt that is under way. It counts as a wrong password from its beginning, so that concurrent
/// attempts cannot exceed the limit together. If it is dropped, it still counts.
pub(crate) struct Attempt<'a> {
    throttle: &'a Throttle,
    client: Client,
    /// Set if the client has its own count, which is charged instead of the source's.
    known: Option<KnownKey>,
    refusal: Option<Throttled>,
    account: Noted,
    /// In the window of `known` or of the source.
    other: Noted,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            counts: Mutex::new(Counts {
                accounts: Window::new(ACCOUNT_FAILURES_MAX, PERIOD, REMEMBERED_MAX),
                sources: Window::new(SOURCE_FAILURES_MAX, PERIOD, REMEMBERED_MAX),
                known: Window::new(ACCOUNT_FAILURES_MAX, PERIOD, REMEMBERED_MAX),
                reserve: Window::new(SOURCE_RESERVE_MAX, PERIOD, REMEMBERED_MAX),
                known_sources: Window::new(1, KNOWN_SOURCE_PERIOD, KNOWN_SOURCES_MAX),
                registrations: Window::new(SOURCE_REGISTRATIONS_MAX, PERIOD, REMEMBERED_MAX),
                sign_ins: Window::new(SOURCE_SIGN_INS_MAX, PERIOD, REMEMBERED_MAX),
                codes: Window::new(CODE_FAILURES_MAX, CODE_PERIOD, REMEMBERED_MAX),
            }),
        }
    }

    /// Returns the key under which an attempt waits for its turn. [`Self::attempt`] decides then.
    pub(crate) fn check(&self, client: Client, now: Timestamp) -> Result<ClientKey, Throttled> {
        let status = self.counts().status(client, now);
        match (status.check, status.refusal) {
            (Check::Refused, Some(refusal)) => Err(refusal),
            (Check::Known(key), _) => Ok(ClientKey::Known(key)),
            _ => Ok(ClientKey::Stranger(client.source)),
        }
    }

    /// Begins an attempt at an account, which may not exist.
    pub(crate) fn attempt(
        &self,
        client: Client,
        exists: bool,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Throttled> {
        let mut counts = self.counts();
        let Status { check, refusal } = counts.status(client, now);
        if let (Check::Refused, Some(refusal)) = (check, refusal) {
            return Err(refusal);
        }
        let account = counts.accounts.note(client.account, now);
        let known = match check {
            Check::Known(key) => Some(key),
            Check::Stranger | Check::Reserve | Check::Refused => None,
        };
        let other = match known {
            Some(key) => counts.known.note(key, now),
            None => counts.sources.note(client.source, now),
        };
        if let (Check::Reserve, Some(refusal)) = (check, refusal)
            && !(exists && counts.take_reserve(client.source, now))
        {
            // Counted alike whether or not the account exists.
            return Err(refusal);
        }
        Ok(Attempt {
            throttle: self,
            client,
            known,
            refusal,
            account,
            other,
        })
    }

    /// Counts an attempt to sign in without a password.
    pub(crate) fn sign_in(&self, source: IpAddr, now: Timestamp) -> Result<(), Throttled> {
        let source = SourceKey::of(source);
        let mut counts = self.counts();
        if let Some(retry_after) = counts.sign_ins.pause(&source, now) {
            return Err(Throttled { retry_after });
        }
        counts.sign_ins.note(source, now);
        Ok(())
    }

    /// Counts an attempt to register.
    pub(crate) fn registration(&self, source: IpAddr, now: Timestamp) -> Result<(), Throttled> {
        let source = SourceKey::of(source);
        let mut counts = self.counts();
        if let Some(retry_after) = counts.registrations.pause(&source, now) {
            return Err(Throttled { retry_after });
        }
        counts.registrations.note(source, now);
        Ok(())
    }

    /// Begins to check a one-time code of a user.
    pub(crate) fn code_attempt(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<CodeAttempt<'_>, Throttled> {
        let mut counts = self.counts();
        if let Some(retry_after) = counts.codes.pause(&user, now) {
            return Err(Throttled { retry_after });
        }
        counts.codes.note(user, now);
        drop(counts);
        Ok(CodeAttempt {
            throttle: self,
            user,
        })
    }

    // Every change of the counts is complete when the lock is released, so those that a panicking
    // thread left are valid.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn status(&mut self, client: Client, now: Timestamp) -> Status {
        let known = self
            .known_key(client, now)
            .filter(|key| self.known.pause(key, now).is_none());
        let account = self.accounts.pause(&client.account, now);
        let source = self.sources.pause(&client.source, now);
        let is_untouched = !self.accounts.has(&client.account);
        let refusal = account
            .max(source)
            .map(|retry_after| Throttled { retry_after });
        let check = match (known, refusal) {
            (Some(key), _) => Check::Known(key),
            (None, None) => Check::Stranger,
            (None, Some(_)) if is_untouched => Check::Reserve,
            (None, Some(_)) => Check::Refused,
        };
        Status { check, refusal }
    }

    fn take_reserve(&mut self, source: SourceKey, now: Timestamp) -> bool {
        let is_left = self.reserve.pause(&source, now).is_none();
        if is_left {
            self.reserve.note(source, now);
        }
        is_left
    }

    fn known_key(&mut self, client: Client, now: Timestamp) -> Option<KnownKey> {
        if let Some(device) = client.device {
            return Some(KnownKey::Device(device));
        }
        let pair = (client.account, client.source);
        self.known_sources.pause(&pair, now)?;
        Some(KnownKey::Source(client.account, client.source))
    }
}

impl Attempt<'_> {
    /// Returns the refusal for a wrong password, if it must not be reported as wrong. It is the refusal
    /// for a client without its own count, because such a count reveals that the account exists. The
    /// holder of a device of the account knows that already.
    pub(crate) fn refusal(&self) -> Option<Throttled> {
        self.refusal.filter(|_| self.client.device.is_none())
    }

    /// Records that the password was right. The counts of the account and of the known client start
    /// again, and the source is known from now on and not charged. Its earlier wrong passwords still
    /// count, or it could reset them by logging in to an account of its own.
    pub(crate) fn right(self, now: Timestamp) {
        let mut counts = self.throttle.counts();
        counts.accounts.forget(&self.client.account);
        match self.known {
            Some(key) => counts.known.forget(&key),
            None => counts.sources.withdraw(&self.client.source, self.other),
        }
        let pair = (self.client.account, self.client.source);
        let left = counts.known_sources.pause(&pair, now);
        if left.is_none_or(|left| left + KNOWN_SOURCE_RENEWAL <= KNOWN_SOURCE_PERIOD) {
            counts.known_sources.note(pair, now);
        }
    }

    /// Records that the password was not checked.
    pub(crate) fn withdraw(self) {
        let mut counts = self.throttle.counts();
        counts.accounts.withdraw(&self.client.account, self.account);
        match self.known {
            Some(key) => counts.known.withdraw(&key, self.other),
            None => counts.sources.withdraw(&self.client.source, self.other),
        }
    }
}

#[cfg(test)]
mod tests;

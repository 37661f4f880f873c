//! How often a password may be wrong, and how many may register, before a pause.
//!
//! Accounts are counted by the e-mail address that was typed, whether or not someone has it, so
//! being refused says nothing about that. Two kinds of clients have a count of their own, which
//! nobody else can use up: a device that someone signed in to the account with, known by its token,
//! and a source from which someone did. All others share the counts of the account and of their
//! source. At the limit of a source an account without wrong passwords of its own is still looked
//! at, so that an agent at its operator's address cannot keep the operator out by guessing at other
//! accounts. A wrong password is then refused like one that was not looked at, so only a right one
//! makes a visible difference.
//!
//! The counts are this process's own: with several replicas a guesser has as many tries for each.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gaiterguard_domain::time::Timestamp;

use crate::account_key::AccountKey;
use crate::device::DeviceKey;
use crate::window::{Noted, Window};

/// How many wrong passwords an account is allowed in [`PERIOD`].
pub(crate) const ACCOUNT_FAILURES_MAX: usize = 5;

/// How many wrong passwords a source is allowed in [`PERIOD`].
pub(crate) const SOURCE_FAILURES_MAX: usize = 20;

/// How many passwords of existing accounts are looked at in [`PERIOD`] beyond
/// [`SOURCE_FAILURES_MAX`]. As many again, so that guessing one common password at every account is
/// still slow.
pub(crate) const SOURCE_RESERVE_MAX: usize = 20;

/// How many registrations a source may try in [`PERIOD`].
pub(crate) const SOURCE_REGISTRATIONS_MAX: usize = 60;

/// The time over which is counted.
pub(crate) const PERIOD: Duration = Duration::from_mins(1);

/// How long a source counts as one from which someone signed in.
const KNOWN_SOURCE_PERIOD: Duration = Duration::from_hours(24 * 30);

/// How many pairs of account and source are remembered, at some 100 bytes each.
const KNOWN_SOURCES_MAX: usize = 16_384;

/// How many occurrences of a kind are remembered. Password hashing is too slow for so many to occur
/// within [`PERIOD`], so nobody can have their own forgotten by causing more.
const REMEMBERED_MAX: usize = 65_536;

/// Too many tries; the time after which the next one is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Throttled {
    pub(crate) retry_after: Duration,
}

/// Where a login comes from, as it is counted: an IPv4 address, or the network that one holder of
/// an IPv6 address can take any address from.
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

/// Who tries a password: the account that is named, the source, and the device if its token is good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) account: AccountKey,
    pub(crate) source: SourceKey,
    pub(crate) device: Option<DeviceKey>,
}

/// A client with a count of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KnownKey {
    /// A device from which someone signed in.
    Device(DeviceKey),
    /// A source from which someone signed in to the account.
    Source(AccountKey, SourceKey),
}

/// What clients that wait for their password to be looked at are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientKey {
    /// By a count of their own.
    Known(KnownKey),
    /// By their source.
    Stranger(SourceKey),
}

/// Whether a password is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// On a count of its own.
    Known(KnownKey),
    /// On the counts of the account and the source.
    Stranger,
    /// In one of the turns that a source at its limit has left for accounts that exist.
    Reserve,
    /// Not before the pause is over.
    No,
}

/// Where a client stands before a try.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Standing {
    look: Look,
    /// The refusal that a client without a count of its own gets.
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
    /// The pairs from which someone signed in; one occurrence for each.
    known_sources: Window<(AccountKey, SourceKey)>,
    registrations: Window<SourceKey>,
}

/// A try at a password that is under way. It counts as a wrong one from its beginning, so that
/// tries at the same time cannot slip through together; dropped, it goes on counting.
pub(crate) struct Attempt<'a> {
    throttle: &'a Throttle,
    client: Client,
    /// Set if the client has a count of its own, which is charged instead of the source's.
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
            }),
        }
    }

    /// Returns whom a try would be looked at for. [`Self::attempt`] decides when its turn comes.
    pub(crate) fn check(&self, client: Client, now: Timestamp) -> Result<ClientKey, Throttled> {
        let standing = self.counts().standing(client, now);
        match (standing.look, standing.refusal) {
            (Look::No, Some(refusal)) => Err(refusal),
            (Look::Known(key), _) => Ok(ClientKey::Known(key)),
            _ => Ok(ClientKey::Stranger(client.source)),
        }
    }

    /// Begins a try at an account that exists or does not.
    pub(crate) fn attempt(
        &self,
        client: Client,
        exists: bool,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Throttled> {
        let mut counts = self.counts();
        let Standing { look, refusal } = counts.standing(client, now);
        if let (Look::No, Some(refusal)) = (look, refusal) {
            return Err(refusal);
        }
        let account = counts.accounts.note(client.account, now);
        let known = match look {
            Look::Known(key) => Some(key),
            Look::Stranger | Look::Reserve | Look::No => None,
        };
        let other = match known {
            Some(key) => counts.known.note(key, now),
            None => counts.sources.note(client.source, now),
        };
        if let (Look::Reserve, Some(refusal)) = (look, refusal)
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

    /// Counts a try at registering.
    pub(crate) fn registration(&self, source: IpAddr, now: Timestamp) -> Result<(), Throttled> {
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
    fn standing(&mut self, client: Client, now: Timestamp) -> Standing {
        let known = self
            .known_key(client, now)
            .filter(|key| self.known.pause(key, now).is_none());
        let account = self.accounts.pause(&client.account, now);
        let source = self.sources.pause(&client.source, now);
        let is_untouched = !self.accounts.has(&client.account);
        let refusal = account
            .max(source)
            .map(|retry_after| Throttled { retry_after });
        let look = match (known, refusal) {
            (Some(key), _) => Look::Known(key),
            (None, None) => Look::Stranger,
            (None, Some(_)) if is_untouched => Look::Reserve,
            (None, Some(_)) => Look::No,
        };
        Standing { look, refusal }
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
    /// Returns the refusal to give for a wrong password, if it is not to be called wrong. It is the
    /// one that a client without a count of its own gets, since such a count reveals that the account
    /// exists. The holder of a device of the account knows that already.
    pub(crate) fn refusal(&self) -> Option<Throttled> {
        self.refusal.filter(|_| self.client.device.is_none())
    }

    /// The password was right: the counts of the account and of the known client start again, and
    /// the source is known from now on and not charged. What it got wrong before stays, or it could
    /// go on guessing between logins to an account of its own.
    pub(crate) fn right(self, now: Timestamp) {
        let mut counts = self.throttle.counts();
        counts.accounts.forget(&self.client.account);
        match self.known {
            Some(key) => counts.known.forget(&key),
            None => counts.sources.withdraw(&self.client.source, self.other),
        }
        let pair = (self.client.account, self.client.source);
        if counts.known_sources.pause(&pair, now).is_none() {
            counts.known_sources.note(pair, now);
        }
    }

    /// The password was not looked at.
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

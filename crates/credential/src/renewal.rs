//! How often a token is renewed because an upstream did not take it.
//!
//! Any agent can provoke a 401, and a renewal may spend a refresh token that works once and makes a
//! new version of the credential. So renewals for this reason are rare, and rarer where they do not help.

use std::collections::HashMap;
use std::time::Duration;

use gaiterguard_domain::id::ServiceId;
use tokio::time::Instant;

/// The shortest time between two renewals of one service's token that a 401 caused. Token endpoints
/// limit clients by the minute, and a token that is revoked more often than that is no use to anyone.
const RENEWAL_PAUSE: Duration = Duration::from_mins(1);

/// The longest, after renewals that failed or whose token was refused as well.
const RENEWAL_PAUSE_MAX: Duration = Duration::from_hours(1);

/// The tokens that upstreams have refused, and when they were last renewed for that.
#[derive(Default)]
pub(crate) struct Renewals(HashMap<ServiceId, Renewal>);

struct Renewal {
    /// The version of the credential that was refused.
    suspect: Option<i64>,
    /// The version that the last renewal brought, until it has proven itself.
    brought: Option<i64>,
    begun: Option<Instant>,
    pause: Duration,
}

impl Default for Renewal {
    fn default() -> Self {
        Self {
            suspect: None,
            brought: None,
            begun: None,
            pause: RENEWAL_PAUSE,
        }
    }
}

impl Renewal {
    fn has_not_helped(&mut self) {
        self.pause = (self.pause * 2).min(RENEWAL_PAUSE_MAX);
    }
}

impl Renewals {
    /// An upstream responded 401 to this version.
    pub(crate) fn refused(&mut self, service: ServiceId, version: i64) {
        let renewal = self.0.entry(service).or_default();
        if renewal.brought == Some(version) {
            renewal.brought = None;
            renewal.has_not_helped();
        }
        renewal.suspect = Some(version);
    }

    /// An upstream took this version.
    pub(crate) fn accepted(&mut self, service: ServiceId, version: i64) {
        let Some(renewal) = self.0.get_mut(&service) else {
            return;
        };
        if renewal.suspect == Some(version) {
            renewal.suspect = None;
        }
        if renewal.brought == Some(version) {
            renewal.brought = None;
            renewal.pause = RENEWAL_PAUSE;
        }
    }

    /// Whether this version was refused and not renewed since.
    pub(crate) fn is_suspect(&self, service: ServiceId, version: i64) -> bool {
        self.0
            .get(&service)
            .is_some_and(|renewal| renewal.suspect == Some(version))
    }

    /// Whether a refused version is to be renewed now. If so, the pause begins.
    pub(crate) fn begin(&mut self, service: ServiceId, version: i64, now: Instant) -> bool {
        let Some(renewal) = self.0.get_mut(&service) else {
            return false;
        };
        let is_due = renewal
            .begun
            .is_none_or(|begun| now.saturating_duration_since(begun) >= renewal.pause);
        if !is_due || renewal.suspect != Some(version) {
            return false;
        }
        renewal.begun = Some(now);
        true
    }

    /// A fetch has ended: with the version that it brought, or without one.
    pub(crate) fn ended(&mut self, service: ServiceId, brought: Option<i64>) {
        let Some(renewal) = self.0.get_mut(&service) else {
            return;
        };
        match brought {
            Some(version) => {
                renewal.suspect = None;
                renewal.brought = Some(version);
            }
            None => renewal.has_not_helped(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: ServiceId = ServiceId(1);

    /// How many renewals there are if every request in this time is refused.
    fn renewals_in(time: Duration, mut renew: impl FnMut(u64) -> Option<i64>) -> u64 {
        let mut renewals = Renewals::default();
        let start = Instant::now();
        let (mut version, mut count) = (1, 0);
        for second in 0..time.as_secs() {
            renewals.refused(MAIL, version);
            if renewals.begin(MAIL, version, start + Duration::from_secs(second)) {
                count += 1;
                let brought = renew(count);
                renewals.ended(MAIL, brought);
                version = brought.unwrap_or(version);
            }
        }
        count
    }

    #[test]
    fn an_upstream_that_takes_no_token_causes_ever_fewer_renewals() {
        let hour = Duration::from_hours(1);
        // At 0, 2, 6, 14 and 30 minutes.
        assert_eq!(renewals_in(hour, |n| i64::try_from(n + 1).ok()), 5);
        assert_eq!(renewals_in(hour, |_| None), 5);
        assert_eq!(renewals_in(24 * hour, |_| None), 28);
    }

    #[test]
    fn a_token_that_is_taken_ends_the_suspicion_and_the_long_pauses() {
        let mut renewals = Renewals::default();
        let mut now = Instant::now();
        renewals.refused(MAIL, 1);
        assert!(renewals.begin(MAIL, 1, now));
        renewals.ended(MAIL, Some(2));
        for version in 2..5 {
            renewals.accepted(MAIL, version);
            assert!(!renewals.is_suspect(MAIL, version));
            assert!(!renewals.begin(MAIL, version, now + RENEWAL_PAUSE));
            renewals.refused(MAIL, version);
            assert!(!renewals.begin(MAIL, version, now + RENEWAL_PAUSE / 2));
            now += RENEWAL_PAUSE;
            assert!(renewals.begin(MAIL, version, now));
            renewals.ended(MAIL, Some(version + 1));
        }
    }

    #[test]
    fn a_late_refusal_of_an_old_token_renews_nothing() {
        let mut renewals = Renewals::default();
        let now = Instant::now();
        renewals.refused(MAIL, 1);
        assert!(renewals.begin(MAIL, 1, now));
        renewals.ended(MAIL, Some(2));
        renewals.refused(MAIL, 1);
        assert!(!renewals.is_suspect(MAIL, 2));
        assert!(!renewals.begin(MAIL, 2, now + RENEWAL_PAUSE_MAX));
    }
}

//! How often a token is renewed because an upstream refused it.
//!
//! Any agent can provoke a 401. A renewal may use up a refresh token that works only once, and creates a
//! new version of the credential. So renewals for this reason are rare, and rarer still if they do not help.

use std::collections::HashMap;
use std::time::Duration;

use gaiterguard_domain::id::ServiceId;
use tokio::time::Instant;

/// The shortest time between two renewals of one service's token after a 401. Token endpoints limit
/// clients by the minute, and a token that is revoked more often than that is useless.
const RENEWAL_PAUSE: Duration = Duration::from_mins(1);

/// The longest such time, after renewals that failed or whose token was refused as well. An operator who
/// has fixed the problem at the upstream waits at most an hour.
const RENEWAL_PAUSE_MAX: Duration = Duration::from_hours(1);

/// The versions that upstreams have refused, and when each service's token was last renewed for it.
#[derive(Default)]
pub(crate) struct Renewals(HashMap<ServiceId, Renewal>);

struct Renewal {
    /// The version of the credential that was refused.
    suspect: Option<i64>,
    /// The version that the last renewal created, until an upstream has accepted it.
    created: Option<i64>,
    begun: Option<Instant>,
    pause: Duration,
}

impl Default for Renewal {
    fn default() -> Self {
        Self {
            suspect: None,
            created: None,
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
    /// Records that an upstream responded with 401 to this version.
    pub(crate) fn refused(&mut self, service: ServiceId, version: i64) {
        let renewal = self.0.entry(service).or_default();
        if renewal.created == Some(version) {
            renewal.created = None;
            renewal.has_not_helped();
        }
        renewal.suspect = Some(version);
    }

    /// Records that an upstream accepted this version.
    pub(crate) fn accepted(&mut self, service: ServiceId, version: i64) {
        let Some(renewal) = self.0.get_mut(&service) else {
            return;
        };
        if renewal.suspect == Some(version) {
            renewal.suspect = None;
        }
        if renewal.created == Some(version) {
            renewal.created = None;
            renewal.pause = RENEWAL_PAUSE;
        }
    }

    /// Returns whether this version was refused and has not been renewed since.
    pub(crate) fn is_suspect(&self, service: ServiceId, version: i64) -> bool {
        self.0
            .get(&service)
            .is_some_and(|renewal| renewal.suspect == Some(version))
    }

    /// Returns whether a refused version should be renewed now. If so, the pause begins.
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

    /// Records the end of a fetch: the version that it created, or `None` if it failed.
    pub(crate) fn ended(&mut self, service: ServiceId, created: Option<i64>) {
        let Some(renewal) = self.0.get_mut(&service) else {
            return;
        };
        match created {
            Some(version) => {
                renewal.suspect = None;
                renewal.created = Some(version);
            }
            None => renewal.has_not_helped(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: ServiceId = ServiceId(1);

    /// Counts the renewals if every request in this time is refused.
    fn renewals_in(time: Duration, mut renew: impl FnMut(u64) -> Option<i64>) -> u64 {
        let mut renewals = Renewals::default();
        let start = Instant::now();
        let (mut version, mut count) = (1, 0);
        for second in 0..time.as_secs() {
            renewals.refused(MAIL, version);
            if renewals.begin(MAIL, version, start + Duration::from_secs(second)) {
                count += 1;
                let created = renew(count);
                renewals.ended(MAIL, created);
                version = created.unwrap_or(version);
            }
        }
        count
    }

    #[test]
    fn an_upstream_that_refuses_every_token_causes_fewer_and_fewer_renewals() {
        let hour = Duration::from_hours(1);
        // At 0, 2, 6, 14 and 30 minutes.
        assert_eq!(renewals_in(hour, |n| i64::try_from(n + 1).ok()), 5);
        assert_eq!(renewals_in(hour, |_| None), 5);
        assert_eq!(renewals_in(24 * hour, |_| None), 28);
    }

    #[test]
    fn an_accepted_token_ends_the_suspicion_and_the_long_pauses() {
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

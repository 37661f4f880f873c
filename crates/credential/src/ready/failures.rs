//! The access tokens that could not be fetched, and when the next attempt is due.
//!
//! A refresh token that is dead for good must not cause a request to the token endpoint for each request of
//! an agent: providers lock out clients that fail too often.

use std::collections::HashMap;
use std::time::Duration;

use gaiterguard_domain::id::{DataKeyId, ServiceId};
use gaiterguard_domain::time::Timestamp;

use super::CredentialUnavailable;

/// How many attempts in a row may fail without a pause, so that a short outage of the endpoint is over for
/// the next request.
const ATTEMPTS_WITHOUT_PAUSE: u32 = 2;

/// The first pause. Each later one is twice as long.
const PAUSE_MIN: Duration = Duration::from_secs(2);

/// The longest pause after an endpoint that was out of order, which may be back at any time.
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// The longest pause after an endpoint that refuses the client or the grant. Only the operator can help, and
/// a new credential ends the pause.
const PAUSE_MAX_IF_FINAL: Duration = Duration::from_hours(1);

/// An access token that this process could not fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRenewal {
    /// When the first of these attempts failed.
    pub since: Timestamp,
    /// When the last one failed.
    pub last_at: Timestamp,
    /// Why it failed, without a secret.
    pub reason: String,
}

/// The fetches that failed, until one succeeds or the credential is changed.
#[derive(Default)]
pub(super) struct Failures(HashMap<ServiceId, Failure>);

struct Failure {
    /// The data key of the credential that failed.
    of: DataKeyId,
    since: Timestamp,
    last_at: Timestamp,
    attempts: u32,
    error: CredentialUnavailable,
}

impl Failure {
    fn is_worth_a_report(&self) -> bool {
        !self.error.is_own_failure()
            && (self.error.is_refused() || self.attempts > ATTEMPTS_WITHOUT_PAUSE)
    }

    fn next_at(&self) -> Timestamp {
        let Some(paused) = self.attempts.checked_sub(ATTEMPTS_WITHOUT_PAUSE + 1) else {
            return self.last_at;
        };
        let pause_max = match &self.error {
            CredentialUnavailable::Token(error) if error.is_final() => PAUSE_MAX_IF_FINAL,
            _ => PAUSE_MAX,
        };
        let pause = PAUSE_MIN.saturating_mul(2_u32.saturating_pow(paused));
        self.last_at.after(pause.min(pause_max))
    }
}

impl Failures {
    /// Records that a fetch with the credential under this data key failed. Returns whether an operator should
    /// be notified now: at the first refusal, or at the first outage that has lasted several attempts.
    pub(super) fn note(
        &mut self,
        service: ServiceId,
        of: DataKeyId,
        now: Timestamp,
        error: &CredentialUnavailable,
    ) -> bool {
        let before = self.of(service, of);
        let failure = Failure {
            of,
            since: before.map_or(now, |before| before.since),
            last_at: now,
            attempts: before.map_or(0, |before| before.attempts).saturating_add(1),
            error: error.clone(),
        };
        let was_reported = before.is_some_and(Failure::is_worth_a_report);
        let is_new = !was_reported && failure.is_worth_a_report();
        self.0.insert(service, failure);
        is_new
    }

    /// Forgets the failures of a service.
    pub(super) fn clear(&mut self, service: ServiceId) {
        self.0.remove(&service);
    }

    /// Returns whether a fetch with this credential has failed before.
    pub(super) fn is_failing(&self, service: ServiceId, of: DataKeyId) -> bool {
        self.of(service, of).is_some()
    }

    /// Returns why the last attempt failed if the next one is not due yet. A failure of the gateway's own
    /// storage is not remembered, because no other party is to be spared.
    pub(super) fn pausing(
        &self,
        service: ServiceId,
        of: DataKeyId,
        now: Timestamp,
    ) -> Option<CredentialUnavailable> {
        let failure = self.of(service, of)?;
        let is_paused = !failure.error.is_own_failure() && now < failure.next_at();
        is_paused.then(|| failure.error.clone())
    }

    /// Returns the last failure with this credential.
    pub(super) fn shown(&self, service: ServiceId, of: DataKeyId) -> Option<FailedRenewal> {
        let failure = self.of(service, of)?;
        Some(FailedRenewal {
            since: failure.since,
            last_at: failure.last_at,
            reason: failure.error.to_string(),
        })
    }

    fn of(&self, service: ServiceId, of: DataKeyId) -> Option<&Failure> {
        self.0.get(&service).filter(|failure| failure.of == of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token_endpoint::TokenError;

    const MAIL: ServiceId = ServiceId(1);

    /// Counts the attempts of a request each second.
    fn attempts_in(seconds: i64, error: TokenError) -> u32 {
        let mut failures = Failures::default();
        let key = DataKeyId(1);
        let error = CredentialUnavailable::from(error);
        let mut attempts = 0;
        for second in 0..seconds {
            let now = Timestamp(second * 1000);
            if failures.pausing(MAIL, key, now).is_none() {
                attempts += 1;
                failures.note(MAIL, key, now, &error);
            }
        }
        attempts
    }

    #[test]
    fn an_endpoint_that_refuses_is_asked_less_and_less() {
        let dead = || TokenError::Refused {
            status: 400,
            code: Some("invalid_grant"),
        };
        assert_eq!(attempts_in(30, dead()), 6);
        assert_eq!(attempts_in(3_600, dead()), 13);
        assert_eq!(attempts_in(24 * 3_600, dead()), 36);
    }

    #[test]
    fn an_endpoint_that_is_out_of_order_is_asked_each_minute() {
        let outage = TokenError::NoResponse("no".to_owned());
        assert_eq!(attempts_in(3_600, outage), 66);
    }

    #[test]
    fn a_refusal_is_reported_immediately_and_an_outage_when_it_lasts() {
        let reports = |errors: &[TokenError]| {
            let mut failures = Failures::default();
            let mut note = |(second, error): (i64, &TokenError)| {
                let error = CredentialUnavailable::from(error.clone());
                failures.note(MAIL, DataKeyId(1), Timestamp(second * 1000), &error)
            };
            (0..).zip(errors).map(&mut note).collect::<Vec<_>>()
        };
        let outage = TokenError::NoResponse("no".to_owned());
        let dead = TokenError::Refused {
            status: 400,
            code: Some("invalid_grant"),
        };
        assert_eq!(reports(&[dead.clone(), dead.clone()]), [true, false]);
        let outages = vec![outage.clone(); 4];
        assert_eq!(reports(&outages), [false, false, true, false]);
        assert_eq!(reports(&[outage, dead]), [false, true]);
    }

    #[test]
    fn a_new_credential_is_tried_immediately() {
        let mut failures = Failures::default();
        let error = CredentialUnavailable::from(TokenError::Unusable("no"));
        for _ in 0..9 {
            failures.note(MAIL, DataKeyId(1), Timestamp(0), &error);
        }
        assert!(failures.pausing(MAIL, DataKeyId(1), Timestamp(1)).is_some());
        assert!(failures.pausing(MAIL, DataKeyId(2), Timestamp(1)).is_none());
        assert!(failures.shown(MAIL, DataKeyId(2)).is_none());
    }
}

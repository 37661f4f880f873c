//! Renewing access tokens that no request has asked for.
//!
//! So an agent does not wait for a token endpoint, and a refresh token that died is reported before an agent
//! fails because of it.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use gaiterguard_domain::service::{AuthType, Service};
use gaiterguard_domain::time::Timestamp;

use super::freshness::renewal_due_at;
use super::{Cause, Credentials};
use crate::credential::Credential;

/// The shortest time between two attempts for one service, and between a new credential and the first one.
/// Providers count the tokens that they issue, and those of an idle service serve nobody.
const ATTEMPT_PAUSE: Duration = Duration::from_mins(5);

/// The most tokens that are fetched at the same time: a token endpoint that hangs must not delay all others,
/// and requests that need a token now have to find connections and memory.
const RENEWALS_MAX: usize = 8;

impl Credentials {
    /// Fetches the access tokens that were due for renewal at `due_by` and that no request has renewed since.
    /// Failures are remembered as those of requests are, and reported in the audit log.
    pub async fn renew_due<S>(&self, services: &[Arc<S>], due_by: Timestamp)
    where
        S: Deref<Target = Service>,
    {
        let services = services.iter().map(|service| &***service);
        stream::iter(services.filter(|service| service.auth_type == AuthType::Oauth2))
            .for_each_concurrent(RENEWALS_MAX, |service| self.renew_if_due(service, due_by))
            .await;
    }

    async fn renew_if_due(&self, service: &Service, due_by: Timestamp) {
        // One that is missing or cannot be opened is reported to the request that needs it.
        let Ok((latest, Credential::Oauth2Grant(grant))) = self.latest(service).await else {
            return;
        };
        let due_at = match &grant.access {
            Some(access) => renewal_due_at(access)
                .map(|due_at| due_at.max(access.fetched_at.after(ATTEMPT_PAUSE))),
            None => Some(service.updated_at.after(ATTEMPT_PAUSE)),
        };
        if due_at.is_none_or(|due_at| due_at > due_by) || self.has_failed_recently(service, due_by)
        {
            return;
        }
        // Failures are noted where the fetch ends.
        let _ = Box::pin(self.renewed(service, &latest, Cause::Time)).await;
    }

    fn has_failed_recently(&self, service: &Service, now: Timestamp) -> bool {
        self.failed_renewal(service)
            .is_some_and(|failed| failed.last_at.after(ATTEMPT_PAUSE) > now)
    }
}

//! How long a credential can still be used.

use std::time::Duration;

use gaiterguard_domain::time::Timestamp;

use crate::credential::Credential;
use crate::grant::AccessToken;

/// The longest time before its expiry at which a token is renewed. A minute covers clock skew and the
/// time that a request takes. A token that lives less than ten minutes is renewed after nine tenths of
/// its life.
const RENEWAL_MARGIN_MAX: Duration = Duration::from_mins(1);

/// How long a credential can still be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh,
    /// Valid, but due for renewal.
    Ending,
    /// Without a valid access token.
    Stale,
}

pub(super) fn freshness(credential: &Credential, now: Timestamp) -> Freshness {
    let Credential::Oauth2Grant(grant) = credential else {
        return Freshness::Fresh;
    };
    let Some(access) = &grant.access else {
        return Freshness::Stale;
    };
    let Some(expires_at) = access.expires_at else {
        return Freshness::Fresh;
    };
    if expires_at <= now {
        Freshness::Stale
    } else if renewal_due_at(access).is_some_and(|due_at| due_at <= now) {
        Freshness::Ending
    } else {
        Freshness::Fresh
    }
}

/// Returns when a token should be renewed. `None` if nobody knows when it expires.
pub(super) fn renewal_due_at(access: &AccessToken) -> Option<Timestamp> {
    let expires_at = access.expires_at?;
    let lifetime = access.fetched_at.until(expires_at);
    Some(expires_at.before(RENEWAL_MARGIN_MAX.min(lifetime / 10)))
}

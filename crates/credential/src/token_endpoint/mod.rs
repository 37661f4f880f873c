//! One exchange with a token endpoint (RFC 6749): the request, and which responses are accepted.
//!
//! The endpoint is dialed with the same address checks as every upstream. Its responses hold secrets, so
//! nothing of them is ever reported except the error codes that the RFC names.

mod error;
mod request;
mod response;

use gaiterguard_domain::time::Timestamp;
use gaiterguard_upstream::{PoolKey, Upstream};

use crate::exchange::{ExchangeFailed, exchange};
use crate::grant::{ClientAuthentication, OauthGrant};
use response::Fetched;

pub use error::TokenError;
pub(crate) use request::{AuthorizationCode, Presented};

/// Requests an access token with what is presented. If the endpoint does not accept how the client
/// authenticates, it does so in another way. Returns the way that was accepted, too.
pub(crate) async fn fetch(
    upstream: &Upstream,
    pool: PoolKey,
    grant: &OauthGrant,
    presented: Presented<'_>,
    now: Timestamp,
) -> Result<(Fetched, ClientAuthentication), TokenError> {
    let (first, others) = grant.authentications();
    let mut outcome = token(upstream, pool, grant, presented, first, now).await;
    let mut used = first;
    for other in others {
        match &outcome {
            Err(error) if error.may_be_about_authentication() => {
                outcome = token(upstream, pool, grant, presented, *other, now).await;
                used = *other;
            }
            _ => break,
        }
    }
    Ok((outcome?, used))
}

async fn token(
    upstream: &Upstream,
    pool: PoolKey,
    grant: &OauthGrant,
    presented: Presented<'_>,
    authentication: ClientAuthentication,
    now: Timestamp,
) -> Result<Fetched, TokenError> {
    let outbound = request::request(pool, grant, presented, authentication)?;
    let (status, response) = exchange(upstream, outbound).await?;
    response::parse(status, &response, grant.response_pointer.as_deref(), now)
}

impl From<ExchangeFailed> for TokenError {
    fn from(failed: ExchangeFailed) -> Self {
        match failed {
            ExchangeFailed::NoResponse(reason) => Self::NoResponse(reason),
            ExchangeFailed::TooLong => Self::Unusable("it is longer than 64 KiB"),
        }
    }
}

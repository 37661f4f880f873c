//! One exchange with a token endpoint (RFC 6749): the request, and which responses are accepted.
//!
//! The endpoint is dialed with the same address checks as every upstream. Its responses hold secrets, so
//! nothing of them is ever reported except the error codes that the RFC names.

mod error;
mod request;
mod response;

use std::time::Duration;

use gaiterguard_domain::time::Timestamp;
use gaiterguard_upstream::{Inbound, InboundBody, PoolKey, Upstream};
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::grant::{ClientAuthentication, OauthGrant};

pub use error::TokenError;

use response::Fetched;

/// The longest response that is read, in bytes. Token responses are a few KiB; this is ample and
/// bounds the memory that an endpoint can make the gateway use.
const RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// How long one exchange may take as a whole. The request that needs the token waits for it.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Requests an access token: with the refresh token if there is one, else with the client credentials.
/// If the endpoint does not accept how the client authenticates, it does so in another way. Returns the
/// way that was accepted, too.
pub(crate) async fn fetch(
    upstream: &Upstream,
    pool: PoolKey,
    grant: &OauthGrant,
    now: Timestamp,
) -> Result<(Fetched, ClientAuthentication), TokenError> {
    let (first, others) = grant.authentications();
    let mut outcome = exchange(upstream, pool, grant, first, now).await;
    let mut used = first;
    for other in others {
        match &outcome {
            Err(error) if error.may_be_about_authentication() => {
                outcome = exchange(upstream, pool, grant, *other, now).await;
                used = *other;
            }
            _ => break,
        }
    }
    Ok((outcome?, used))
}

async fn exchange(
    upstream: &Upstream,
    pool: PoolKey,
    grant: &OauthGrant,
    authentication: ClientAuthentication,
    now: Timestamp,
) -> Result<Fetched, TokenError> {
    let outbound = request::request(pool, grant, authentication)?;
    let exchanged = timeout(EXCHANGE_TIMEOUT, async {
        let inbound = upstream
            .send(outbound, &CancellationToken::new())
            .await
            .map_err(|error| TokenError::NoResponse(error.to_string()))?;
        let Inbound { status, body, .. } = inbound;
        Ok((status, read(body).await?))
    });
    let (status, response) = exchanged
        .await
        .map_err(|_| TokenError::NoResponse("it took too long".to_owned()))??;
    response::parse(status, &response, grant.response_pointer.as_deref(), now)
}

async fn read(mut body: InboundBody) -> Result<Zeroizing<Vec<u8>>, TokenError> {
    let mut response = Zeroizing::new(Vec::with_capacity(RESPONSE_BYTES_MAX));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| TokenError::NoResponse(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            if response.len() + data.len() > RESPONSE_BYTES_MAX {
                return Err(TokenError::Unusable("it is longer than 64 KiB"));
            }
            response.extend_from_slice(&data);
        }
    }
    Ok(response)
}

//! One exchange with a token endpoint or a provider's metadata: whole responses, with limits.

use std::time::Duration;

use gaiterguard_upstream::{Inbound, InboundBody, Outbound, Upstream};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// The longest response that is read, in bytes. Token responses and metadata are a few KiB; this is ample and
/// bounds the memory that an endpoint can make the gateway use.
const RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// How long one exchange may take as a whole. A request that needs the token waits for it.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Why an exchange gave no response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeFailed {
    /// The endpoint could not be reached, or its response did not arrive.
    #[error("{0}")]
    NoResponse(String),
    /// The response is too long.
    #[error("it is longer than 64 KiB")]
    TooLong,
}

/// Sends a request and returns the status and the body of its response, which may hold secrets.
pub(crate) async fn exchange(
    upstream: &Upstream,
    outbound: Outbound,
) -> Result<(StatusCode, Zeroizing<Vec<u8>>), ExchangeFailed> {
    let exchanged = timeout(EXCHANGE_TIMEOUT, async {
        let inbound = upstream
            .send(outbound, &CancellationToken::new())
            .await
            .map_err(|error| ExchangeFailed::NoResponse(error.to_string()))?;
        let Inbound { status, body, .. } = inbound;
        Ok((status, read(body).await?))
    });
    exchanged
        .await
        .map_err(|_| ExchangeFailed::NoResponse("it took too long".to_owned()))?
}

async fn read(mut body: InboundBody) -> Result<Zeroizing<Vec<u8>>, ExchangeFailed> {
    let mut response = Zeroizing::new(Vec::with_capacity(RESPONSE_BYTES_MAX));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ExchangeFailed::NoResponse(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            if response.len() + data.len() > RESPONSE_BYTES_MAX {
                return Err(ExchangeFailed::TooLong);
            }
            response.extend_from_slice(&data);
        }
    }
    Ok(response)
}

//! One exchange with the provider: whole responses, with limits.

use std::time::Duration;

use bytes::Bytes;
use gaiterguard_domain::target::Target;
use gaiterguard_upstream::{Inbound, Origin, Outbound, PoolKey, SendOptions, Upstream};
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::error::OidcError;

/// The longest response that is read, in bytes. Large providers publish some 30 KiB of keys.
const RESPONSE_BYTES_MAX: usize = 256 * 1024;

/// How long one exchange may take as a whole. A person waits for it.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(15);

/// The connections to the provider have a pool of their own.
const POOL: PoolKey = PoolKey {
    service_id: 0,
    target_version: 0,
};

/// Reads a document. `bearer` is the access token, if one is needed.
pub(crate) async fn get(
    upstream: &Upstream,
    target: &Target,
    bearer: Option<&str>,
) -> Result<(StatusCode, Zeroizing<Vec<u8>>), OidcError> {
    let authorization = bearer.map(|token| Zeroizing::new(format!("Bearer {token}")));
    send(upstream, target, Method::GET, authorization, None).await
}

/// Sends a form. `authorization` is the value of the header, if one is needed.
pub(crate) async fn post(
    upstream: &Upstream,
    target: &Target,
    authorization: Option<Zeroizing<String>>,
    form: String,
) -> Result<(StatusCode, Zeroizing<Vec<u8>>), OidcError> {
    send(upstream, target, Method::POST, authorization, Some(form)).await
}

async fn send(
    upstream: &Upstream,
    target: &Target,
    method: Method,
    authorization: Option<Zeroizing<String>>,
    form: Option<String>,
) -> Result<(StatusCode, Zeroizing<Vec<u8>>), OidcError> {
    let unsendable = || OidcError::Unreachable("its URL or credential cannot be sent".to_owned());
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Some(authorization) = authorization {
        let value = HeaderValue::try_from(authorization.as_str());
        let mut value = value.map_err(|_| unsendable())?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    if form.is_some() {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
    }
    let path_and_query = PathAndQuery::try_from(target.path_and_query());
    let outbound = Outbound {
        pool: POOL,
        origin: Origin::from(target.origin()),
        method,
        path_and_query: path_and_query.map_err(|_| unsendable())?,
        headers,
        web_socket: false,
        body: Bytes::from(form.unwrap_or_default()).into(),
        options: SendOptions::default(),
    };
    match timeout(EXCHANGE_TIMEOUT, exchange(upstream, outbound)).await {
        Ok(exchanged) => exchanged.map_err(OidcError::Unreachable),
        Err(_) => Err(OidcError::Unreachable("it took too long".to_owned())),
    }
}

async fn exchange(
    upstream: &Upstream,
    outbound: Outbound,
) -> Result<(StatusCode, Zeroizing<Vec<u8>>), String> {
    let sent = upstream.send(outbound, &CancellationToken::new()).await;
    let Inbound {
        status, mut body, ..
    } = sent.map_err(|error| error.to_string())?;
    let mut response = Zeroizing::new(Vec::new());
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|error| error.to_string())?.into_data() {
            if response.len() + data.len() > RESPONSE_BYTES_MAX {
                return Err("its response is longer than 256 KiB".to_owned());
            }
            response.extend_from_slice(&data);
        }
    }
    Ok((status, response))
}

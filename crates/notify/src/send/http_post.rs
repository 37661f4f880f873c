//! A POST to the URL of a channel, through the gateway's own connections: the address rules of upstreams apply to
//! what is dialed, and no redirect is followed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gaiterguard_domain::header::OWN_USER_AGENT;
use gaiterguard_domain::target::Target;
use gaiterguard_upstream::{Inbound, InboundBody, Origin, Outbound, OutboundBody};
use gaiterguard_upstream::{PoolKey, SendOptions};
use http::header::{
    ACCEPT_ENCODING, CONTENT_TYPE, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, USER_AGENT,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use hyper::upgrade::Upgraded;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::channel::Channel;
use crate::context::Context;
use crate::retry;
use crate::send::outcome::{Accepted, NotAccepted};

/// How long a receiver may take to respond. The specification of webhooks recommends 15 to 30 seconds; receivers
/// should respond before they do any work.
const RESPONSE_MAX: Duration = Duration::from_secs(15);

/// The longest response that is read, in bytes. Those that are needed have a few KiB.
const RESPONSE_BYTES_MAX: usize = 64 * 1024;

/// Channels share no connection with a service: the ids of services are positive, and -1 is documentation.
const POOL_OFFSET: i64 = -2;

/// Sends JSON to a URL. Any response but a success is an error.
pub(super) async fn json(
    context: &Context,
    channel: &Channel,
    url: &str,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Result<Accepted, NotAccepted> {
    let inbound = exchange(context, channel, url, headers, body, RESPONSE_MAX).await?;
    if inbound.status.is_success() {
        return Ok(Accepted::default());
    }
    Err(refused(context, &inbound))
}

/// Sends bytes to a URL and returns the status, with the error that it is if it is not a success.
pub(super) async fn bytes(
    context: &Context,
    channel: &Channel,
    url: &str,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Result<(StatusCode, NotAccepted), NotAccepted> {
    let inbound = exchange(context, channel, url, headers, body, RESPONSE_MAX).await?;
    Ok((inbound.status, refused(context, &inbound)))
}

/// Sends JSON to a URL and returns the response as JSON, or null if it is not JSON.
pub(super) async fn json_response(
    context: &Context,
    channel: &Channel,
    url: &str,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Result<(Value, NotAccepted), NotAccepted> {
    json_response_within(context, channel, url, headers, body, RESPONSE_MAX).await
}

/// As [`json_response`], with the longest time until the response begins.
pub(super) async fn json_response_within(
    context: &Context,
    channel: &Channel,
    url: &str,
    headers: HeaderMap,
    body: Vec<u8>,
    response_max: Duration,
) -> Result<(Value, NotAccepted), NotAccepted> {
    let inbound = exchange(context, channel, url, headers, body, response_max).await?;
    let refused = refused(context, &inbound);
    let bytes = read(inbound.body).await.unwrap_or_default();
    Ok((serde_json::from_slice(&bytes).unwrap_or_default(), refused))
}

async fn exchange(
    context: &Context,
    channel: &Channel,
    url: &str,
    mut headers: HeaderMap,
    body: Vec<u8>,
    response_max: Duration,
) -> Result<Inbound, NotAccepted> {
    let (origin, path_and_query) = address(url)?;
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(OWN_USER_AGENT));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let outbound = Outbound {
        pool: PoolKey {
            service_id: POOL_OFFSET.saturating_sub(channel.id().0),
            target_version: channel.stored.revision,
        },
        origin,
        method: Method::POST,
        path_and_query,
        headers,
        web_socket: false,
        body: OutboundBody::Full(Bytes::from(body)),
        options: SendOptions {
            // Messages are rare, so a connection that is kept has often been closed by then.
            fresh_connection: true,
            first_byte_timeout: Some(response_max),
            ..SendOptions::default()
        },
    };
    context
        .upstream
        .send(outbound, &CancellationToken::new())
        .await
        .map_err(|error| NotAccepted::failed(error.to_string()))
}

/// Splits a URL. It may hold a token, so the error does not say more.
fn address(url: &str) -> Result<(Origin, PathAndQuery), NotAccepted> {
    let target = Target::parse(url).map_err(|_| NotAccepted::failed("the URL is not valid"))?;
    let path_and_query = PathAndQuery::try_from(target.path_and_query())
        .map_err(|_| NotAccepted::failed("the URL cannot be sent"))?;
    Ok((Origin::from(target.origin()), path_and_query))
}

/// Opens a WebSocket at an http or https URL.
pub(super) async fn web_socket(
    context: &Context,
    channel: &Channel,
    url: &str,
) -> Result<Upgraded, NotAccepted> {
    let (origin, path_and_query) = address(url)?;
    // The key proves nothing to this side: the upstream client checks that the protocol was switched.
    let key = STANDARD.encode(Uuid::new_v4().into_bytes());
    let key = HeaderValue::try_from(key).map_err(|_| NotAccepted::failed("no key"))?;
    let outbound = Outbound {
        pool: PoolKey {
            service_id: POOL_OFFSET.saturating_sub(channel.id().0),
            target_version: channel.stored.revision,
        },
        origin,
        method: Method::GET,
        path_and_query,
        headers: HeaderMap::from_iter([
            (USER_AGENT, HeaderValue::from_static(OWN_USER_AGENT)),
            (SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
            (SEC_WEBSOCKET_KEY, key),
        ]),
        web_socket: true,
        body: OutboundBody::Empty,
        options: SendOptions {
            fresh_connection: true,
            first_byte_timeout: Some(RESPONSE_MAX),
            ..SendOptions::default()
        },
    };
    let inbound = context
        .upstream
        .send(outbound, &CancellationToken::new())
        .await
        .map_err(|error| NotAccepted::failed(error.to_string()))?;
    let error = refused(context, &inbound);
    inbound.switched.ok_or(error)
}

/// Returns the error that a response is, if it is not a success.
fn refused(context: &Context, inbound: &Inbound) -> NotAccepted {
    let status = inbound.status;
    let error = if status.is_redirection() {
        format!(
            "the receiver redirects ({}), which is not followed",
            status.as_u16()
        )
    } else {
        format!("the receiver responded with {}", status.as_u16())
    };
    NotAccepted {
        error,
        retry_after: retry::asked(&inbound.headers, context.now()),
        is_gone: status == StatusCode::GONE,
    }
}

async fn read(mut body: InboundBody) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.ok()?.into_data() {
            if bytes.len() + data.len() > RESPONSE_BYTES_MAX {
                return None;
            }
            bytes.extend_from_slice(&data);
        }
    }
    Some(bytes)
}

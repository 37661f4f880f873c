//! An upstream client with short timeouts, and requests to a test server.

use std::time::Duration;

use bytes::Bytes;
use gaiterguard_upstream::{
    Inbound, InboundError, Outbound, OutboundBody, PoolKey, SendError, SendOptions, Upstream,
    UpstreamSettings, parse_private_allow,
};
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use tokio_util::sync::CancellationToken;

use crate::server::Server;

/// Long enough for a busy machine to respond, short enough to wait for.
pub(crate) const FIRST_BYTE_TIMEOUT: Duration = Duration::from_millis(400);
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_millis(400);
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);
/// The limit for things that must happen immediately, even on a busy machine.
pub(crate) const IMMEDIATELY: Duration = Duration::from_secs(1);

pub(crate) fn settings() -> UpstreamSettings {
    UpstreamSettings {
        connect_timeout: CONNECT_TIMEOUT,
        first_byte_timeout: FIRST_BYTE_TIMEOUT,
        idle_timeout: IDLE_TIMEOUT,
        private_allow: parse_private_allow("127.0.0.0/8,::1/128").unwrap(),
        hosts: vec![],
        proxy: None,
        ca_file: None,
        own_listeners: vec![],
    }
}

pub(crate) fn upstream() -> Upstream {
    Upstream::new(settings()).unwrap()
}

pub(crate) fn key() -> PoolKey {
    PoolKey {
        service_id: 1,
        target_version: 1,
    }
}

pub(crate) fn request(server: &Server, method: Method, path_and_query: &'static str) -> Outbound {
    Outbound {
        pool: key(),
        origin: server.origin(),
        method,
        path_and_query: path_and_query.parse().unwrap(),
        headers: HeaderMap::new(),
        web_socket: false,
        body: OutboundBody::Empty,
        options: SendOptions::default(),
    }
}

pub(crate) fn get(server: &Server) -> Outbound {
    request(server, Method::GET, "/")
}

pub(crate) async fn send(upstream: &Upstream, outbound: Outbound) -> Result<Inbound, SendError> {
    upstream.send(outbound, &CancellationToken::new()).await
}

/// Returns the next piece of a response's body. Panics if there is none.
pub(crate) async fn next_piece(inbound: &mut Inbound) -> Bytes {
    let frame = inbound.body.frame().await.expect("the body has not ended");
    frame.unwrap().into_data().unwrap()
}

pub(crate) async fn read(inbound: Inbound) -> Result<Bytes, InboundError> {
    inbound
        .body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
}

/// Sends a request and reads its response to the end.
pub(crate) async fn receive(upstream: &Upstream, outbound: Outbound) -> Bytes {
    read(send(upstream, outbound).await.unwrap()).await.unwrap()
}

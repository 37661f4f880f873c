//! Tests with real servers on this machine: well-behaved ones, and ones that hang, cut the connection,
//! send nonsense or close at the worst moment.

mod cancelling;
mod destinations;
mod failures;
mod pooling;
mod requests;
mod resolving;
mod responses;
mod server;
mod tls;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use tokio_util::sync::CancellationToken;

use self::server::Server;
use super::*;

/// Long enough for a busy machine to respond, short enough to wait for.
const FIRST_BYTE_TIMEOUT: Duration = Duration::from_millis(400);
const IDLE_TIMEOUT: Duration = Duration::from_millis(400);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);
/// The limit for things that must happen immediately, even on a busy machine.
const IMMEDIATELY: Duration = Duration::from_secs(1);

fn settings() -> UpstreamSettings {
    UpstreamSettings {
        connect_timeout: CONNECT_TIMEOUT,
        first_byte_timeout: FIRST_BYTE_TIMEOUT,
        idle_timeout: IDLE_TIMEOUT,
        private_allow: parse_private_allow("127.0.0.0/8,::1/128").unwrap(),
        hosts: vec![],
        ca_file: None,
        own_listeners: vec![],
    }
}

fn upstream() -> Upstream {
    Upstream::new(settings()).unwrap()
}

fn key() -> PoolKey {
    PoolKey {
        service_id: 1,
        target_version: 1,
    }
}

fn request(server: &Server, method: Method, path_and_query: &'static str) -> Outbound {
    Outbound {
        pool: key(),
        origin: server.origin(),
        method,
        path_and_query: path_and_query.parse().unwrap(),
        headers: HeaderMap::new(),
        web_socket: false,
        body: OutboundBody::Empty,
    }
}

fn get(server: &Server) -> Outbound {
    request(server, Method::GET, "/")
}

async fn send(upstream: &Upstream, outbound: Outbound) -> Result<Inbound, SendError> {
    upstream.send(outbound, &CancellationToken::new()).await
}

async fn read(inbound: Inbound) -> Result<Bytes, InboundError> {
    inbound
        .body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
}

/// Sends a request and reads its response to the end.
async fn receive(upstream: &Upstream, outbound: Outbound) -> Bytes {
    read(send(upstream, outbound).await.unwrap()).await.unwrap()
}

//! Bursts of reads that are refused and sent again: how many connections they open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use gaiterguard_upstream::{Attempts, Outbound, Upstream};
use h2::Reason;
use http::Method;

use super::{Both, EITHER, acceptor, repeatable};
use crate::http2::{Call, echo, frames};
use crate::server::{Peer, Server};
use crate::support::read;
use crate::tls::{Authority, trusting};

/// Sends reads side by side, each as often as it may be sent, and returns the responses.
async fn persistent(upstream: &Upstream, reads: usize, get: impl Fn() -> Outbound) -> Vec<Bytes> {
    let token = tokio_util::sync::CancellationToken::new();
    let reads = (0..reads).map(async |_| {
        let mut attempts = Attempts::new(true);
        loop {
            let mut outbound = get();
            attempts.prepare(&mut outbound.options);
            outbound.options.first_byte_timeout = Some(Duration::from_secs(20));
            match upstream.send(outbound, &token).await {
                Ok(inbound) => return read(inbound).await.unwrap(),
                Err(error) => assert!(attempts.follow(&error, &token).await, "{error:?}"),
            }
        }
    });
    join_all(reads).await
}

#[tokio::test]
async fn a_burst_of_reads_that_is_refused_shares_the_connection_again() {
    const READS: usize = 97;
    let refused = Arc::new(AtomicUsize::new(0));
    let both = Both::start(EITHER, {
        let refused = Arc::clone(&refused);
        move |_, (request, mut response): Call| {
            let is_refused = refused.fetch_add(1, Ordering::SeqCst) < READS;
            async move {
                if is_refused {
                    response.send_reset(Reason::REFUSED_STREAM);
                } else {
                    echo((request, response)).await;
                }
            }
        }
    })
    .await;
    let upstream = both.upstream();
    let received = persistent(&upstream, READS, || both.get()).await;
    assert!(received.iter().all(|body| body == "hello"));
    assert_eq!(both.server.connections(), 1);
    assert_eq!(both.seen().len(), 2 * READS);
}

#[tokio::test]
async fn reads_that_are_refused_again_and_again_use_few_connections_of_http_1() {
    let both = Both::start(EITHER, |_, (_, mut response): Call| async move {
        response.send_reset(Reason::REFUSED_STREAM);
    })
    .await;
    let upstream = both.upstream();
    let received = persistent(&upstream, 40, || both.get()).await;
    assert!(received.iter().all(|body| body == "hello"));
    let seen = both.seen();
    let in_http_2 = seen.iter().filter(|seen| seen.is_http_2).count();
    assert_eq!((in_http_2, seen.len()), (3 * 40, 4 * 40));
    // One in HTTP/2, and one for each read that is apart at a time.
    assert!(both.server.connections() <= 9);
}

#[tokio::test]
async fn a_burst_of_reads_opens_one_connection_for_each_goodbye() {
    const READS: usize = 60;
    for alpn in [EITHER, &["h2"]] {
        let authority = Authority::new();
        let acceptor = acceptor(&authority, alpn);
        let server = Server::start(move |peer, connection| {
            let acceptor = acceptor.clone();
            async move {
                let stream = acceptor.accept(peer.stream).await.unwrap();
                if connection < 2 {
                    let log = peer.log;
                    let mut peer = Peer { stream, log };
                    peer.write_bytes(frames::SETTINGS).await;
                    // Reads are on their way when the server ends the connection.
                    frames::read_to_headers(&mut peer.stream).await;
                    peer.write_bytes(&frames::go_away(0)).await;
                    return peer.closed().await;
                }
                let mut builder = h2::server::Builder::new();
                builder.max_concurrent_streams(100);
                let mut connection = builder.handshake(stream).await.unwrap();
                while let Some(Ok(call)) = connection.accept().await {
                    tokio::spawn(echo(call));
                }
            }
        })
        .await;
        let upstream = trusting(Some(&authority));
        let received = persistent(&upstream, READS, || repeatable(&server, Method::GET, "/"));
        assert!(received.await.iter().all(|body| body == "hello"));
        assert_eq!(server.connections(), 3, "{alpn:?}");
    }
}

//! A cancelled call closes its connection immediately.

use std::time::{Duration, Instant};

use gaiterguard_upstream::{InboundError, SendError, Upstream};
use http_body_util::BodyExt;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::server::{Server, ok};
use crate::support::{IMMEDIATELY, get, next_piece, receive, send, settings, upstream};

/// Writes these bytes after each request's head and reports when the client closes.
async fn watched(raw: &'static str) -> (Server, mpsc::Receiver<()>) {
    let (closed, was_closed) = mpsc::channel(8);
    let server = Server::start(move |mut peer, _| {
        let closed = closed.clone();
        async move {
            peer.read_request().await;
            peer.write(raw).await;
            peer.closed().await;
            closed.send(()).await.unwrap();
        }
    })
    .await;
    (server, was_closed)
}

fn cancel_after(delay: Duration) -> CancellationToken {
    let token = CancellationToken::new();
    tokio::spawn({
        let token = token.clone();
        async move {
            sleep(delay).await;
            token.cancel();
        }
    });
    token
}

#[tokio::test]
async fn a_cancelled_call_sends_nothing() {
    let server = Server::responding(ok("ok")).await;
    let upstream = upstream();
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    for _ in 0..2 {
        let error = upstream.send(get(&server), &cancelled).await.unwrap_err();
        assert!(
            matches!(
                error,
                SendError::Cancelled {
                    may_have_been_sent: false
                }
            ),
            "{error:?}"
        );
        // The second time, an idle connection is in the pool.
        receive(&upstream, get(&server)).await;
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn cancelling_before_the_response_closes_the_connection() {
    let (server, mut was_closed) = watched("").await;
    let mut settings = settings();
    settings.first_byte_timeout = Duration::from_secs(30);
    let upstream = Upstream::new(settings).unwrap();
    let started = Instant::now();
    let token = cancel_after(Duration::from_millis(100));
    let error = upstream.send(get(&server), &token).await.unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Cancelled {
                may_have_been_sent: true
            }
        ),
        "{error:?}"
    );
    assert!(started.elapsed() < IMMEDIATELY);
    timeout(IMMEDIATELY, was_closed.recv())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn cancelling_during_the_response_cuts_it_and_closes_the_connection() {
    let (server, mut was_closed) =
        watched("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf.").await;
    let mut settings = settings();
    settings.idle_timeout = Duration::from_secs(30);
    let upstream = Upstream::new(settings).unwrap();
    let started = Instant::now();
    let token = cancel_after(Duration::from_millis(100));
    let mut inbound = upstream.send(get(&server), &token).await.unwrap();
    assert_eq!(next_piece(&mut inbound).await, "half.");
    let error = inbound.body.frame().await.unwrap().unwrap_err();
    assert!(matches!(error, InboundError::Cancelled), "{error:?}");
    assert!(started.elapsed() < IMMEDIATELY);
    timeout(IMMEDIATELY, was_closed.recv())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn bytes_that_arrived_are_not_forwarded_after_a_cancellation() {
    let (server, _was_closed) = watched("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole").await;
    let token = CancellationToken::new();
    let mut inbound = upstream().send(get(&server), &token).await.unwrap();
    token.cancel();
    let error = inbound.body.frame().await.unwrap().unwrap_err();
    assert!(matches!(error, InboundError::Cancelled), "{error:?}");
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    let (server, mut was_closed) = watched("").await;
    let mut settings = settings();
    settings.first_byte_timeout = Duration::from_secs(30);
    let upstream = Upstream::new(settings).unwrap();
    let call = send(&upstream, get(&server));
    assert!(timeout(Duration::from_millis(100), call).await.is_err());
    timeout(IMMEDIATELY, was_closed.recv())
        .await
        .unwrap()
        .unwrap();

    let (server, mut was_closed) =
        watched("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf.").await;
    let inbound = send(&upstream, get(&server)).await.unwrap();
    drop(inbound);
    timeout(IMMEDIATELY, was_closed.recv())
        .await
        .unwrap()
        .unwrap();
}

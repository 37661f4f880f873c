//! Tests of when a connection serves another request, and when it must not.

use std::time::Duration;

use futures_util::future::join_all;
use gaiterguard_upstream::{AmbiguousReason, PoolKey, SendError, Upstream};
use http::Method;
use http_body_util::BodyExt;
use tokio::time::{sleep, timeout};

use crate::server::{Server, ok};
use crate::support::{IMMEDIATELY, get, receive, request, send, settings, upstream};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    for raw in [
        ok("ok"),
        ok(""),
        CHUNKED.into(),
        "HTTP/1.1 204 X\r\n\r\n".into(),
    ] {
        let server = Server::responding(raw).await;
        let upstream = upstream();
        for method in [Method::GET, Method::POST, Method::PUT, Method::GET] {
            receive(&upstream, request(&server, method, "/")).await;
        }
        assert_eq!((server.connections(), server.requests().len()), (1, 4));
    }
}

#[tokio::test]
async fn the_last_piece_of_known_length_frees_the_connection() {
    let server = Server::responding(ok("ok")).await;
    let upstream = upstream();
    for _ in 0..3 {
        let mut inbound = send(&upstream, get(&server)).await.unwrap();
        inbound.body.frame().await.unwrap().unwrap();
        assert!(http_body::Body::is_end_stream(&inbound.body));
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn another_service_version_or_origin_has_its_own_connections() {
    let server = Server::responding(ok("ok")).await;
    let upstream = upstream();
    for (service_id, target_version) in [(1, 1), (1, 2), (2, 1), (1, 1)] {
        let mut outbound = get(&server);
        outbound.pool = PoolKey {
            service_id,
            target_version,
        };
        receive(&upstream, outbound).await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_response_that_is_not_read_to_its_end_closes_its_connection() {
    let server = Server::start(|mut peer, _| async move {
        while peer.read_request().await.is_some() {
            peer.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf.")
                .await;
        }
    })
    .await;
    let upstream = upstream();
    for _ in 0..2 {
        let mut inbound = send(&upstream, get(&server)).await.unwrap();
        inbound.body.frame().await.unwrap().unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_says_close_is_not_used_again() {
    for raw in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    ] {
        let server = Server::responding(raw).await;
        let upstream = upstream();
        receive(&upstream, get(&server)).await;
        receive(&upstream, get(&server)).await;
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced_unnoticed() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await;
        peer.write(&ok("ok")).await;
    })
    .await;
    let upstream = upstream();
    for _ in 0..4 {
        assert_eq!(
            receive(&upstream, request(&server, Method::POST, "/")).await,
            "ok"
        );
        // The close has to arrive while the connection is idle.
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((server.connections(), server.requests().len()), (4, 4));
}

#[tokio::test]
async fn unsolicited_bytes_spoil_an_idle_connection() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await;
        peer.write(&ok("ok")).await;
        sleep(Duration::from_millis(20)).await;
        peer.write(&ok("forged")).await;
        peer.closed().await;
    })
    .await;
    let upstream = upstream();
    for _ in 0..2 {
        assert_eq!(receive(&upstream, get(&server)).await, "ok");
        // The bytes have to arrive while the connection is idle.
        sleep(Duration::from_millis(80)).await;
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_closed_just_when_it_is_used_again_is_ambiguous_and_not_retried() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await;
        peer.write(&ok("ok")).await;
        // The next request is read, and may have been processed.
        peer.read_request().await;
    })
    .await;
    let upstream = upstream();
    receive(&upstream, get(&server)).await;
    let error = send(&upstream, request(&server, Method::POST, "/"))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            SendError::Ambiguous(AmbiguousReason::StaleConnection(_))
        ),
        "{error:?}"
    );
    assert!(error.may_have_been_sent() && error.may_succeed_again());
    // Another attempt would arrive within this time.
    sleep(Duration::from_millis(100)).await;
    assert_eq!((server.connections(), server.requests().len()), (1, 2));
}

#[tokio::test]
async fn only_a_used_connection_without_a_byte_of_a_response_counts_as_stale() {
    for (before, second) in [(None, ""), (Some(ok("ok")), "HTTP/1.1 2")] {
        let server = Server::start(move |mut peer, _| {
            let before = before.clone();
            async move {
                if let Some(before) = before {
                    peer.read_request().await;
                    peer.write(&before).await;
                }
                peer.read_request().await;
                peer.write(second).await;
            }
        })
        .await;
        let upstream = upstream();
        if !second.is_empty() {
            receive(&upstream, get(&server)).await;
        }
        let error = send(&upstream, get(&server)).await.unwrap_err();
        assert!(
            matches!(
                error,
                SendError::Ambiguous(AmbiguousReason::ConnectionLost(_))
            ),
            "{error:?}"
        );
        assert!(!error.may_succeed_again());
    }
}

#[tokio::test]
async fn a_request_for_a_fresh_connection_does_not_use_an_idle_one() {
    let server = Server::responding(ok("ok")).await;
    let upstream = upstream();
    receive(&upstream, get(&server)).await;
    let mut outbound = get(&server);
    outbound.options.fresh_connection = true;
    receive(&upstream, outbound).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn an_unsafe_request_uses_a_fresh_connection_rather_than_a_long_idle_one() {
    let server = Server::responding(ok("ok")).await;
    let upstream = upstream();
    receive(&upstream, get(&server)).await;
    // An unsafe request uses no connection that was idle for more than two seconds.
    sleep(Duration::from_millis(2100)).await;
    receive(&upstream, get(&server)).await;
    assert_eq!(server.connections(), 1);
    sleep(Duration::from_millis(2100)).await;
    receive(&upstream, request(&server, Method::POST, "/")).await;
    assert_eq!(server.connections(), 2);
    receive(&upstream, request(&server, Method::POST, "/")).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_concurrent_requests_each_get_their_own_response() {
    let server = Server::start(|mut peer, _| async move {
        while let Some(request) = peer.read_request().await {
            let path = request.split(' ').nth(1).unwrap().to_owned();
            peer.write(&ok(&path)).await;
        }
    })
    .await;
    let mut settings = settings();
    settings.first_byte_timeout = Duration::from_secs(20);
    let upstream = std::sync::Arc::new(Upstream::new(settings).unwrap());
    for _ in 0..4 {
        let calls = (0..100).map(|number| {
            let mut outbound = get(&server);
            outbound.path_and_query = format!("/{number}").parse().unwrap();
            let upstream = std::sync::Arc::clone(&upstream);
            tokio::spawn(async move {
                assert_eq!(receive(&upstream, outbound).await, format!("/{number}"));
            })
        });
        for outcome in join_all(calls).await {
            outcome.unwrap();
        }
    }
    assert_eq!(server.requests().len(), 400);
    assert!(server.connections() <= 100, "{}", server.connections());
}

#[tokio::test]
async fn idle_connections_close_with_the_upstream() {
    let (closed, mut was_closed) = tokio::sync::mpsc::channel(1);
    let server = Server::start(move |mut peer, _| {
        let closed = closed.clone();
        async move {
            peer.read_request().await;
            peer.write(&ok("ok")).await;
            peer.closed().await;
            closed.send(()).await.unwrap();
        }
    })
    .await;
    let upstream = upstream();
    receive(&upstream, get(&server)).await;
    assert!(
        timeout(Duration::from_millis(100), was_closed.recv())
            .await
            .is_err()
    );
    drop(upstream);
    timeout(IMMEDIATELY, was_closed.recv())
        .await
        .unwrap()
        .unwrap();
}

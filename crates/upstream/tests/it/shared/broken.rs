//! Streams that are refused, and connections that break or are silent.

use std::time::Duration;

use gaiterguard_upstream::{AmbiguousReason, NotSentReason, SendError};
use h2::Reason;
use http::Method;
use tokio::time::sleep;

use super::{Both, EITHER, acceptor, repeatable};
use crate::http2::{Call, echo, frames, respond};
use crate::server::{Peer, Server, ok};
use crate::support::{receive, send};
use crate::tls::{Authority, trusting};

#[tokio::test]
async fn a_read_that_was_not_processed_may_be_sent_again_on_a_connection_of_its_own() {
    let both = Both::start(EITHER, |_, (_, mut response): Call| async move {
        response.send_reset(Reason::REFUSED_STREAM);
    })
    .await;
    let upstream = both.upstream();
    let error = send(&upstream, both.get()).await.unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::StreamRefused)),
        "{error:?}"
    );
    assert!(error.may_succeed_again());
    let mut again = both.get();
    again.options.apart = true;
    assert_eq!(receive(&upstream, again).await, "hello");
    assert!(!both.seen()[1].is_http_2);
}

#[tokio::test]
async fn an_upstream_that_demands_http_1_gets_it_from_then_on() {
    let both = Both::start(EITHER, |_, (_, mut response): Call| async move {
        response.send_reset(Reason::HTTP_1_1_REQUIRED);
    })
    .await;
    let upstream = both.upstream();
    let error = send(&upstream, both.get()).await.unwrap_err();
    assert!(
        matches!(error, SendError::Ambiguous(AmbiguousReason::Http1Required)),
        "{error:?}"
    );
    assert!(error.may_succeed_again());
    assert_eq!(receive(&upstream, both.get()).await, "hello");
}

#[tokio::test]
async fn a_read_survives_an_upstream_that_says_goodbye_on_every_connection_of_http_2() {
    let authority = Authority::new();
    let acceptor = acceptor(&authority, EITHER);
    let server = Server::start(move |peer, _| {
        let acceptor = acceptor.clone();
        async move {
            let stream = acceptor.accept(peer.stream).await.unwrap();
            let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let log = peer.log;
            let mut peer = Peer { stream, log };
            if is_http_2 {
                peer.write_bytes(frames::SETTINGS).await;
                peer.write_bytes(&frames::go_away(0)).await;
                peer.closed().await;
            }
            while peer.read_request().await.is_some() {
                peer.write(&ok("hello")).await;
            }
        }
    })
    .await;
    let upstream = trusting(Some(&authority));
    let get = || repeatable(&server, Method::GET, "/");
    let error = send(&upstream, get()).await.unwrap_err();
    assert!(!error.may_have_been_sent(), "{error:?}");
    assert!(error.may_succeed_again(), "{error:?}");
    assert!(server.connections() <= 3);
    let mut again = get();
    again.options.apart = true;
    assert_eq!(receive(&upstream, again).await, "hello");
    assert_eq!(server.requests().len(), 1);
}

/// A server that accepts streams and ends each connection after `served` of them, without a word.
async fn breaking_after(served: usize) -> (Server, Authority) {
    let authority = Authority::new();
    let acceptor = acceptor(&authority, &["h2"]);
    let running = Server::start(move |peer, _| {
        let acceptor = acceptor.clone();
        async move {
            let stream = acceptor.accept(peer.stream).await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            for number in 0..=served {
                let (_, response) = connection.accept().await.unwrap().unwrap();
                if number < served {
                    respond(response, "hello", &[]);
                }
            }
        }
    })
    .await;
    (running, authority)
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_is_stale_only_if_it_had_served() {
    for (served, is_stale) in [(0, false), (1, true)] {
        let (server, authority) = breaking_after(served).await;
        let upstream = trusting(Some(&authority));
        let get = || repeatable(&server, Method::GET, "/");
        for _ in 0..served {
            assert_eq!(receive(&upstream, get()).await, "hello");
        }
        let error = send(&upstream, get()).await.unwrap_err();
        assert!(error.may_have_been_sent(), "{error:?}");
        assert_eq!(error.may_succeed_again(), is_stale, "{error:?}");
    }
}

#[tokio::test]
async fn a_connection_that_owes_a_response_and_is_silent_gets_no_further_requests() {
    let both = Both::start(EITHER, |connection, call: Call| async move {
        if connection == 0 && call.0.uri().path() == "/never" {
            sleep(Duration::from_mins(1)).await;
        }
        echo(call).await;
    })
    .await;
    let upstream = both.upstream();
    let mut never = both.request(Method::GET, "/never");
    never.options.first_byte_timeout = Some(Duration::from_secs(30));
    let hanging = send(&upstream, never);
    let others = async {
        sleep(Duration::from_millis(500)).await;
        receive(&upstream, both.get()).await;
        assert_eq!(both.server.connections(), 1);
        sleep(Duration::from_millis(5500)).await;
        receive(&upstream, both.get()).await;
        assert_eq!(both.server.connections(), 2);
    };
    tokio::select! {
        sent = hanging => panic!("{sent:?}"),
        () = others => {}
    }
}

//! Which requests share a connection, and how many connections a burst opens.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gaiterguard_upstream::{NotSentReason, SendError};
use http::Method;
use tokio::io::AsyncReadExt as _;
use tokio::time::sleep;

use super::{Both, EITHER, repeatable, slowly};
use crate::http2::echo;
use crate::server::Server;
use crate::support::{receive, send};
use crate::tls::{Authority, trusting};

#[tokio::test]
async fn a_burst_of_reads_opens_one_connection_and_what_can_change_something_has_its_own() {
    let both = Both::start(EITHER, |_, call| slowly(call)).await;
    let upstream = both.upstream();
    let reads = (0..100).map(|_| receive(&upstream, both.get()));
    let received = join_all(reads).await;
    assert!(received.iter().all(|body| body == "hello"));
    assert_eq!(both.server.connections(), 1);
    assert!(both.seen().iter().all(|seen| seen.is_http_2));
    assert!(both.most.lock().unwrap()[&0] > 50);

    let changes = (0..8).map(|_| receive(&upstream, both.request(Method::POST, "/")));
    join_all(changes).await;
    let mut once = both.get();
    once.options.may_repeat = false;
    receive(&upstream, once).await;
    let seen = both.seen();
    assert_eq!(seen.len(), 109);
    assert!(seen[100..].iter().all(|seen| !seen.is_http_2));
    // The last one uses a connection that has become idle.
    assert_eq!(both.server.connections(), 9);
}

#[tokio::test]
async fn a_burst_beyond_the_streams_of_a_connection_opens_as_few_as_possible() {
    let both = Both::start(EITHER, |_, call| slowly(call)).await;
    let upstream = both.upstream();
    let reads = (0..250).map(|_| receive(&upstream, both.get()));
    join_all(reads).await;
    assert_eq!(both.server.connections(), 3);
    assert!(both.most.lock().unwrap().values().all(|most| *most <= 100));
}

#[tokio::test]
async fn an_upstream_that_speaks_http_1_only_is_asked_once_and_its_reads_do_not_wait_for_each_other()
 {
    for alpn in [&["http/1.1"][..], &[]] {
        let both = Both::start(alpn, |_, call| echo(call)).await;
        let upstream = both.upstream();
        let started = Instant::now();
        let reads = (0..20).map(|_| receive(&upstream, both.get()));
        join_all(reads).await;
        // One after the other, they would take two seconds.
        assert!(
            started.elapsed() < Duration::from_millis(1500),
            "{:?}",
            started.elapsed()
        );
        let connections = both.server.connections();
        assert!(connections <= 20);
        join_all((0..5).map(|_| receive(&upstream, both.get()))).await;
        assert_eq!(both.server.connections(), connections);
        assert!(both.seen().iter().all(|seen| !seen.is_http_2));
    }
}

#[tokio::test]
async fn an_upstream_that_speaks_http_2_only_gets_reads_together_and_changes_one_by_one() {
    let both = Both::start(&["h2"], |_, call| slowly(call)).await;
    let upstream = both.upstream();
    join_all((0..20).map(|_| receive(&upstream, both.get()))).await;
    assert_eq!(both.server.connections(), 1);
    receive(&upstream, both.request(Method::POST, "/")).await;
    let before = both.seen().len();
    let all = (0..6).map(|number| {
        let method = if number % 2 == 0 {
            Method::POST
        } else {
            Method::GET
        };
        receive(&upstream, both.request(method, "/"))
    });
    join_all(all).await;
    let seen = both.seen().split_off(before);
    let changes: Vec<_> = seen
        .iter()
        .filter(|seen| seen.head.method() == Method::POST)
        .collect();
    assert_eq!(changes.len(), 3);
    for change in changes {
        let together = seen
            .iter()
            .filter(|other| other.connection == change.connection);
        assert_eq!(together.count(), 1, "{seen:?}");
    }
    assert!(seen.iter().all(|seen| seen.is_http_2));
}

#[tokio::test]
async fn a_change_does_not_use_a_connection_of_http_2_that_was_idle_for_long() {
    let both = Both::start(&["h2"], |_, call| echo(call)).await;
    let upstream = both.upstream();
    // The first handshake offers HTTP/1.1, and finds out that it is not spoken.
    receive(&upstream, both.request(Method::POST, "/")).await;
    receive(&upstream, both.request(Method::POST, "/")).await;
    assert_eq!(both.server.connections(), 2);
    // A change uses no connection that was idle for more than two seconds.
    sleep(Duration::from_millis(2100)).await;
    receive(&upstream, both.get()).await;
    assert_eq!(both.server.connections(), 2);
    sleep(Duration::from_millis(2100)).await;
    receive(&upstream, both.request(Method::POST, "/")).await;
    assert_eq!(both.server.connections(), 3);
}

#[tokio::test]
async fn reads_that_wait_for_a_handshake_that_fails_share_its_failure() {
    let server = Server::start(|mut peer, _| async move {
        let mut hello = [0; 16];
        peer.stream.read_exact(&mut hello).await.ok();
        sleep(Duration::from_millis(200)).await;
    })
    .await;
    let authority = Authority::new();
    let upstream = trusting(Some(&authority));
    for connections in 1..=2 {
        let reads = (0..20).map(|_| send(&upstream, repeatable(&server, Method::GET, "/")));
        for outcome in join_all(reads).await {
            let error = outcome.unwrap_err();
            assert!(
                matches!(error, SendError::NotSent(NotSentReason::Tls(_))),
                "{error:?}"
            );
        }
        assert_eq!(server.connections(), connections);
    }
}

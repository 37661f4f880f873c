//! The flow of responses that share a connection: slow readers, long distances, and cancellation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gaiterguard_upstream::Scheme;
use h2::Reason;
use http::{Method, Response};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, sleep_until, timeout};

use super::{Both, EITHER};
use crate::http2::{Call, echo};
use crate::server::Server;
use crate::support::{next_piece, read, receive, send};

/// The most that may arrive of a response before it is read, in bytes.
const WINDOW: usize = 1024 * 1024;

#[tokio::test]
async fn slow_readers_hold_back_only_their_own_responses_and_a_bounded_amount() {
    let taken = Arc::new(AtomicUsize::new(0));
    let both = Both::start(EITHER, {
        let taken = Arc::clone(&taken);
        move |_, (request, mut response): Call| {
            let taken = Arc::clone(&taken);
            async move {
                if request.uri().path() != "/endless" {
                    return echo((request, response)).await;
                }
                let mut stream = response.send_response(Response::new(()), false).unwrap();
                loop {
                    stream.reserve_capacity(16 * 1024);
                    let assigned = std::future::poll_fn(|context| stream.poll_capacity(context));
                    let Some(Ok(length)) = assigned.await else {
                        return;
                    };
                    if stream.send_data(vec![b'x'; length].into(), false).is_err() {
                        return;
                    }
                    taken.fetch_add(length, Ordering::SeqCst);
                }
            }
        }
    })
    .await;
    let upstream = both.upstream();
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut outbound = both.request(Method::GET, "/endless");
        outbound.options.idle_timeout = Some(Duration::from_secs(30));
        slow.push(send(&upstream, outbound).await.unwrap());
    }
    let others = async {
        for _ in 0..20 {
            assert_eq!(receive(&upstream, both.get()).await, "hello");
        }
    };
    timeout(Duration::from_secs(20), others).await.unwrap();
    // Wait until nothing more is taken.
    let mut before = usize::MAX;
    while before != taken.load(Ordering::SeqCst) {
        before = taken.load(Ordering::SeqCst);
        sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(before, 20 * WINDOW);
    assert_eq!(both.server.connections(), 1);
    let first = &mut slow[0];
    assert!(!next_piece(first).await.is_empty());
}

/// Copies in one direction, each piece `late` after it arrived.
async fn delayed(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    late: Duration,
) {
    let (sender, mut pieces) = mpsc::unbounded_channel();
    let reading = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let due = tokio::time::Instant::now() + late;
            sender.send((due, buffer[..length].to_vec())).ok();
        }
    };
    let writing = async move {
        while let Some((due, piece)) = pieces.recv().await {
            sleep_until(due).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}

#[tokio::test]
async fn a_large_response_crosses_a_long_distance_at_speed() {
    const LENGTH: usize = 8 * WINDOW;
    let both = Both::start(EITHER, |_, (_, mut response): Call| async move {
        let mut stream = response.send_response(Response::new(()), false).unwrap();
        stream.send_data(vec![b'x'; LENGTH].into(), true).unwrap();
        std::future::poll_fn(|context| stream.poll_reset(context))
            .await
            .ok();
    })
    .await;
    let near = both.server.address;
    let far = Server::start(move |peer, _| async move {
        let onward = TcpStream::connect(near).await.unwrap();
        onward.set_nodelay(true).unwrap();
        let ((read, write), (far_read, far_write)) =
            (peer.stream.into_split(), onward.into_split());
        let late = Duration::from_millis(50);
        tokio::join!(
            delayed(read, far_write, late),
            delayed(far_read, write, late)
        );
    })
    .await;
    let mut outbound = both.get();
    outbound.origin = far.origin_named(Scheme::Https, "good.example");
    let options = &mut outbound.options;
    options.first_byte_timeout = Some(Duration::from_secs(20));
    options.idle_timeout = Some(Duration::from_secs(20));
    let upstream = both.upstream();
    let inbound = send(&upstream, outbound).await.unwrap();
    let started = Instant::now();
    assert_eq!(read(inbound).await.unwrap().len(), LENGTH);
    // With the 64 KiB that the protocol begins with, it would take 12 seconds.
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_read_that_is_cancelled_resets_its_stream_and_no_other() {
    let (end, resets) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let both = Both::start(EITHER, {
        let (end, resets) = (Arc::clone(&end), Arc::clone(&resets));
        move |_, (_, mut response): Call| {
            let (end, resets) = (Arc::clone(&end), Arc::clone(&resets));
            async move {
                let mut stream = response.send_response(Response::new(()), false).unwrap();
                stream
                    .send_data(Bytes::from_static(b"piece"), false)
                    .unwrap();
                tokio::select! {
                    reset = std::future::poll_fn(|context| stream.poll_reset(context)) => {
                        assert_eq!(reset.unwrap(), Reason::CANCEL);
                        resets.fetch_add(1, Ordering::SeqCst);
                    }
                    () = end.notified() => {
                        stream.send_data(Bytes::from_static(b", end"), true).unwrap();
                    }
                }
            }
        }
    })
    .await;
    let upstream = both.upstream();
    let patient = || {
        let mut outbound = both.get();
        outbound.options.idle_timeout = Some(Duration::from_secs(20));
        outbound
    };
    let other = send(&upstream, patient()).await.unwrap();
    let token = tokio_util::sync::CancellationToken::new();
    let mut cancelled = upstream.send(patient(), &token).await.unwrap();
    assert_eq!(next_piece(&mut cancelled).await, "piece");
    token.cancel();
    cancelled.body.frame().await.unwrap().unwrap_err();
    drop(cancelled);
    let reset = async {
        while resets.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(1), reset).await.unwrap();
    end.notify_one();
    assert_eq!(read(other).await.unwrap(), "piece, end");
    assert_eq!(both.server.connections(), 1);
}

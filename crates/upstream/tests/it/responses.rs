//! Tests of responses: status, end-to-end headers and bytes, as they were sent.

use std::time::{Duration, Instant};

use gaiterguard_upstream::{Inbound, MaskedBody, MaskedSecret, Masker};
use http::Method;
use http_body_util::BodyExt;
use tokio::time::sleep;

use crate::server::{Server, ok};
use crate::support::{IDLE_TIMEOUT, get, read, request, send, upstream};

async fn inbound(method: Method, raw: &'static str) -> Inbound {
    let server = Server::responding_once(raw).await;
    send(&upstream(), request(&server, method, "/"))
        .await
        .unwrap()
}

#[tokio::test]
async fn headers_pass_end_to_end_and_repeated_ones_stay_repeated() {
    let inbound = inbound(
        Method::GET,
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close, X-Hop\r\n\
         X-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nX-Odd: \u{e9}\r\n\
         Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x08..",
    )
    .await;
    let cookies: Vec<_> = inbound.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    for gone in ["connection", "x-hop", "keep-alive", "proxy-authenticate"] {
        assert!(!inbound.headers.contains_key(gone), "{gone}");
    }
    assert_eq!(inbound.headers["content-length"], "4");
    assert_eq!(inbound.headers["content-encoding"], "gzip");
    assert_eq!(read(inbound).await.unwrap(), "\x1f\x08..");
}

#[tokio::test]
async fn any_status_passes_and_redirects_are_not_followed() {
    for status in [201, 301, 302, 307, 401, 404, 418, 429, 500, 503, 599] {
        let server = Server::responding(format!(
            "HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
        ))
        .await;
        let inbound = send(&upstream(), get(&server)).await.unwrap();
        assert_eq!(inbound.status, status);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_response_to_head_has_its_length_in_another_header() {
    let inbound = inbound(
        Method::HEAD,
        "HTTP/1.1 200 OK\r\ncontent-length: 1234\r\netag: x\r\n\r\n",
    )
    .await;
    assert_eq!(inbound.headers["x-upstream-content-length"], "1234");
    assert!(!inbound.headers.contains_key("content-length"));
    assert_eq!(read(inbound).await.unwrap(), "");
}

#[tokio::test]
async fn an_upstream_cannot_set_the_header_of_that_length() {
    let inbound = inbound(
        Method::HEAD,
        "HTTP/1.1 200 OK\r\nx-upstream-content-length: 9\r\ncontent-length: 1\r\n\r\n",
    )
    .await;
    let lengths: Vec<_> = inbound
        .headers
        .get_all("x-upstream-content-length")
        .iter()
        .collect();
    assert_eq!(lengths, ["1"]);
}

#[tokio::test]
async fn responses_without_a_body_have_no_length() {
    for raw in [
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\netag: x\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
    ] {
        let inbound = inbound(Method::GET, raw).await;
        assert!(!inbound.headers.contains_key("content-length"));
        assert!(http_body::Body::is_end_stream(&inbound.body));
        assert_eq!(read(inbound).await.unwrap(), "");
    }
}

#[tokio::test]
async fn interim_responses_are_skipped() {
    let inbound = inbound(
        Method::GET,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n\
         HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    )
    .await;
    assert_eq!(inbound.status, 200);
    assert!(!inbound.headers.contains_key("link"));
    assert_eq!(read(inbound).await.unwrap(), "ok");
}

#[tokio::test]
async fn chunked_bodies_lose_their_framing_and_keep_their_trailers() {
    let inbound = inbound(
        Method::GET,
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
         3\r\none\r\n5;ext=1\r\nthree\r\n0\r\nx-sum: 8\r\n\
         content-length: 3\r\nset-cookie: a=b\r\n\r\n",
    )
    .await;
    assert!(!inbound.headers.contains_key("transfer-encoding"));
    assert_eq!(inbound.headers["trailer"], "x-sum");
    let collected = inbound.body.collect().await.unwrap();
    let trailers = collected.trailers().unwrap();
    assert_eq!(
        (trailers["x-sum"].as_bytes(), trailers.len()),
        (&b"8"[..], 1)
    );
    assert_eq!(collected.to_bytes(), "onethree");
}

#[tokio::test]
async fn a_body_without_a_length_ends_with_the_connection() {
    let inbound = inbound(Method::GET, "HTTP/1.1 200 OK\r\n\r\nuntil the end").await;
    assert_eq!(read(inbound).await.unwrap(), "until the end");
}

#[tokio::test]
async fn pieces_are_forwarded_as_they_arrive() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await;
        peer.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        for _ in 0..4 {
            sleep(IDLE_TIMEOUT / 2).await;
            peer.write("9\r\ndata: x\n\n\r\n").await;
        }
        peer.write("0\r\n\r\n").await;
        peer.closed().await;
    })
    .await;
    let started = Instant::now();
    let mut inbound = send(&upstream(), get(&server)).await.unwrap();
    let mut arrived = vec![];
    while let Some(frame) = inbound.body.frame().await {
        assert_eq!(frame.unwrap().into_data().unwrap(), "data: x\n\n");
        arrived.push(started.elapsed());
    }
    // In total more than the idle timeout, but less between any two.
    assert_eq!(arrived.len(), 4);
    assert!(arrived[3] >= IDLE_TIMEOUT * 2, "{arrived:?}");
    assert!(arrived[0] < IDLE_TIMEOUT, "{arrived:?}");
}

#[tokio::test]
async fn large_bodies_stream_whole_and_are_not_read_ahead_of_the_reader() {
    const PIECE: usize = 64 * 1024;
    const PIECES: usize = 512;
    let written = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let server = Server::start({
        let written = std::sync::Arc::clone(&written);
        move |mut peer, _| {
            let written = std::sync::Arc::clone(&written);
            async move {
                peer.read_request().await;
                let length = PIECE * PIECES;
                peer.write(&format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"
                ))
                .await;
                let piece = "x".repeat(PIECE);
                for _ in 0..PIECES {
                    peer.write(&piece).await;
                    written.fetch_add(PIECE, std::sync::atomic::Ordering::SeqCst);
                }
                peer.closed().await;
            }
        }
    })
    .await;
    let mut inbound = send(&upstream(), get(&server)).await.unwrap();
    assert_eq!(
        http_body::Body::size_hint(&inbound.body).exact(),
        Some((PIECE * PIECES) as u64)
    );
    // Time for an upstream that is not held back to write everything.
    sleep(Duration::from_millis(200)).await;
    // Nothing has been read, so only the bytes that fit into socket buffers can have been written.
    assert!(written.load(std::sync::atomic::Ordering::SeqCst) < PIECE * PIECES / 2);
    let mut total = 0;
    while let Some(frame) = inbound.body.frame().await {
        total += frame.unwrap().into_data().unwrap().len();
    }
    assert_eq!(total, PIECE * PIECES);
}

#[tokio::test]
async fn a_masked_body_passes_through_the_same_way() {
    let server = Server::responding(ok("the token is secret-token-1.")).await;
    let inbound = send(&upstream(), get(&server)).await.unwrap();
    let masker = Masker::new(&[MaskedSecret::Value(b"secret-token-1")]);
    let body = MaskedBody::new(inbound.body, masker);
    assert_eq!(http_body::Body::size_hint(&body).exact(), Some(28));
    assert_eq!(
        body.collect().await.unwrap().to_bytes(),
        "the token is **************."
    );
}

//! Tests of requests: exactly what was given, with our own `Host` and framing.

use std::time::Duration;

use bytes::Bytes;
use gaiterguard_upstream::{
    AmbiguousReason, BoxError, Outbound, OutboundBody, Scheme, SendError, SendOptions,
};
use http::header::HeaderValue;
use http::{HeaderMap, Method};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::time::sleep;

use crate::server::{Server, ok, origin};
use crate::support::{
    FIRST_BYTE_TIMEOUT, IDLE_TIMEOUT, get, key, read, receive, request, send, upstream,
};

async fn sent(change: impl FnOnce(&mut Outbound)) -> String {
    let server = Server::responding(ok("")).await;
    let mut outbound = get(&server);
    change(&mut outbound);
    receive(&upstream(), outbound).await;
    let [request] = &server.requests()[..] else {
        panic!("one request")
    };
    request.replace(&server.address.port().to_string(), "PORT")
}

#[tokio::test]
async fn the_bytes_of_path_and_query_are_sent_unchanged() {
    for path in [
        "/",
        "/a%2Fb/%7e/;x=1//c",
        "/a?",
        "/a?q=%20+&r[]=1&q=%zz&=&&x",
        "/%E2%9C%93/{x}|\"y\"?{z}|`^[]",
        "/../..%2f",
    ] {
        let request = sent(|outbound| outbound.path_and_query = path.parse().unwrap()).await;
        assert_eq!(
            request,
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn header_names_are_sent_in_title_case() {
    let request = sent(|outbound| {
        for name in ["authorization", "x-api-key", "etag", "content-type"] {
            let name = http::HeaderName::from_static(name);
            outbound.headers.insert(name, HeaderValue::from_static("v"));
        }
    })
    .await;
    for line in [
        "Authorization: v",
        "X-Api-Key: v",
        "Etag: v",
        "Content-Type: v",
    ] {
        assert!(request.lines().any(|sent| sent == line), "{request}");
    }
}

#[tokio::test]
async fn a_missing_body_has_a_length_only_if_one_is_expected() {
    for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::DELETE] {
        let request = sent(|outbound| outbound.method = method.clone()).await;
        assert_eq!(
            request,
            format!("{method} / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n")
        );
    }
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        let request = sent(|outbound| outbound.method = method.clone()).await;
        assert!(request.contains("\r\nContent-Length: 0\r\n"), "{request}");
    }
}

#[tokio::test]
async fn a_body_has_its_length_whatever_the_method() {
    for method in [Method::POST, Method::DELETE, Method::GET] {
        let request = sent(|outbound| {
            outbound.method = method;
            outbound.body = OutboundBody::from(Bytes::from_static(b"{\"amount\": 1.0}"));
        })
        .await;
        assert!(request.contains("\r\nContent-Length: 15\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"amount\": 1.0}"), "{request}");
    }
}

#[tokio::test]
async fn foreign_framing_host_and_hop_by_hop_headers_are_replaced() {
    let request = sent(|outbound| {
        outbound.method = Method::POST;
        outbound.body = OutboundBody::Full(Bytes::from_static(b"x"));
        for (name, value) in [
            ("host", "evil.example"),
            ("content-length", "7"),
            ("transfer-encoding", "chunked"),
            ("connection", "x-named"),
            ("x-named", "1"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("proxy-authorization", "Basic eA=="),
            ("keep-alive", "timeout=1"),
        ] {
            outbound
                .headers
                .append(name, HeaderValue::from_static(value));
        }
        outbound
            .headers
            .append("x-kept", HeaderValue::from_static("1"));
        outbound
            .headers
            .append("x-kept", HeaderValue::from_static("2"));
    })
    .await;
    let mut lines: Vec<_> = request.lines().skip(1).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "",
            "Content-Length: 1",
            "Host: 127.0.0.1:PORT",
            "X-Kept: 1",
            "X-Kept: 2",
            "x"
        ]
    );
}

#[tokio::test]
async fn a_streaming_body_of_known_length_has_it() {
    let request = sent(|outbound| {
        outbound.method = Method::PUT;
        let body = Full::new(Bytes::from_static(b"streamed")).map_err(|never| match never {});
        outbound.body = OutboundBody::streaming(body);
    })
    .await;
    assert!(request.contains("\r\nContent-Length: 8\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nstreamed"), "{request}");
}

/// Pieces with a pause before each.
fn pieces(pause: Duration, pieces: Vec<Result<&'static str, BoxError>>) -> OutboundBody {
    let stream = futures_util::stream::unfold(pieces.into_iter(), move |mut left| async move {
        sleep(pause).await;
        let piece = left.next()?;
        Some((
            piece.map(|piece| Frame::data(Bytes::from_static(piece.as_bytes()))),
            left,
        ))
    });
    OutboundBody::streaming(StreamBody::new(stream))
}

#[tokio::test]
async fn a_streaming_body_of_unknown_length_is_chunked_whatever_the_method() {
    for method in [Method::POST, Method::GET] {
        let server = Server::start(|mut peer, _| async move {
            let head = peer.read_request().await.unwrap();
            assert!(
                head.contains("\r\nTransfer-Encoding: chunked\r\n"),
                "{head}"
            );
            let body = peer.read_until("0\r\n\r\n").await.unwrap();
            peer.write(&ok(&body)).await;
        })
        .await;
        let mut outbound = request(&server, method, "/");
        outbound.body = pieces(Duration::from_millis(5), vec![Ok("one"), Ok("three")]);
        let echoed = receive(&upstream(), outbound).await;
        assert_eq!(echoed, "3\r\none\r\n5\r\nthree\r\n0\r\n\r\n");
    }
}

#[tokio::test]
async fn the_wait_for_the_response_begins_when_the_body_is_sent() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await.unwrap();
        peer.read_until("0\r\n\r\n").await.unwrap();
        peer.write(&ok("late")).await;
    })
    .await;
    let mut outbound = request(&server, Method::POST, "/");
    let slow = (0..8).map(|_| Ok("piece")).collect();
    outbound.body = pieces(FIRST_BYTE_TIMEOUT / 4, slow);
    assert_eq!(receive(&upstream(), outbound).await, "late");
}

#[tokio::test]
async fn a_sender_that_pauses_longer_than_the_upstream_may_is_waited_for() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await.unwrap();
        peer.read_until("0\r\n\r\n").await.unwrap();
        peer.write(&ok("patient")).await;
    })
    .await;
    let mut outbound = request(&server, Method::POST, "/");
    outbound.body = pieces(FIRST_BYTE_TIMEOUT * 2, vec![Ok("one"), Ok("two")]);
    assert_eq!(receive(&upstream(), outbound).await, "patient");
}

#[tokio::test]
async fn a_response_may_arrive_before_the_body_is_sent() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await.unwrap();
        peer.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
            .await;
        peer.closed().await;
    })
    .await;
    let mut outbound = request(&server, Method::POST, "/");
    outbound.body = pieces(
        Duration::from_millis(50),
        (0..1000).map(|_| Ok("piece")).collect(),
    );
    let inbound = send(&upstream(), outbound).await.unwrap();
    assert_eq!(inbound.status, 413);
    assert_eq!(read(inbound).await.unwrap(), "big");
}

#[tokio::test]
async fn a_response_that_began_early_is_waited_for_while_the_body_is_sent() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await.unwrap();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            .await;
        peer.read_until("0\r\n\r\n").await.unwrap();
        peer.write("done").await;
    })
    .await;
    for (pause, number) in [(IDLE_TIMEOUT / 4, 8), (IDLE_TIMEOUT * 2, 2)] {
        let mut outbound = request(&server, Method::POST, "/");
        let slow = (0..number).map(|_| Ok("piece")).collect();
        outbound.body = pieces(pause, slow);
        assert_eq!(receive(&upstream(), outbound).await, "done");
    }
}

#[tokio::test]
async fn a_response_that_began_early_and_stops_is_cut_however_slow_the_sender_is() {
    let server = Server::start(|mut peer, _| async move {
        peer.read_request().await.unwrap();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
            .await;
        peer.closed().await;
    })
    .await;
    let mut outbound = request(&server, Method::POST, "/");
    let ends = vec![Ok("piece"), Err("agent left".into())];
    outbound.body = pieces(IDLE_TIMEOUT / 2, ends);
    let inbound = send(&upstream(), outbound).await.unwrap();
    let read = tokio::time::timeout(IDLE_TIMEOUT * 4, read(inbound));
    assert!(read.await.expect("it is cut").is_err());
}

#[tokio::test]
async fn a_streaming_body_that_fails_is_distinguished() {
    let server = Server::start(|mut peer, _| async move { peer.closed().await }).await;
    let mut outbound = request(&server, Method::POST, "/");
    outbound.body = pieces(
        Duration::from_millis(5),
        vec![Ok("one"), Err("agent left".into())],
    );
    let error = send(&upstream(), outbound).await.unwrap_err();
    assert!(
        matches!(error, SendError::Ambiguous(AmbiguousReason::RequestBody(_))),
        "{error:?}"
    );
}

#[test]
fn debug_output_shows_nothing_that_may_hold_a_credential() {
    let mut headers = HeaderMap::new();
    headers.insert(
        "authorization",
        HeaderValue::from_static("Bearer sk_live_1"),
    );
    let outbound = Outbound {
        pool: key(),
        origin: origin(Scheme::Https, "api.example", 443),
        method: Method::GET,
        path_and_query: "/v1?key=sk_live_1".parse().unwrap(),
        headers: headers.clone(),
        web_socket: false,
        body: OutboundBody::from(Bytes::from_static(b"sk_live_1")),
        options: SendOptions::default(),
    };
    let shown = format!("{outbound:?}");
    assert!(
        shown.contains("authorization") && shown.contains("/v1"),
        "{shown}"
    );
    assert!(!shown.contains("sk_live"), "{shown}");
}

//! Heads, bodies, and trailers, which are those of HTTP/1.1.

use bytes::Bytes;
use gaiterguard_upstream::OutboundBody;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::BodyExt as _;

use super::{Both, EITHER, acceptor, repeatable};
use crate::http2::{Call, respond};
use crate::server::Server;
use crate::support::{read, receive, send};
use crate::tls::{Authority, trusting};

#[tokio::test]
async fn responses_without_a_body_and_interim_ones_are_those_of_http_1() {
    let both = Both::start(EITHER, |_, (request, mut response): Call| async move {
        let (status, length) = match request.uri().path() {
            "/head" => (200, Some(1234)),
            "/204" => (204, None),
            "/304" => (304, Some(1234)),
            _ => {
                let hints = Response::builder().status(103).header("link", "</a>");
                response
                    .send_informational(hints.body(()).unwrap())
                    .unwrap();
                (200, Some(5))
            }
        };
        let mut head = Response::builder()
            .status(status)
            .header("set-cookie", "a=1");
        head = head.header("set-cookie", "b=2");
        if let Some(length) = length {
            head = head.header("content-length", length);
        }
        let is_end = request.uri().path() != "/103";
        let mut stream = response
            .send_response(head.body(()).unwrap(), is_end)
            .unwrap();
        if !is_end {
            stream
                .send_data(Bytes::from_static(b"hello"), true)
                .unwrap();
        }
    })
    .await;
    let upstream = both.upstream();
    for (method, path, status, body) in [
        (Method::HEAD, "/head", StatusCode::OK, ""),
        (Method::GET, "/204", StatusCode::NO_CONTENT, ""),
        (Method::GET, "/304", StatusCode::NOT_MODIFIED, ""),
        (Method::OPTIONS, "/103", StatusCode::OK, "hello"),
    ] {
        let inbound = send(&upstream, both.request(method, path)).await.unwrap();
        assert_eq!(inbound.status, status, "{path}");
        let cookies: Vec<_> = inbound.headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"], "{path}");
        let length = inbound.headers.get("x-upstream-content-length");
        assert_eq!(length.is_some(), path == "/head", "{path}");
        assert_eq!(
            inbound.headers.contains_key("content-length"),
            path == "/103",
            "{path}"
        );
        assert_eq!(read(inbound).await.unwrap(), body, "{path}");
    }
    assert_eq!(both.server.connections(), 1);
}

#[tokio::test]
async fn a_read_with_a_body_keeps_its_length_its_cookies_and_its_trailers() {
    let both = Both::start(EITHER, |_, (request, response): Call| async move {
        let mut body = request.into_body();
        while let Some(Ok(piece)) = body.data().await {
            body.flow_control().release_capacity(piece.len()).unwrap();
        }
        respond(response, "hello", &[("x-checked", "yes")]);
    })
    .await;
    let upstream = both.upstream();
    let mut outbound = both.request(Method::GET, "/search?q=%2F");
    outbound.body = OutboundBody::Full(Bytes::from_static(b"{\"a\":1}"));
    let headers: HeaderMap = [
        ("cookie", "a=1; b=2"),
        ("host", "elsewhere.example"),
        ("te", "trailers"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
    ]
    .into_iter()
    .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
    .collect();
    outbound.headers = headers;
    let inbound = send(&upstream, outbound).await.unwrap();
    let collected = inbound.body.collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["x-checked"], "yes");
    let head = both.seen().pop().unwrap().head;
    let mut names: Vec<_> = head
        .headers()
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["content-length", "cookie"]);
    assert_eq!(head.headers()["cookie"], "a=1; b=2");
    assert_eq!(head.headers()["content-length"], "7");
    let authority = format!("good.example:{}", both.server.address.port());
    assert_eq!(head.uri().authority().unwrap().as_str(), authority);
    assert_eq!(head.uri().path_and_query().unwrap(), "/search?q=%2F");
}

#[tokio::test]
async fn a_head_beyond_the_limit_of_the_upstream_is_its_own_431() {
    let authority = Authority::new();
    let acceptor = acceptor(&authority, EITHER);
    let server = Server::start(move |peer, _| {
        let acceptor = acceptor.clone();
        async move {
            let stream = acceptor.accept(peer.stream).await.unwrap();
            let mut builder = h2::server::Builder::new();
            builder.max_header_list_size(2048);
            let mut connection = builder.handshake(stream).await.unwrap();
            while let Some(Ok((_, response))) = connection.accept().await {
                respond(response, "hello", &[]);
            }
        }
    })
    .await;
    let upstream = trusting(Some(&authority));
    let get = |length: usize| {
        let mut outbound = repeatable(&server, Method::GET, "/");
        let value = HeaderValue::from_str(&"y".repeat(length)).unwrap();
        outbound.headers.insert("x-long", value);
        outbound
    };
    assert_eq!(receive(&upstream, get(1)).await, "hello");
    let inbound = send(&upstream, get(4096)).await.unwrap();
    assert_eq!(inbound.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(receive(&upstream, get(1)).await, "hello");
    assert_eq!(server.connections(), 1);
}

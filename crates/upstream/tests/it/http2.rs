//! Tests of HTTP/2 to upstreams, with servers whose every stream does what a test wants.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use gaiterguard_upstream::{
    AmbiguousReason, InboundError, MaskedBody, MaskedSecret, Masker, NotSentReason, Outbound,
    OutboundBody, SendError, Upstream,
};
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, StreamBody};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::server::Server;
use crate::support::{IMMEDIATELY, next_piece, read, receive, request, send, settings, upstream};

pub(crate) type Call = (Request<RecvStream>, SendResponse<Bytes>);

/// Serves each connection with HTTP/2, without TLS, and each request with `serve`.
async fn server<F>(
    streams_max: u32,
    serve: impl Fn(Call) -> F + Send + Sync + Clone + 'static,
) -> Server
where
    F: Future<Output = ()> + Send + 'static,
{
    Server::start(move |peer, _| {
        let serve = serve.clone();
        async move {
            let mut connection = accepted(peer.stream, streams_max).await;
            while let Some(Ok(call)) = connection.accept().await {
                tokio::spawn(serve(call));
            }
        }
    })
    .await
}

async fn accepted(stream: TcpStream, streams_max: u32) -> Connection<TcpStream, Bytes> {
    let mut builder = Builder::new();
    builder.max_concurrent_streams(streams_max);
    builder.handshake(stream).await.unwrap()
}

/// Responds with 200, a body, and trailers.
pub(crate) fn respond(
    mut response: SendResponse<Bytes>,
    body: &'static str,
    trailers: &[(&'static str, &str)],
) {
    let head = Response::builder().header("content-type", "application/grpc");
    let mut stream = response
        .send_response(head.body(()).unwrap(), false)
        .unwrap();
    stream
        .send_data(Bytes::from_static(body.as_bytes()), trailers.is_empty())
        .unwrap();
    if !trailers.is_empty() {
        let trailers = trailers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()));
        stream
            .send_trailers(trailers.collect::<HeaderMap>())
            .unwrap();
    }
}

pub(crate) async fn echo(call: Call) {
    let (request, response) = call;
    let mut body = request.into_body();
    while let Some(Ok(piece)) = body.data().await {
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    respond(response, "hello", &[("grpc-status", "0")]);
}

fn grpc(server: &Server, path: &'static str) -> Outbound {
    let mut outbound = request(server, Method::POST, path);
    let grpc = HeaderValue::from_static("application/grpc");
    outbound.headers.insert("content-type", grpc);
    outbound.body = OutboundBody::Full(Bytes::from_static(b"message"));
    outbound
}

fn patient() -> Upstream {
    let mut settings = settings();
    settings.first_byte_timeout = Duration::from_secs(20);
    settings.idle_timeout = Duration::from_secs(20);
    Upstream::new(settings).unwrap()
}

#[tokio::test]
async fn a_request_of_grpc_has_its_pseudo_headers_and_only_the_headers_of_http_2() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let server = server(100, {
        let heads = Arc::clone(&heads);
        move |(request, response): Call| {
            let (head, body) = request.into_parts();
            heads.lock().unwrap().push(head.clone());
            echo((Request::from_parts(head, body), response))
        }
    })
    .await;
    let mut outbound = grpc(&server, "/pkg.Service/Method?x=%2F");
    for (name, value) in [
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("te", "gzip"),
        ("host", "elsewhere"),
        ("keep-alive", "1"),
        ("x-kept", "yes"),
    ] {
        outbound
            .headers
            .insert(name, HeaderValue::from_static(value));
    }
    let inbound = send(&upstream(), outbound).await.unwrap();
    let collected = inbound.body.collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(collected.to_bytes(), "hello");
    let head = heads.lock().unwrap().pop().unwrap();
    let authority = format!("127.0.0.1:{}", server.address.port());
    assert_eq!(head.method, Method::POST);
    assert_eq!(head.uri.authority().unwrap().as_str(), authority);
    assert_eq!(head.uri.scheme_str(), Some("http"));
    assert_eq!(
        head.uri.path_and_query().unwrap().as_str(),
        "/pkg.Service/Method?x=%2F"
    );
    let mut names: Vec<_> = head.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-type", "te", "x-kept"]);
    assert_eq!(head.headers["te"], "trailers");
}

#[tokio::test]
async fn requests_share_a_connection_up_to_the_limit_of_the_server() {
    for (streams_max, connections) in [(100, 1), (4, 3)] {
        let together = Arc::new(Notify::new());
        let arrived = Arc::new(AtomicUsize::new(0));
        let server = server(streams_max, {
            let (together, arrived) = (Arc::clone(&together), Arc::clone(&arrived));
            move |call| {
                let (together, arrived) = (Arc::clone(&together), Arc::clone(&arrived));
                async move {
                    let all = together.notified();
                    if arrived.fetch_add(1, Ordering::SeqCst) + 1 == 12 {
                        together.notify_waiters();
                    } else {
                        all.await;
                    }
                    echo(call).await;
                }
            }
        })
        .await;
        let upstream = patient();
        let calls = (0..12).map(|_| receive(&upstream, grpc(&server, "/a/b")));
        let received = timeout(Duration::from_secs(10), join_all(calls))
            .await
            .unwrap();
        assert!(received.iter().all(|body| body == "hello"));
        assert_eq!(server.connections(), connections);
    }
}

#[tokio::test]
async fn a_refused_stream_was_not_processed_and_is_not_sent_again() {
    let refused = Arc::new(AtomicUsize::new(0));
    let server = server(100, {
        let refused = Arc::clone(&refused);
        move |(_, mut response): Call| {
            refused.fetch_add(1, Ordering::SeqCst);
            async move { response.send_reset(Reason::REFUSED_STREAM) }
        }
    })
    .await;
    let error = send(&upstream(), grpc(&server, "/a/b")).await.unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::StreamRefused)),
        "{error:?}"
    );
    assert!(!error.may_have_been_sent() && error.may_succeed_again());
    assert_eq!(refused.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn any_other_reset_leaves_the_outcome_unknown() {
    for reason in [
        Reason::INTERNAL_ERROR,
        Reason::CANCEL,
        Reason::NO_ERROR,
        Reason::ENHANCE_YOUR_CALM,
    ] {
        let server = server(100, move |(_, mut response): Call| async move {
            response.send_reset(reason);
        })
        .await;
        let error = send(&upstream(), grpc(&server, "/a/b")).await.unwrap_err();
        assert!(
            matches!(error, SendError::Ambiguous(AmbiguousReason::Reset(_))),
            "{reason:?}: {error:?}"
        );
        assert!(error.may_have_been_sent());
    }
}

/// Frames of a server, written by hand.
pub(crate) mod frames {
    use tokio::io::{AsyncRead, AsyncReadExt as _};

    pub(crate) const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

    pub(crate) fn go_away(last_stream: u32) -> Vec<u8> {
        let mut frame = b"\0\0\x08\x07\0\0\0\0\0".to_vec();
        frame.extend_from_slice(&last_stream.to_be_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame
    }

    /// Reads what a client sends, from its preface to the head of its first request.
    pub(crate) async fn read_to_headers(stream: &mut (impl AsyncRead + Unpin)) {
        const HEADERS: u8 = 1;
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.unwrap();
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length.try_into().unwrap()];
            stream.read_exact(&mut payload).await.unwrap();
            if head[3] == HEADERS {
                return;
            }
        }
    }
}

/// A server that sends its settings, waits for a request, sends these bytes and closes.
async fn ending_with(end: Vec<u8>) -> Server {
    Server::start(move |mut peer, _| {
        let end = end.clone();
        async move {
            peer.write_bytes(frames::SETTINGS).await;
            peer.read_until("message").await;
            peer.write_bytes(&end).await;
            peer.stream.shutdown().await.unwrap();
            peer.closed().await;
        }
    })
    .await
}

#[tokio::test]
async fn a_stream_above_the_last_of_goaway_was_not_processed_and_one_below_may_have_been() {
    let server = ending_with(frames::go_away(0)).await;
    let error = send(&upstream(), grpc(&server, "/a/b")).await.unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::GoneAway)),
        "{error:?}"
    );
    for end in [
        frames::go_away(1),
        frames::go_away(u32::MAX >> 1),
        Vec::new(),
    ] {
        let server = ending_with(end.clone()).await;
        let error = send(&upstream(), grpc(&server, "/a/b")).await.unwrap_err();
        assert!(
            matches!(
                error,
                SendError::Ambiguous(AmbiguousReason::ConnectionLost(_))
            ),
            "{end:?}: {error:?}"
        );
        assert!(error.may_have_been_sent());
    }
}

#[tokio::test]
async fn a_connection_that_says_goodbye_finishes_its_requests_and_serves_no_others() {
    let server = Server::start(|peer, _| async move {
        let mut connection = accepted(peer.stream, 100).await;
        let Some(Ok(call)) = connection.accept().await else {
            return;
        };
        connection.graceful_shutdown();
        tokio::spawn(async move {
            sleep(Duration::from_millis(100)).await;
            echo(call).await;
        });
        while connection.accept().await.is_some() {}
    })
    .await;
    let upstream = patient();
    for number in 1..=3 {
        assert_eq!(receive(&upstream, grpc(&server, "/a/b")).await, "hello");
        assert_eq!(server.connections(), number);
    }
}

#[tokio::test]
async fn a_reset_within_the_body_cuts_the_response_and_leaves_the_connection() {
    let server = server(100, |(request, mut response): Call| async move {
        if request.uri().path() == "/whole" {
            return echo((request, response)).await;
        }
        let mut stream = response.send_response(Response::new(()), false).unwrap();
        stream
            .send_data(Bytes::from_static(b"half"), false)
            .unwrap();
        sleep(Duration::from_millis(50)).await;
        stream.send_reset(Reason::INTERNAL_ERROR);
    })
    .await;
    let upstream = patient();
    let mut inbound = send(&upstream, grpc(&server, "/cut")).await.unwrap();
    assert_eq!(next_piece(&mut inbound).await, "half");
    let error = inbound.body.frame().await.unwrap().unwrap_err();
    assert!(matches!(error, InboundError::Cut(_)), "{error:?}");
    assert_eq!(receive(&upstream, grpc(&server, "/whole")).await, "hello");
    assert_eq!(server.connections(), 1);
}

/// A server whose streams send one piece, and end when the test says so or when they are reset.
struct Slow {
    server: Server,
    end: Arc<Notify>,
    resets: Arc<Mutex<Vec<Reason>>>,
}

impl Slow {
    async fn start(has_head: bool) -> Self {
        let (end, resets) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Vec::new())));
        let server = server(100, {
            let (end, resets) = (Arc::clone(&end), Arc::clone(&resets));
            move |(request, mut response): Call| {
                let (end, resets) = (Arc::clone(&end), Arc::clone(&resets));
                async move {
                    let mut stream = None;
                    if has_head || request.uri().path() == "/other" {
                        let mut sent = response.send_response(Response::new(()), false).unwrap();
                        sent.send_data(Bytes::from_static(b"piece"), false).unwrap();
                        stream = Some(sent);
                    }
                    let reset = std::future::poll_fn(|context| match &mut stream {
                        Some(stream) => stream.poll_reset(context),
                        None => response.poll_reset(context),
                    });
                    let reset = tokio::select! {
                        reset = reset => Some(reset.unwrap()),
                        () = end.notified() => None,
                    };
                    match (reset, stream) {
                        (Some(reason), _) => resets.lock().unwrap().push(reason),
                        (None, Some(mut stream)) => {
                            stream
                                .send_data(Bytes::from_static(b", end"), true)
                                .unwrap();
                        }
                        (None, None) => {}
                    }
                }
            }
        })
        .await;
        Self {
            server,
            end,
            resets,
        }
    }

    async fn wait_for_resets(&self, count: usize) {
        let waiting = async {
            while self.resets.lock().unwrap().len() < count {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(IMMEDIATELY, waiting).await.unwrap();
        assert_eq!(*self.resets.lock().unwrap(), vec![Reason::CANCEL; count]);
    }

    /// Ends the other call, which must not have noticed anything.
    async fn end(&self, other: gaiterguard_upstream::Inbound) {
        self.end.notify_one();
        assert_eq!(read(other).await.unwrap(), "piece, end");
        assert_eq!(self.server.connections(), 1);
    }
}

#[tokio::test]
async fn a_cancelled_call_resets_its_stream_and_no_other() {
    for has_head in [false, true] {
        let slow = Slow::start(has_head).await;
        let upstream = patient();
        let other = send(&upstream, grpc(&slow.server, "/other")).await.unwrap();
        let token = CancellationToken::new();
        let cancelling = async {
            sleep(Duration::from_millis(100)).await;
            token.cancel();
        };
        let (sent, ()) = tokio::join!(upstream.send(grpc(&slow.server, "/a"), &token), cancelling);
        match sent {
            Err(error) => assert!(
                !has_head
                    && matches!(
                        error,
                        SendError::Cancelled {
                            may_have_been_sent: true
                        }
                    ),
                "{error:?}"
            ),
            Ok(mut inbound) => {
                let error = inbound.body.frame().await.unwrap().unwrap_err();
                assert!(matches!(error, InboundError::Cancelled), "{error:?}");
            }
        }
        slow.wait_for_resets(1).await;
        slow.end(other).await;
    }
}

#[tokio::test]
async fn a_dropped_call_resets_its_stream_and_no_other() {
    let slow = Slow::start(true).await;
    let upstream = patient();
    let other = send(&upstream, grpc(&slow.server, "/other")).await.unwrap();
    let dropped = send(&upstream, grpc(&slow.server, "/a")).await.unwrap();
    drop(dropped);
    slow.wait_for_resets(1).await;
    slow.end(other).await;
}

#[tokio::test]
async fn a_call_that_was_cancelled_before_sends_nothing() {
    let server = server(100, echo).await;
    let token = CancellationToken::new();
    token.cancel();
    let upstream = upstream();
    for _ in 0..2 {
        let error = upstream
            .send(grpc(&server, "/a/b"), &token)
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                SendError::Cancelled {
                    may_have_been_sent: false
                }
            ),
            "{error:?}"
        );
        receive(&upstream, grpc(&server, "/a/b")).await;
    }
}

#[tokio::test]
async fn the_timeouts_are_those_of_http_1() {
    let slow = Slow::start(false).await;
    let upstream = upstream();
    let started = Instant::now();
    let error = send(&upstream, grpc(&slow.server, "/a")).await.unwrap_err();
    assert!(matches!(error, SendError::TimedOut { .. }), "{error:?}");
    let inbound = send(&upstream, grpc(&slow.server, "/other")).await.unwrap();
    let error = read(inbound).await.unwrap_err();
    assert!(
        matches!(error, InboundError::IdleTimeout { .. }),
        "{error:?}"
    );
    assert!(started.elapsed() < Duration::from_secs(3));
    // The first connection may have been dead, so another one was opened.
    assert_eq!(slow.server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_speaks_http_1_only_is_named_and_gets_nothing() {
    let bad_request = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(move |mut peer, _| async move {
        peer.read_until("PRI * HTTP/2.0").await;
        peer.write(bad_request).await;
    })
    .await;
    let error = send(&upstream(), grpc(&server, "/a/b")).await.unwrap_err();
    assert!(
        matches!(error, SendError::NotSent(NotSentReason::NoHttp2)),
        "{error:?}"
    );
    assert!(error.to_string().contains("gRPC"), "{error}");
}

#[tokio::test]
async fn a_body_is_sent_while_its_response_arrives() {
    // Each piece of the request is sent back immediately.
    let server = server(100, |(request, mut response): Call| async move {
        let mut stream = response.send_response(Response::new(()), false).unwrap();
        let mut body = request.into_body();
        while let Some(Ok(piece)) = body.data().await {
            body.flow_control().release_capacity(piece.len()).unwrap();
            stream.send_data(piece, false).unwrap();
        }
        stream.send_data(Bytes::new(), true).unwrap();
    })
    .await;
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let pieces = futures_util::stream::unfold(receiver, async |mut receiver| {
        let piece: Bytes = receiver.recv().await?;
        Some((Ok(http_body::Frame::data(piece)), receiver))
    });
    let mut outbound = grpc(&server, "/a/b");
    outbound.body = OutboundBody::streaming(StreamBody::new(pieces));
    let upstream = patient();
    let mut inbound = send(&upstream, outbound).await.unwrap();
    for piece in ["one", "two", "three"] {
        sender.send(Bytes::from(piece)).await.unwrap();
        assert_eq!(next_piece(&mut inbound).await, piece);
    }
    drop(sender);
    assert!(inbound.body.frame().await.is_none());
}

#[tokio::test]
async fn a_body_larger_than_every_window_arrives_whole_in_both_directions() {
    let server = server(100, |(request, mut response): Call| async move {
        let mut stream = response.send_response(Response::new(()), false).unwrap();
        let mut body = request.into_body();
        let mut held = Vec::new();
        while let Some(Ok(piece)) = body.data().await {
            body.flow_control().release_capacity(piece.len()).unwrap();
            held.extend_from_slice(&piece);
        }
        stream.send_data(held.into(), true).unwrap();
    })
    .await;
    let body: Vec<u8> = (0..=250).cycle().take(20_000_000).collect();
    let mut outbound = grpc(&server, "/a/b");
    outbound.body = OutboundBody::Full(body.clone().into());
    assert!(receive(&patient(), outbound).await == body);
}

#[tokio::test]
async fn the_credential_is_masked_in_trailers_and_unfit_trailers_are_removed() {
    let secret = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
    let server = server(100, move |(_, response): Call| async move {
        let message = format!("no such key: {secret}");
        respond(
            response,
            "body",
            &[
                ("grpc-status", "7"),
                ("grpc-message", &message),
                ("content-length", "7"),
                ("set-cookie", "a=b"),
            ],
        );
    })
    .await;
    let inbound = send(&upstream(), grpc(&server, "/a/b")).await.unwrap();
    let masker = Masker::new(&[MaskedSecret::Value(secret.as_bytes())]);
    let collected = MaskedBody::new(inbound.body, masker)
        .collect()
        .await
        .unwrap();
    let trailers = collected.trailers().unwrap();
    assert_eq!(
        trailers["grpc-message"],
        format!("no such key: {}", "*".repeat(secret.len()))
    );
    assert_eq!(trailers["grpc-status"], "7");
    assert_eq!(trailers.len(), 2);
    assert_eq!(collected.to_bytes(), "body");
}

#[tokio::test]
async fn a_head_beyond_the_limits_is_refused() {
    let server = server(100, |(request, mut response): Call| async move {
        let mut head = Response::builder();
        let (count, length) = match request.uri().path() {
            "/many" => (1001, 1),
            _ => (1, 300 * 1024),
        };
        for _ in 0..count {
            head = head.header("x", "y".repeat(length));
        }
        response
            .send_response(head.body(()).unwrap(), true)
            .unwrap();
    })
    .await;
    for path in ["/many", "/long"] {
        // A build without optimizations takes a while to encode and decode that much.
        let error = send(&patient(), grpc(&server, path)).await.unwrap_err();
        assert!(error.may_have_been_sent(), "{error:?}");
        assert!(
            matches!(
                error,
                SendError::Unusable { .. }
                    | SendError::Ambiguous(AmbiguousReason::InvalidResponse(_))
            ),
            "{error:?}"
        );
    }
}

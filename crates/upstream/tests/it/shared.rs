//! Tests of upstreams that may choose between HTTP/2 and HTTP/1.1: which requests share a connection, and which have
//! one to themselves.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use gaiterguard_upstream::{
    AmbiguousReason, Attempts, NotSentReason, Outbound, OutboundBody, Scheme, SendError, Upstream,
};
use h2::Reason;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use crate::http2::{Call, echo, frames, respond};
use crate::server::{Peer, Server, ok};
use crate::support::{next_piece, read, receive, request, send};
use crate::tls::{Authority, trusting};

/// A request that a server has read.
#[derive(Clone, Debug)]
struct Seen {
    connection: usize,
    is_http_2: bool,
    head: Request<()>,
}

/// A server with TLS whose name is `good.example`.
struct Both {
    server: Server,
    authority: Authority,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// The most requests that a connection served at a time.
    most: Arc<Mutex<HashMap<usize, usize>>>,
}

impl Both {
    /// Serves each stream in HTTP/2 with `serve`, and each request in HTTP/1.1 with 200 after a short time.
    async fn start<F>(
        alpn: &[&str],
        serve: impl Fn(usize, Call) -> F + Send + Sync + Clone + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let authority = Authority::new();
        let acceptor = acceptor(&authority, alpn);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let most = Arc::new(Mutex::new(HashMap::new()));
        let server = Server::start({
            let (seen, most) = (Arc::clone(&seen), Arc::clone(&most));
            move |peer, connection| {
                let (acceptor, serve) = (acceptor.clone(), serve.clone());
                let (seen, most) = (Arc::clone(&seen), Arc::clone(&most));
                async move {
                    let Ok(stream) = acceptor.accept(peer.stream).await else {
                        return;
                    };
                    let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    let note = move |head: Request<()>| {
                        let mut seen = seen.lock().unwrap();
                        seen.push(Seen {
                            connection,
                            is_http_2,
                            head,
                        });
                    };
                    if !is_http_2 {
                        let log = peer.log;
                        let mut peer = Peer { stream, log };
                        while let Some(text) = peer.read_request().await {
                            let method = text.split(' ').next().unwrap();
                            let head = Request::builder()
                                .method(method)
                                .version(http::Version::HTTP_11);
                            note(head.body(()).unwrap());
                            sleep(Duration::from_millis(100)).await;
                            peer.write(&ok("hello")).await;
                        }
                        return;
                    }
                    let running = Arc::new(AtomicUsize::new(0));
                    let mut http_2 = h2::server::Builder::new()
                        .max_concurrent_streams(100)
                        .handshake(stream)
                        .await
                        .unwrap();
                    while let Some(Ok((request, response))) = http_2.accept().await {
                        let (head, body) = request.into_parts();
                        note(Request::from_parts(head.clone(), ()));
                        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                        let mut most = most.lock().unwrap();
                        let most = most.entry(connection).or_default();
                        *most = now.max(*most);
                        let served = serve(connection, (Request::from_parts(head, body), response));
                        let running = Arc::clone(&running);
                        tokio::spawn(async move {
                            served.await;
                            running.fetch_sub(1, Ordering::SeqCst);
                        });
                    }
                }
            }
        })
        .await;
        Self {
            server,
            authority,
            seen,
            most,
        }
    }

    fn upstream(&self) -> Upstream {
        trusting(Some(&self.authority))
    }

    /// Returns a request that may be sent twice if its method is safe.
    fn request(&self, method: Method, path: &'static str) -> Outbound {
        let mut outbound = request(&self.server, method, path);
        outbound.origin = self.server.origin_named(Scheme::Https, "good.example");
        outbound.options.may_repeat = true;
        outbound
    }

    fn get(&self) -> Outbound {
        self.request(Method::GET, "/")
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn acceptor(authority: &Authority, alpn: &[&str]) -> TlsAcceptor {
    let (certificate, key) = authority.certificate_for("good.example");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let alpn = alpn.iter();
    config.alpn_protocols = alpn.map(|protocol| protocol.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

const EITHER: &[&str] = &["h2", "http/1.1"];

async fn slowly(call: Call) {
    sleep(Duration::from_millis(100)).await;
    echo(call).await;
}

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
        let reads = (0..20).map(|_| {
            let mut outbound = request(&server, Method::GET, "/");
            outbound.origin = server.origin_named(Scheme::Https, "good.example");
            outbound.options.may_repeat = true;
            send(&upstream, outbound)
        });
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
        let received = persistent(&upstream, READS, || {
            let mut outbound = request(&server, Method::GET, "/");
            outbound.origin = server.origin_named(Scheme::Https, "good.example");
            outbound
        });
        assert!(received.await.iter().all(|body| body == "hello"));
        assert_eq!(server.connections(), 3, "{alpn:?}");
    }
}

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
    let get = || {
        let mut outbound = request(&server, Method::GET, "/");
        outbound.origin = server.origin_named(Scheme::Https, "good.example");
        outbound.options.may_repeat = true;
        outbound
    };
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
        let get = || {
            let mut outbound = request(&server, Method::GET, "/");
            outbound.origin = server.origin_named(Scheme::Https, "good.example");
            outbound.options.may_repeat = true;
            outbound
        };
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
        let mut outbound = request(&server, Method::GET, "/");
        outbound.origin = server.origin_named(Scheme::Https, "good.example");
        outbound.options.may_repeat = true;
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

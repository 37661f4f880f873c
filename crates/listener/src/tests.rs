//! Tests of the listener through raw sockets, which send exactly the bytes that are written here.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gaiterguard_framing::{HEAD_BYTES_MAX, HEAD_FIELDS_MAX};
use http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::limits::HALF_CLOSE;
use super::*;

const HEADER_TIMEOUT: Duration = Duration::from_millis(300);
const BODY_IDLE_TIMEOUT: Duration = Duration::from_millis(300);
const ECHO_BYTES_MAX: usize = 1024 * 1024;
/// How long a test waits for an expected event.
const PATIENCE: Duration = Duration::from_secs(10);
/// Set on every response of the handler, and on none that hyper makes itself.
const HANDLED: &str = "x-handled";

struct Server {
    address: SocketAddr,
    paths: Paths,
    lifecycle: Lifecycle,
}

/// A handler with a few paths.
#[derive(Clone, Default)]
struct Paths {
    /// Notifies when `/hold` starts and when it is dropped.
    held: Arc<Notify>,
    given_up: Arc<Notify>,
}

impl Paths {
    /// Waits forever, and notifies when it is dropped.
    async fn hold(&self) -> Infallible {
        struct Dropped(Arc<Notify>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        let _dropped = Dropped(Arc::clone(&self.given_up));
        self.held.notify_one();
        std::future::pending().await
    }
}

impl Handler for Paths {
    type Body = Full<Bytes>;

    async fn handle(&self, request: Request<RequestBody>, _: SocketAddr) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        match (request.method(), path.as_str()) {
            (&Method::GET, "/hold") => match self.hold().await {},
            (&Method::GET, "/slow") => {
                tokio::time::sleep(3 * HEADER_TIMEOUT).await;
                response(StatusCode::OK, "slow")
            }
            (&Method::POST, "/echo") => {
                match Limited::new(request.into_body(), ECHO_BYTES_MAX)
                    .collect()
                    .await
                {
                    Ok(body) => response(StatusCode::OK, body.to_bytes()),
                    Err(error) => {
                        let error = BodyError::find(&*error).unwrap();
                        response(error.status(), error.to_string())
                    }
                }
            }
            (&Method::POST, "/early") => {
                assert!(!request.body().is_end_stream());
                response(StatusCode::PAYLOAD_TOO_LARGE, "too long")
            }
            (&Method::CONNECT, _) if request.uri().port_u16() == Some(443) => {
                let tunnel = hyper::upgrade::on(request);
                tokio::spawn(async move {
                    let mut stream = TokioIo::new(tunnel.await.unwrap());
                    let mut bytes = [0; 4];
                    stream.read_exact(&mut bytes).await.unwrap();
                    stream.write_all(&bytes).await.unwrap();
                    stream.shutdown().await.unwrap();
                });
                response(StatusCode::OK, "")
            }
            (&Method::CONNECT, _) => response(StatusCode::FORBIDDEN, "no tunnel"),
            (&Method::GET | &Method::HEAD, "/") => response(StatusCode::OK, "home"),
            _ => response(StatusCode::NOT_FOUND, "no such path"),
        }
    }

    fn refuse(&self, error: HeadError) -> Response<Full<Bytes>> {
        response(error.status(), error.to_string())
    }
}

fn response(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(HANDLED, http::HeaderValue::from_static("yes"));
    response
}

impl Server {
    async fn start() -> Self {
        Self::start_as(false).await
    }

    async fn start_as(is_proxy: bool) -> Self {
        let paths = Paths::default();
        let socket = Socket::bind("127.0.0.1", 0).await.unwrap();
        let address = socket.address();
        let listener = Listener {
            socket,
            handler: paths.clone(),
            is_proxy,
        };
        let lifecycle = Lifecycle::new();
        let limits = Limits {
            header_timeout: HEADER_TIMEOUT,
            body_idle_timeout: BODY_IDLE_TIMEOUT,
        };
        let serving = lifecycle.clone();
        tokio::spawn(async move { serve(vec![listener], limits, &serving).await });
        Self {
            address,
            paths,
            lifecycle,
        }
    }

    async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// Sends `bytes` over a new connection and reads until the server closes it.
    async fn ask(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.rest().await
    }
}

struct Client(TcpStream);

impl Client {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Reads until the server closes the connection. A reset fails the test.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("the server closes the connection")
            .unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Reads until `text` has arrived.
    async fn until(&mut self, text: &str) -> String {
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).contains(text) {
            let read = self.0.read_buf(&mut bytes);
            let count = tokio::time::timeout(PATIENCE, read)
                .await
                .expect("the response comes")
                .unwrap();
            assert!(
                count > 0,
                "closed after {:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
        String::from_utf8(bytes).unwrap()
    }
}

/// Returns the status of each response in `responses`.
fn statuses(responses: &str) -> Vec<&str> {
    responses
        .split("HTTP/1.1 ")
        .skip(1)
        .filter_map(|rest| rest.get(..3))
        .filter(|status| status.bytes().all(|byte| byte.is_ascii_digit()))
        .collect()
}

/// Asserts that `response` is one refusal that closes the connection.
#[track_caller]
fn assert_refused(response: &str, status: u16, sent: &str) {
    let lower = response.to_ascii_lowercase();
    assert!(
        response.starts_with(&format!("HTTP/1.1 {status} ")),
        "{sent:?} gave {response:?}"
    );
    assert_eq!(statuses(response).len(), 1, "{sent:?} gave {response:?}");
    assert!(lower.contains("\r\nconnection: close\r\n"), "{response:?}");
    assert!(lower.contains("\r\nx-handled: yes\r\n"), "{response:?}");
}

#[tokio::test]
async fn framing_with_two_meanings_is_refused_and_nothing_of_it_is_run() {
    let server = Server::start().await;
    // This would be executed if the framing were read the other way.
    let smuggled = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for head in [
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0cchunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nX:\t\r GET / HTTP/1.1\r\n\r\n",
        "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
        "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let sent = format!("{head}{smuggled}");
        assert_refused(&server.ask(&sent).await, 400, head);
    }
}

#[tokio::test]
async fn a_refusal_waits_for_the_responses_to_earlier_requests() {
    let server = Server::start().await;
    let response = server
        .ask(
            "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n\
             POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
             GET / HTTP/1.1\r\n\r\n\
             GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .await;
    assert_eq!(statuses(&response), ["200", "200", "400"], "{response:?}");
    let slow = response.find("\r\n\r\nslow").unwrap();
    let echo = response.find("\r\n\r\nabc").unwrap();
    let refusal = response.find("one Host header").unwrap();
    assert!(slow < echo && echo < refusal, "{response:?}");
}

#[tokio::test]
async fn requests_are_read_however_their_bytes_arrive() {
    let server = Server::start().await;
    let requests = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                    3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n\
                    POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfghij\r\n\
                    GET http://A:80/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for step in [1, 7, 64, requests.len()] {
        let mut client = server.connect().await;
        client.0.set_nodelay(true).unwrap();
        for piece in requests.as_bytes().chunks(step) {
            client.send(piece).await;
            tokio::task::yield_now().await;
        }
        let response = client.rest().await;
        assert_eq!(
            response.matches("HTTP/1.1 200 OK").count(),
            3,
            "{response:?}"
        );
        for body in ["\r\n\r\nabcde", "\r\n\r\nfghij", "\r\n\r\nhome"] {
            assert!(response.contains(body), "{response:?}");
        }
    }
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let server = Server::start().await;
    let numbers: Vec<_> = (0..ECHO_BYTES_MAX / 8).map(|n| format!("{n:08}")).collect();
    let body = numbers.concat();
    let mut client = server.connect().await;
    let (mut read, mut write) = client.0.split();
    let head = format!(
        "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let sent = async {
        write.write_all(head.as_bytes()).await.unwrap();
        write.write_all(body.as_bytes()).await.unwrap();
    };
    let mut response = Vec::new();
    let ((), read) = tokio::join!(sent, read.read_to_end(&mut response));
    read.unwrap();
    let response = String::from_utf8(response).unwrap();
    assert!(response.ends_with(&body), "{} bytes came", response.len());
}

#[tokio::test]
async fn broken_chunks_are_400_and_close() {
    let server = Server::start().await;
    for body in [
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\nabc\r\n",
        "x\r\n",
        "3 \r\nabc\r\n",
    ] {
        let sent =
            format!("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        assert_refused(&server.ask(&sent).await, 400, body);
    }
}

#[tokio::test]
async fn heads_have_a_length_and_a_number_of_fields() {
    let server = Server::start().await;
    let long = "a".repeat(HEAD_BYTES_MAX);
    let fields = "X: y\r\n".repeat(HEAD_FIELDS_MAX);
    for head in [
        format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}"),
        format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"),
    ] {
        let response = server.ask(&head).await;
        assert_refused(&response, 431, &head[..40]);
    }
    let fields = "X: y\r\n".repeat(HEAD_FIELDS_MAX - 2);
    let response = server
        .ask(format!(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n"
        ))
        .await;
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response:?}");
}

#[tokio::test]
async fn a_head_that_does_not_arrive_is_408_and_close() {
    let server = Server::start().await;
    for head in ["G", "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "] {
        let started = Instant::now();
        assert_refused(&server.ask(head).await, 408, head);
        assert!(started.elapsed() >= HEADER_TIMEOUT);
    }
    // The second head of a persistent connection has its own deadline, from its first byte.
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.until("home").await;
    tokio::time::sleep(2 * HEADER_TIMEOUT).await;
    client.send("GET / HT").await;
    assert_refused(&client.rest().await, 408, "GET / HT");
}

#[tokio::test]
async fn a_head_that_trickles_is_408_and_close() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let (mut read, mut write) = client.0.split();
    let trickle = async {
        // The response ends the loop: writing to the closed connection fails.
        while write.write_all(b"a").await.is_ok() {
            tokio::time::sleep(HEADER_TIMEOUT / 10).await;
        }
    };
    let mut response = vec![0; 12];
    tokio::select! {
        () = trickle => panic!("closed without a response"),
        read = read.read_exact(&mut response) => { read.unwrap(); }
    }
    assert_eq!(response, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_silent_connection_is_closed_without_a_word() {
    let server = Server::start().await;
    let started = Instant::now();
    assert_eq!(server.ask("").await, "");
    assert!(started.elapsed() >= HEADER_TIMEOUT);
}

#[tokio::test]
async fn a_body_that_stops_is_408_and_close() {
    let server = Server::start().await;
    for sent in [
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
    ] {
        let started = Instant::now();
        assert_refused(&server.ask(sent).await, 408, sent);
        assert!(started.elapsed() >= BODY_IDLE_TIMEOUT);
    }
}

#[tokio::test]
async fn a_slow_body_that_keeps_coming_is_taken() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
        .await;
    for piece in ["a", "b", "c", "d", "e", "f"] {
        tokio::time::sleep(BODY_IDLE_TIMEOUT / 3).await;
        client.send(piece).await;
    }
    let response = client.until("abcdef").await;
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response:?}");
}

#[tokio::test]
async fn a_body_cut_off_is_not_taken_for_a_whole_one() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
        .await;
    client.0.shutdown().await.unwrap();
    let response = client.rest().await;
    assert!(!response.contains(" 200 "), "{response:?}");
}

#[tokio::test]
async fn a_client_that_closed_only_its_sending_side_gets_its_response() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client
        .send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    client.0.shutdown().await.unwrap();
    let started = Instant::now();
    let response = client.rest().await;
    assert!(started.elapsed() < HALF_CLOSE);
    assert_eq!(statuses(&response), ["200", "200"], "{response:?}");
    assert!(response.contains("slow") && response.ends_with("home"));
}

#[tokio::test]
async fn a_hold_ends_some_time_after_its_client_is_gone() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.paths.held.notified().await;
    drop(client);
    let started = Instant::now();
    tokio::time::timeout(PATIENCE, server.paths.given_up.notified())
        .await
        .expect("the request is given up");
    assert!(started.elapsed() >= HALF_CLOSE / 2);
}

#[tokio::test]
async fn an_early_response_arrives_although_the_body_is_not_read() {
    let server = Server::start().await;
    let body = "a".repeat(4 * 1024 * 1024);
    let mut client = server.connect().await;
    let (mut read, mut write) = client.0.split();
    let sent = async {
        let head = format!(
            "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        write.write_all(head.as_bytes()).await.unwrap();
        // The server may close the connection before everything is written.
        let _ = write.write_all(body.as_bytes()).await;
    };
    let mut response = Vec::new();
    let ((), read) = tokio::join!(sent, read.read_to_end(&mut response));
    read.unwrap();
    let response = String::from_utf8(response).unwrap();
    assert!(response.starts_with("HTTP/1.1 413"), "{response:?}");
    assert!(response.ends_with("too long"), "{response:?}");
}

#[tokio::test]
async fn a_hold_outlasts_the_header_timeout() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.until("slow").await.starts_with("HTTP/1.1 200 OK"));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.until("home").await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn draining_ends_what_runs_and_takes_nothing_new() {
    let server = Server::start().await;
    let mut running = server.connect().await;
    running.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    idle.until("home").await;

    server.lifecycle.drain();
    let finishing = server.lifecycle.clone();
    let finished =
        tokio::spawn(async move { finishing.finish(PATIENCE, std::future::pending()).await });

    assert!(idle.rest().await.is_empty());
    let response = running.rest().await;
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response:?}");
    assert!(response.ends_with("slow"), "{response:?}");
    drop((idle, running));
    assert!(finished.await.unwrap());
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn http_1_0_needs_no_host() {
    let server = Server::start().await;
    let response = server.ask("GET / HTTP/1.0\r\n\r\n").await;
    assert!(response.starts_with("HTTP/1.0 200 OK"), "{response:?}");
}

#[tokio::test]
async fn a_proxy_opens_a_tunnel_after_a_refusal_on_the_same_connection() {
    let server = Server::start_as(true).await;
    let mut client = server.connect().await;
    client
        .send("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n")
        .await;
    let refused = client.until("no tunnel").await;
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused:?}");
    client
        .send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n\x16\0\n\r")
        .await;
    let rest = client.rest().await;
    assert!(rest.starts_with("HTTP/1.1 200 OK"), "{rest:?}");
    assert!(rest.ends_with("\r\n\r\n\x16\0\n\r"), "{rest:?}");
}

#[tokio::test]
async fn a_python_client_opens_a_tunnel_over_http_1_0() {
    let server = Server::start_as(true).await;
    let response = server.ask("CONNECT a:443 HTTP/1.0\r\n\r\nabcd").await;
    assert!(response.starts_with("HTTP/1.0 200 OK"), "{response:?}");
    assert!(response.ends_with("\r\n\r\nabcd"), "{response:?}");
}

/// The first fragments, which are request lines.
const REQUEST_LINES: usize = 12;

/// Parts of heads, valid and invalid.
const FRAGMENTS: [&str; 36] = [
    "GET / HTTP/1.1\r\n",
    "GET / HTTP/1.0\r\n",
    "POST /echo HTTP/1.1\r\n",
    "HEAD / HTTP/1.1\r\n",
    "OPTIONS * HTTP/1.1\r\n",
    "GET http://a/ HTTP/1.1\r\n",
    "GET /{\"`<>|^ HTTP/1.1\r\n",
    "GET //?? HTTP/1.1\r\n",
    "GET ? HTTP/1.1\r\n",
    "GET a:b HTTP/1.1\r\n",
    "get / HTTP/1.1\r\n",
    "GET / HTTP/1.1 \r\n",
    "Host: a\r\n",
    "Host: a:99999\r\n",
    "Host: [::1]:1\r\n",
    "Host: %zz\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: 9999999999999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: \tchunked \r\n",
    "Connection: close\r\n",
    "Connection: upgrade\r\nUpgrade: h2c\r\n",
    "Expect: 100-continue\r\n",
    "X: \u{e9}\u{7f}\r\n",
    "X:\t\r\n",
    "X Y: z\r\n",
    " folded\r\n",
    "\r\n",
    "\r\n",
    "\r\n",
    "\n",
    "abc",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    "0\r\nX: y\r\n\r\n",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..Default::default()
    })]

    /// Hyper never sees anything that it refuses or repairs itself: every response is the
    /// handler's.
    #[test]
    fn what_hyper_would_refuse_is_refused_before(
        picks in proptest::collection::vec(0..FRAGMENTS.len(), 0..8),
        flips in proptest::collection::vec((0..100_usize, proptest::num::u8::ANY), 0..2),
        request_line in 0..REQUEST_LINES,
        has_host in proptest::bool::weighted(0.8),
        has_end in proptest::bool::ANY,
    ) {
        // Cases have the form of a request, because otherwise only the first line would be tested.
        let mut sent = FRAGMENTS[request_line].as_bytes().to_vec();
        if has_host {
            sent.extend_from_slice(b"Host: a\r\n");
        }
        for pick in picks {
            sent.extend_from_slice(FRAGMENTS[pick].as_bytes());
        }
        if has_end {
            sent.extend_from_slice(b"\r\n");
        }
        for (at, byte) in flips {
            if let Some(place) = sent.get_mut(at) {
                *place = byte;
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let response = runtime.block_on(async {
            let server = Server::start().await;
            let mut client = server.connect().await;
            client.send(&sent).await;
            client.0.shutdown().await.unwrap();
            let mut response = Vec::new();
            let _ = client.0.read_to_end(&mut response).await;
            String::from_utf8_lossy(&response).into_owned()
        });
        let sent = String::from_utf8_lossy(&sent);
        let finals = response.match_indices("HTTP/1.").filter(|(at, _)| {
            let start = &response[*at..];
            start.get(8..10).is_some_and(|status| status.starts_with(' ') && status != " 1")
                && start.as_bytes().get(9).is_some_and(u8::is_ascii_digit)
        });
        proptest::prop_assert_eq!(
            finals.count(),
            response.matches("\r\nx-handled: ").count(),
            "{:?} gave {:?}",
            sent,
            response
        );
    }
}

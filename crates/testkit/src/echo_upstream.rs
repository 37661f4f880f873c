//! An upstream inside the test's process, on a real socket. It records the requests that it receives and sends
//! the replies that the test has set, or else an echo of the request.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite, BufReader};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::eventually::eventually;
use crate::received::Received;
use crate::reply::Reply;
use crate::reserved_port::listen;

type Handler = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

#[derive(Default)]
struct State {
    received: Vec<Received>,
    heads: usize,
    connections: usize,
    abandoned: usize,
    handlers: HashMap<String, Handler>,
}

/// A server on a loopback port of its own. Dropping it ends the server.
pub struct EchoUpstream {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: AbortHandle,
    certificate: Option<TempDir>,
}

impl EchoUpstream {
    /// Starts a server without TLS.
    pub async fn start() -> Self {
        Self::listen(None).await
    }

    /// Starts a server with TLS and a certificate for `names`; see [`certificate_file`](Self::certificate_file).
    pub async fn start_with_tls(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("upstream.pem"), made.cert.pem()).expect("it is written");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let settings = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(
                vec![made.cert.der().clone()],
                PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into()),
            )
            .expect("the key belongs to the certificate");
        let mut upstream = Self::listen(Some(TlsAcceptor::from(Arc::new(settings)))).await;
        upstream.certificate = Some(folder);
        upstream
    }

    async fn listen(tls: Option<TlsAcceptor>) -> Self {
        let (listener, address) = listen().await;
        let state = Arc::new(Mutex::new(State::default()));
        let accepting = tokio::spawn(accept(listener, tls, Arc::clone(&state))).abort_handle();
        Self {
            address,
            state,
            accepting,
            certificate: None,
        }
    }

    /// Returns the address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its base URL, with an IP address as the host.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// Returns the file for `UPSTREAM_CA_FILE`. Panics without TLS.
    pub fn certificate_file(&self) -> PathBuf {
        self.certificate
            .as_ref()
            .expect("it was started with TLS")
            .path()
            .join("upstream.pem")
    }

    /// Replies with `reply` to each request whose path (without the query) is `path`.
    pub fn on(&self, path: &str, reply: Reply) {
        self.on_request(path, move |_| reply.clone());
    }

    /// Replies with the result of `handler` to each request whose path (without the query) is `path`.
    pub fn on_request(
        &self,
        path: &str,
        handler: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) {
        lock(&self.state)
            .handlers
            .insert(path.to_owned(), Arc::new(handler));
    }

    /// Returns all requests received, in order of arrival. Bodies may be incomplete.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.state).received.clone()
    }

    /// Returns the only request that was received. Panics if there were none or more.
    #[track_caller]
    pub fn only(&self) -> Received {
        let mut received = self.received();
        assert_eq!(received.len(), 1, "{received:#?}");
        received.remove(0)
    }

    /// Returns the requests whose path (without the query) is `path`.
    pub fn received_at(&self, path: &str) -> Vec<Received> {
        self.received()
            .into_iter()
            .filter(|received| received.path() == path)
            .collect()
    }

    /// Returns how many request heads have arrived, even if their bodies have not.
    pub fn heads(&self) -> usize {
        lock(&self.state).heads
    }

    /// Returns how many connections were opened.
    pub fn connections(&self) -> usize {
        lock(&self.state).connections
    }

    /// Returns how many connections the other side closed before the response was sent.
    pub fn abandoned(&self) -> usize {
        lock(&self.state).abandoned
    }

    /// Waits until this many requests were received. Panics if that takes more than 10 seconds.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        eventually(
            "the upstream receives requests",
            Duration::from_secs(10),
            || async {
                let received = self.received();
                (received.len() >= count).then_some(received)
            },
        )
        .await
    }
}

impl Drop for EchoUpstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<Mutex<State>>) {
    // The connections are dropped with the listener, as when a server is killed.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        lock(&state).connections += 1;
        let (tls, state) = (tls.clone(), Arc::clone(&state));
        connections.spawn(async move {
            match tls {
                None => serve(stream, &state).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, &state).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, state: &Mutex<State>) {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reader = BufReader::new(reader);
    while let Some(mut received) = Received::read_head(&mut reader).await {
        lock(state).heads += 1;
        received.read_body(&mut reader).await;
        let complete = received.complete;
        let with_body = received.method != "HEAD";
        let handler = lock(state).handlers.get(received.path()).cloned();
        let reply = match handler {
            Some(handler) => handler(&received),
            None => Reply::json(received.to_json()),
        };
        lock(state).received.push(received);
        if !complete {
            return;
        }
        tokio::select! {
            sent = reply.send(&mut writer, with_body) => {
                if !matches!(sent, Ok(true)) {
                    return;
                }
            }
            () = closed(&mut reader) => {
                lock(state).abandoned += 1;
                return;
            }
        }
    }
}

/// Returns when the other side has closed the connection.
async fn closed(reader: &mut (impl AsyncBufRead + Unpin)) {
    if reader.fill_buf().await.is_ok_and(|ahead| !ahead.is_empty()) {
        // The next request has already arrived. It is read after the response to this one.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Method;
    use serde_json::json;

    use super::EchoUpstream;
    use crate::client::Client;
    use crate::eventually::eventually;
    use crate::raw_exchange::raw_exchange;
    use crate::reply::{Gate, Reply};

    #[tokio::test]
    async fn a_request_is_recorded_byte_for_byte() {
        let upstream = EchoUpstream::start().await;
        let request = b"PUT /a%2fb//c?x=%20&x HTTP/1.1\r\nhOsT: here\r\nX-A: 1\r\nx-a:2\r\n\
            Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=1\r\nde\r\n0\r\n\r\n";
        let pieces = request
            .chunks(7)
            .map(|piece| (Duration::ZERO, piece))
            .collect::<Vec<_>>();
        raw_exchange(upstream.address(), &pieces, Duration::from_millis(300)).await;
        let received = upstream.only();
        assert_eq!(
            (received.method.as_str(), received.target.as_str()),
            ("PUT", "/a%2fb//c?x=%20&x")
        );
        let names: Vec<&str> = received
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["hOsT", "X-A", "x-a", "Transfer-Encoding"]);
        assert_eq!(
            (received.header("X-a"), received.header_count("X-a")),
            (Some("1"), 2)
        );
        assert_eq!(
            (received.text().as_str(), received.complete),
            ("abcde", true)
        );
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_recorded_as_incomplete() {
        let upstream = EchoUpstream::start().await;
        let request = b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc";
        let limit = Duration::from_millis(100);
        raw_exchange(upstream.address(), &[(Duration::ZERO, request)], limit).await;
        let received = upstream.wait_for(1).await.remove(0);
        assert_eq!(
            (received.text().as_str(), received.complete),
            ("abc", false)
        );
    }

    #[tokio::test]
    async fn requests_are_echoed_unless_a_reply_is_set() {
        let upstream = EchoUpstream::start().await;
        let client = Client::new(upstream.address());
        let echo = client
            .post("/x?y=1")
            .json(json!({"a": 1}))
            .send()
            .await
            .expect_status(200)
            .json();
        assert_eq!(
            (&echo["method"], &echo["target"]),
            (&json!("POST"), &json!("/x?y=1"))
        );
        assert_eq!(echo["body"], "{\"a\":1}");

        let cookies = Reply::status(207)
            .header("Set-Cookie", "a=1")
            .header("Set-Cookie", "b=2");
        upstream.on("/cookies", cookies.body("one ").body("two").chunked());
        let response = client.get("/cookies?q").send().await.expect_status(207);
        assert_eq!(response.headers("set-cookie"), ["a=1", "b=2"]);
        assert_eq!(
            (response.text().as_str(), response.header("content-length")),
            ("one two", None)
        );
        let head = client
            .call(Method::HEAD, "/nothing")
            .send()
            .await
            .expect_status(200);
        assert!(head.body.is_empty() && head.header("content-length") != Some("0"));
    }

    #[tokio::test]
    async fn replies_can_be_cut_delayed_or_never_sent() {
        let upstream = EchoUpstream::start().await;
        let client = Client::new(upstream.address());
        upstream.on("/cut", Reply::text("0123456789").cut_after(4));
        let mut cut = client.get("/cut").open().await;
        assert_eq!(cut.content_length(), Some(10));
        assert_eq!(cut.next().await.unwrap().unwrap(), "0123");
        cut.next().await.unwrap_err();

        upstream.on(
            "/cut-chunk",
            Reply::text("0123456789").chunked().cut_after(4),
        );
        assert!(client.get("/cut-chunk").try_send().await.is_err());
        upstream.on("/close", Reply::close());
        assert!(client.get("/close").try_send().await.is_err());

        upstream.on("/never", Reply::never());
        let limit = Duration::from_millis(100);
        assert!(client.get("/never").limit(limit).try_send().await.is_err());
        let second = Duration::from_secs(1);
        eventually("the closed connection is noticed", second, || async {
            (upstream.abandoned() == 1).then_some(())
        })
        .await;

        let gate = Gate::new();
        upstream.on("/gate", Reply::text("open").after(&gate));
        let waiting = tokio::spawn(client.get("/gate").send());
        upstream.wait_for(5).await;
        assert!(!waiting.is_finished());
        gate.open();
        assert_eq!(waiting.await.unwrap().text(), "open");
    }
}

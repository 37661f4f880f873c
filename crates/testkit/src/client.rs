//! A small HTTP client that hides nothing: no redirects, no retries, no decompression, one connection
//! for each call.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Longer than any answer in a test takes, so that a call that hangs fails by itself.
const LIMIT: Duration = Duration::from_mins(1);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Sends calls to one address.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
}

impl Client {
    /// A client of the server at `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// The address that it calls.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A call with any method; `path` holds the query too.
    pub fn call(&self, method: Method, path: &str) -> Call {
        Call {
            address: self.address,
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            limit: LIMIT,
        }
    }

    /// A GET call.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// A POST call.
    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    /// A PUT call.
    pub fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    /// A PATCH call.
    pub fn patch(&self, path: &str) -> Call {
        self.call(Method::PATCH, path)
    }

    /// A DELETE call.
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }
}

/// One call, not sent yet.
#[derive(Clone, Debug)]
#[must_use]
pub struct Call {
    address: SocketAddr,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    limit: Duration,
}

impl Call {
    /// Adds a header; the same name again adds a second line.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header name");
        self.headers
            .append(name, HeaderValue::try_from(value).expect("a header value"));
        self
    }

    /// `Authorization: Bearer …`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// `Authorization: Basic …`.
    pub fn basic(self, user: &str, password: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// `Agent-Key: …`.
    pub fn agent_key(self, key: &str) -> Self {
        self.header("agent-key", key)
    }

    /// `Idempotency-Key: …`.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// A JSON body, with its content type.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is called with json!({…}) made for it"
    )]
    pub fn json(self, value: Value) -> Self {
        self.header("content-type", "application/json")
            .body(value.to_string())
    }

    /// The body's bytes, without a content type.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// How long the call may take, in place of a minute.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends it and reads the whole answer; panics if none comes.
    pub async fn send(self) -> Response {
        let what = format!("{} {}", self.method, self.path);
        self.try_send()
            .await
            .unwrap_or_else(|error| panic!("{what} got no answer: {error}"))
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Errors
    /// When the connection is refused, breaks before the answer is complete, or time is up.
    pub async fn try_send(self) -> Result<Response, BoxError> {
        let limit = self.limit;
        tokio::time::timeout(limit, async {
            let stream = self.try_open().await?;
            let (status, headers) = (stream.status, stream.headers.clone());
            let body = stream.try_rest().await?;
            Ok(Response {
                status,
                headers,
                body,
            })
        })
        .await
        .map_err(|_| format!("no complete answer within {limit:?}"))?
    }

    /// Sends it and returns as soon as the answer's head is there; panics if none comes.
    pub async fn open(self) -> ResponseStream {
        let what = format!("{} {}", self.method, self.path);
        self.try_open()
            .await
            .unwrap_or_else(|error| panic!("{what} got no answer: {error}"))
    }

    /// Sends it and returns as soon as the answer's head is there.
    ///
    /// # Errors
    /// When the connection is refused or breaks before that, or time is up.
    pub async fn try_open(self) -> Result<ResponseStream, BoxError> {
        let limit = self.limit;
        tokio::time::timeout(limit, self.exchange())
            .await
            .map_err(|_| format!("no answer within {limit:?}"))?
    }

    async fn exchange(self) -> Result<ResponseStream, BoxError> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(async move {
            // A connection that breaks shows as an error of the body.
            let _ = connection.await;
        });
        let mut request = Request::builder().method(self.method).uri(&self.path);
        *request
            .headers_mut()
            .ok_or("a request line that cannot be sent")? = self.headers;
        if !request
            .headers_ref()
            .is_some_and(|headers| headers.contains_key("host"))
        {
            request = request.header("host", self.address.to_string());
        }
        let response = sender
            .send_request(request.body(Full::new(self.body))?)
            .await?;
        let (head, body) = response.into_parts();
        Ok(ResponseStream {
            status: head.status,
            headers: head.headers,
            body,
            connection,
        })
    }
}

/// An answer whose body is still coming.
#[derive(Debug)]
pub struct ResponseStream {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: Incoming,
    connection: JoinHandle<()>,
}

impl ResponseStream {
    /// The length that the head announces, if it does.
    pub fn content_length(&self) -> Option<u64> {
        self.headers
            .get("content-length")?
            .to_str()
            .ok()?
            .parse()
            .ok()
    }

    /// The next piece of the body, or none at its end.
    ///
    /// # Errors
    /// When the connection breaks before the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, hyper::Error> {
        loop {
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(error),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Reads on until `needle` has come; gives back everything read. Panics if it never comes.
    pub async fn until(&mut self, needle: &str) -> String {
        let mut read = Vec::new();
        let found = tokio::time::timeout(LIMIT, async {
            while !String::from_utf8_lossy(&read).contains(needle) {
                match self.next().await {
                    Ok(Some(piece)) => read.extend_from_slice(&piece),
                    Ok(None) | Err(_) => return false,
                }
            }
            true
        });
        let found = found.await.unwrap_or(false);
        let read = String::from_utf8_lossy(&read).into_owned();
        assert!(found, "{needle:?} never came; what came: {read}");
        read
    }

    /// The rest of the body.
    ///
    /// # Errors
    /// When the connection breaks before the end.
    pub async fn try_rest(mut self) -> Result<Bytes, BoxError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.into())
    }
}

impl Drop for ResponseStream {
    /// Closes the connection, as a client does that has gone away.
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's bytes, as they came.
    pub body: Bytes,
}

impl Response {
    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; panics if it is not.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "{} with a body that is no JSON ({error}): {}",
                self.status,
                self.text()
            )
        })
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All values of a header, in order.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect()
    }

    /// Itself, if it has this status; panics with its body otherwise.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "often the check is all that is wanted"
    )]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Itself, if it is the gateway's own error with this status and code; panics otherwise.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "often the check is all that is wanted"
    )]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        assert_eq!(self.json()["code"], code, "{}", self.text());
        self
    }
}

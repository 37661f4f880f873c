//! A small HTTP client that hides nothing: no redirects, no retries, no decompression, and a new connection
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

/// Longer than any response in a test takes, so that a call that hangs fails by itself.
const LIMIT: Duration = Duration::from_mins(1);

/// More fields than any response of a test has.
const RESPONSE_FIELDS_MAX: usize = 2000;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The methods `get`, `post`, `put`, `patch` and `delete` of a type that has `call`.
macro_rules! shortcuts {
    ($($name:ident $method:ident),+) => {$(
        #[doc = concat!("Builds a ", stringify!($method), " call.")]
        pub fn $name(&self, path: &str) -> crate::client::Call {
            self.call(http::Method::$method, path)
        }
    )+};
    () => { shortcuts!(get GET, post POST, put PUT, patch PATCH, delete DELETE); };
}
pub(crate) use shortcuts;

/// Sends calls to one address.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
}

impl Client {
    /// Creates a client of the server at `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Returns the address that it calls.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Builds a call. `path` includes the query.
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

    shortcuts!();
}

/// A call that is not sent yet.
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
    /// Adds a header line, even if the name is already present.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header name");
        self.headers
            .append(name, HeaderValue::try_from(value).expect("a header value"));
        self
    }

    /// Adds `Authorization: Bearer …`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds `Authorization: Basic …`.
    pub fn basic(self, user: &str, password: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// Adds `Agent-Key: …`.
    pub fn agent_key(self, key: &str) -> Self {
        self.header("agent-key", key)
    }

    /// Adds `Idempotency-Key: …`.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sets a JSON body and its content type.
    #[expect(clippy::needless_pass_by_value, reason = "callers pass json!({…})")]
    pub fn json(self, value: Value) -> Self {
        self.header("content-type", "application/json")
            .body(value.to_string())
    }

    /// Sets the body, without a content type.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets how long the call may take, instead of a minute.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends the call and reads the whole response. Panics if there is none.
    pub async fn send(self) -> Response {
        let what = format!("{} {}", self.method, self.path);
        self.try_send()
            .await
            .unwrap_or_else(|error| panic!("{what} got no response: {error}"))
    }

    /// Sends the call and reads the whole response.
    ///
    /// # Errors
    /// Fails if the connection is refused or breaks before the response is complete, or if time is up.
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
        .map_err(|_| format!("no complete response within {limit:?}"))?
    }

    /// Sends the call and returns once the response's head has arrived. Panics if there is none.
    pub async fn open(self) -> ResponseStream {
        let what = format!("{} {}", self.method, self.path);
        self.try_open()
            .await
            .unwrap_or_else(|error| panic!("{what} got no response: {error}"))
    }

    /// Sends the call and returns once the response's head has arrived.
    ///
    /// # Errors
    /// Fails if the connection is refused or breaks before that, or if time is up.
    pub async fn try_open(self) -> Result<ResponseStream, BoxError> {
        let limit = self.limit;
        tokio::time::timeout(limit, self.exchange())
            .await
            .map_err(|_| format!("no response within {limit:?}"))?
    }

    async fn exchange(self) -> Result<ResponseStream, BoxError> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_headers(RESPONSE_FIELDS_MAX)
            .handshake(TokioIo::new(stream))
            .await?;
        let connection = tokio::spawn(async move {
            // If the connection breaks, reading the body fails.
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

/// A response whose body is still arriving.
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
    /// Returns the value of `Content-Length`.
    pub fn content_length(&self) -> Option<u64> {
        self.headers
            .get("content-length")?
            .to_str()
            .ok()?
            .parse()
            .ok()
    }

    /// Returns the next piece of the body, or `None` at its end.
    ///
    /// # Errors
    /// Fails if the connection breaks before the end.
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

    /// Reads until `text` has arrived and returns everything read. Panics if it never arrives.
    pub async fn until(&mut self, text: &str) -> String {
        let mut read = Vec::new();
        let found = tokio::time::timeout(LIMIT, async {
            while !String::from_utf8_lossy(&read).contains(text) {
                match self.next().await {
                    Ok(Some(piece)) => read.extend_from_slice(&piece),
                    Ok(None) | Err(_) => return false,
                }
            }
            true
        });
        let found = found.await.unwrap_or(false);
        let read = String::from_utf8_lossy(&read).into_owned();
        assert!(found, "{text:?} never arrived, only {read:?}");
        read
    }

    /// Reads the rest of the body.
    ///
    /// # Errors
    /// Fails if the connection breaks before the end.
    pub async fn try_rest(mut self) -> Result<Bytes, BoxError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.into())
    }
}

impl Drop for ResponseStream {
    /// Closes the connection, as a client does that disconnects.
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// A complete response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl Response {
    /// Returns the body as text. Bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON. Panics if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "{} with a body that is not JSON ({error}): {}",
                self.status,
                self.text()
            )
        })
    }

    /// Returns the first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns all values of a header, in order.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect()
    }

    /// Returns the response. Panics with its body if the status is another.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "many callers need only the check"
    )]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Returns the response. Panics unless it is an error of the gateway with this status and code.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "many callers need only the check"
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

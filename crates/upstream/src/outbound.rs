//! A request as it is sent: only framing and `Host` are added.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use gaiterguard_domain::header::remove_hop_by_hop;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;

use crate::origin::Origin;
use crate::pool_key::PoolKey;

/// An error of a streaming body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One request to an upstream. Its debug output shows neither the query nor any header's value, because
/// either may contain the credential.
pub struct Outbound {
    /// The connections that it may share.
    pub pool: PoolKey,
    /// The destination, which is checked again when a connection is opened.
    pub origin: Origin,
    /// Decides whether a missing body needs a length, and how long a connection may have been idle.
    pub method: Method,
    /// Sent byte for byte.
    pub path_and_query: PathAndQuery,
    /// All headers, including the credential. `Host`, framing and hop-by-hop headers among them are
    /// ignored, because this crate sets them.
    pub headers: HeaderMap,
    /// Whether it asks to switch to a WebSocket.
    pub web_socket: bool,
    /// The body, which decides the framing.
    pub body: OutboundBody,
    /// How it is sent.
    pub options: SendOptions,
}

/// How a request is sent, where that differs from the usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    /// Whether it must not use a connection that has served another request, or serves one. If it may be repeated,
    /// that applies to HTTP/1.1 alone.
    pub fresh_connection: bool,
    /// Whether it does no harm to send it twice. If its method is safe, too, it may share an HTTP/2 connection, on
    /// which a failure leaves open more often whether it was sent.
    pub may_repeat: bool,
    /// Whether it shares no connection although it may be repeated, because the upstream refuses requests that do.
    /// A few such requests are sent to an upstream at a time; the others wait. An upstream that speaks HTTP/2 only
    /// gets it on a shared connection.
    pub apart: bool,
    /// Until the response begins, instead of the usual limit.
    pub first_byte_timeout: Option<Duration>,
    /// Between two pieces of the response's body, instead of the usual limit.
    pub idle_timeout: Option<Duration>,
}

/// The body of a request.
pub enum OutboundBody {
    /// No body.
    Empty,
    /// The whole body.
    Full(Bytes),
    /// Sent as it arrives: with a `Content-Length` if its size hint is exact, else chunked.
    Streaming(StreamingBody),
}

/// A body that is sent as it arrives.
pub struct StreamingBody {
    source: UnsyncBoxBody<Bytes, BoxError>,
    waiting_for_body: WaitingForBody,
}

// A dropped body delivers nothing more, so no one waits for it.
impl Drop for StreamingBody {
    fn drop(&mut self) {
        self.waiting_for_body.set(false);
    }
}

/// Whether the sender has yet to deliver the next piece of a body. Such time does not count against the
/// upstream.
#[derive(Clone, Default)]
pub(crate) struct WaitingForBody(Arc<AtomicBool>);

impl WaitingForBody {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, is_waiting: bool) {
        self.0.store(is_waiting, Ordering::Relaxed);
    }
}

impl OutboundBody {
    /// Creates a body that is sent as it arrives.
    pub fn streaming(source: impl Body<Data = Bytes, Error = BoxError> + Send + 'static) -> Self {
        Self::Streaming(StreamingBody {
            source: source.boxed_unsync(),
            waiting_for_body: WaitingForBody::default(),
        })
    }

    /// Returns whether the next piece is being waited for, if the body arrives in pieces.
    pub(crate) fn waiting_for_body(&self) -> Option<WaitingForBody> {
        match self {
            Self::Empty | Self::Full(_) => None,
            Self::Streaming(body) => Some(body.waiting_for_body.clone()),
        }
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("pool", &self.pool)
            .field("origin", &self.origin)
            .field("method", &self.method)
            .field("path", &self.path_and_query.path())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("web_socket", &self.web_socket)
            .field("body", &self.body)
            .field("options", &self.options)
            .finish()
    }
}

impl fmt::Debug for OutboundBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Streaming(_) => f.write_str("Streaming"),
        }
    }
}

impl From<Bytes> for OutboundBody {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            Self::Empty
        } else {
            Self::Full(bytes)
        }
    }
}

impl Body for OutboundBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Streaming(body) => {
                let polled = Pin::new(&mut body.source).poll_frame(context);
                body.waiting_for_body.set(polled.is_pending());
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(_) => false,
            Self::Streaming(body) => body.source.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Streaming(body) => body.source.size_hint(),
        }
    }
}

impl Outbound {
    /// Converts the request to an HTTP/1.1 request with the framing of its body.
    pub(crate) fn into_request(self) -> Request<OutboundBody> {
        let Self {
            origin,
            method,
            path_and_query,
            mut headers,
            web_socket,
            body,
            ..
        } = self;
        remove_hop_by_hop(&mut headers);
        if web_socket {
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        headers.remove(CONTENT_LENGTH);
        headers.insert(HOST, origin.host_header().clone());
        match body.size_hint().exact() {
            Some(0) if !expects_body(&method) => {}
            Some(length) => {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            None => {
                headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
        }
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from(path_and_query);
        *request.headers_mut() = headers;
        request
    }
}

/// Returns whether a request with this method states an empty body, because servers expect a length.
pub(crate) fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

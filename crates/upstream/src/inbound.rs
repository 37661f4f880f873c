//! The response as it arrives: end-to-end headers, and a body that is read on demand.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use gaiterguard_domain::header::{is_grpc, remove_hop_by_hop, remove_unfit_trailers};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, TRAILER};
use http::{Method, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::http2::{Exchanged, Receiving};
use crate::outbound::BoxError;
use crate::pool::Lease;

/// The header for the length in a HEAD response. `Content-Length` must describe the body that follows.
const X_UPSTREAM_CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-upstream-content-length");

/// A response whose head has arrived. Its debug output shows no header's value, because an upstream may
/// echo a credential in any.
pub struct Inbound {
    pub status: StatusCode,
    /// Without hop-by-hop headers. Repeated headers stay repeated.
    pub headers: HeaderMap,
    pub body: InboundBody,
    /// The connection, if the response switches it to a WebSocket.
    pub switched: Option<Upgraded>,
}

/// Why the body of a response is incomplete. A relay must break off its own response as well.
#[derive(Debug, thiserror::Error)]
pub enum InboundError {
    #[error(
        "the response paused for more than {limit:?}; an operator can raise the limit: idleTimeoutMs of \
         the service, or UPSTREAM_IDLE_TIMEOUT_MS for all services"
    )]
    IdleTimeout {
        /// The longest pause that is allowed.
        limit: Duration,
    },
    #[error("the call was canceled")]
    Cancelled,
    #[error("the response contains the credential in compressed data")]
    Echo,
    #[error("the response ended early: {0}")]
    Cut(#[source] BoxError),
}

/// The body of a response, as it was sent: not decompressed, with the trailers that may be forwarded. Dropping it
/// before its end closes the connection, or the stream in HTTP/2.
pub struct InboundBody(Option<Reading>);

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body", &self.body)
            .field("switched", &self.switched.is_some())
            .finish()
    }
}

impl fmt::Debug for InboundBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.0.is_some() { "reading" } else { "ended" };
        write!(f, "InboundBody({state})")
    }
}

/// A response that has not been read to its end.
struct Reading {
    source: Source,
    idle_timeout: Duration,
    cancellation: CancellationToken,
    pause: Pause,
}

/// The connection that delivers the rest of a response.
enum Source {
    Http1 { incoming: Incoming, lease: Lease },
    Http2(Box<Receiving>),
}

impl Inbound {
    /// Creates a response in HTTP/2 from its head and the stream that delivers the rest.
    pub(crate) fn of_http_2(
        exchanged: Exchanged,
        method: &Method,
        idle_timeout: Duration,
        cancellation: &CancellationToken,
    ) -> Self {
        let Exchanged { head, receiving } = exchanged;
        let (head, ()) = head.into_parts();
        let (status, mut headers) = (head.status, head.headers);
        end_to_end(&mut headers, method, status);
        if is_grpc(&headers) {
            // The status of the call is in the trailers, which no one reads after a stated length.
            headers.remove(CONTENT_LENGTH);
        }
        let body = if receiving.is_end_stream() {
            InboundBody(None)
        } else {
            InboundBody(Some(Reading {
                source: Source::Http2(Box::new(receiving)),
                idle_timeout,
                cancellation: cancellation.clone(),
                pause: Pause::default(),
            }))
        };
        Self {
            status,
            headers,
            body,
            switched: None,
        }
    }

    /// Creates a response from its head and the connection that delivers the rest.
    pub(crate) fn new(
        response: Response<Incoming>,
        method: &Method,
        lease: Lease,
        idle_timeout: Duration,
        cancellation: &CancellationToken,
    ) -> Self {
        let (head, incoming) = response.into_parts();
        let (status, mut headers) = (head.status, head.headers);
        end_to_end(&mut headers, method, status);
        let body = if incoming.is_end_stream() {
            lease.give_back();
            InboundBody(None)
        } else {
            InboundBody(Some(Reading {
                source: Source::Http1 { incoming, lease },
                idle_timeout,
                cancellation: cancellation.clone(),
                pause: Pause::default(),
            }))
        };
        Self {
            status,
            headers,
            body,
            switched: None,
        }
    }

    /// Creates a response after which the connection speaks another protocol.
    pub(crate) fn switched(mut headers: HeaderMap, switched: Upgraded) -> Self {
        remove_hop_by_hop(&mut headers);
        Self {
            status: StatusCode::SWITCHING_PROTOCOLS,
            headers,
            body: InboundBody(None),
            switched: Some(switched),
        }
    }
}

/// Keeps the headers that are for the client. The announcement of trailers is one of them, if trailers may follow.
fn end_to_end(headers: &mut HeaderMap, method: &Method, status: StatusCode) {
    let announced = headers.remove(TRAILER);
    remove_hop_by_hop(headers);
    if *method == Method::HEAD {
        headers.remove(X_UPSTREAM_CONTENT_LENGTH);
        if let Some(length) = headers.remove(CONTENT_LENGTH) {
            headers.insert(X_UPSTREAM_CONTENT_LENGTH, length);
        }
    } else if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        // No body follows, so its length would contradict the message.
        headers.remove(CONTENT_LENGTH);
    } else if let Some(announced) = announced
        && !headers.contains_key(CONTENT_LENGTH)
    {
        headers.insert(TRAILER, announced);
    }
}

impl Body for InboundBody {
    type Data = Bytes;
    type Error = InboundError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, InboundError>>> {
        let Some(reading) = &mut self.0 else {
            return Poll::Ready(None);
        };
        match ready!(reading.poll_frame(context)) {
            Some(Ok(frame)) => {
                // A reader that knows the length does not poll again after the last piece.
                if frame.is_trailers() || reading.source.is_end_stream() {
                    self.finish();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                self.0 = None;
                Poll::Ready(Some(Err(error)))
            }
            None => {
                self.finish();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Some(Reading {
                source: Source::Http1 { incoming, .. },
                ..
            }) => incoming.size_hint(),
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(0),
        }
    }
}

impl InboundBody {
    /// Returns a body that has ended.
    pub fn ended() -> Self {
        Self(None)
    }

    fn finish(&mut self) {
        if let Some(Reading {
            source: Source::Http1 { lease, .. },
            ..
        }) = self.0.take()
        {
            lease.give_back();
        }
    }
}

impl Source {
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Http1 { incoming, .. } => incoming.is_end_stream(),
            Self::Http2(receiving) => receiving.is_end_stream(),
        }
    }

    /// Returns whether the request is still on its way.
    fn is_sending(&mut self) -> bool {
        match self {
            Self::Http1 { lease, .. } => lease.connection.is_sending(),
            Self::Http2(receiving) => receiving.is_sending(),
        }
    }

    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self {
            Self::Http1 { incoming, lease } => {
                lease.connection.poll_drive(context);
                // Pieces arrive only in the poll above, so no task needs to be woken for them.
                let mut no_waker = Context::from_waker(Waker::noop());
                let polled = ready!(Pin::new(incoming).poll_frame(&mut no_waker));
                Poll::Ready(polled.map(|frame| frame.map_err(Into::into)))
            }
            Self::Http2(receiving) => {
                let polled = ready!(receiving.poll_frame(context));
                Poll::Ready(polled.map(|frame| frame.map_err(Into::into)))
            }
        }
    }
}

impl Reading {
    /// Returns the next piece, or the trailers without those that may not be forwarded.
    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, InboundError>>> {
        if self.cancellation.is_cancelled() {
            return Poll::Ready(Some(Err(InboundError::Cancelled)));
        }
        match self.source.poll_frame(context) {
            Poll::Ready(Some(Ok(mut frame))) => {
                self.pause.end();
                if let Some(trailers) = frame.trailers_mut() {
                    remove_unfit_trailers(trailers);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(InboundError::Cut(error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                if self.source.is_sending() {
                    self.pause.end();
                }
                let error = ready!(
                    self.pause
                        .poll(self.idle_timeout, &self.cancellation, context)
                );
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

/// The time between two pieces of a body, and the events that may end the wait. A response that is there
/// immediately never creates a timer; a long one creates it once and rarely resets it.
#[derive(Default)]
struct Pause {
    since: Option<Instant>,
    ends: Option<Ends>,
}

struct Ends {
    timer: Pin<Box<Sleep>>,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Pause {
    fn end(&mut self) {
        self.since = None;
    }

    fn poll(
        &mut self,
        limit: Duration,
        cancellation: &CancellationToken,
        context: &mut Context<'_>,
    ) -> Poll<InboundError> {
        let deadline = *self.since.get_or_insert_with(Instant::now) + limit;
        let ends = self.ends.get_or_insert_with(|| Ends {
            timer: Box::pin(sleep_until(deadline)),
            cancelled: Box::pin(cancellation.clone().cancelled_owned()),
        });
        if ends.cancelled.as_mut().poll(context).is_ready() {
            return Poll::Ready(InboundError::Cancelled);
        }
        // The timer may still be set for an earlier pause, so it is reset when it fires.
        while ends.timer.as_mut().poll(context).is_ready() {
            if ends.timer.deadline() >= deadline {
                return Poll::Ready(InboundError::IdleTimeout { limit });
            }
            ends.timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

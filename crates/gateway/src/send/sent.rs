//! A response whose head has arrived.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use gaiterguard_upstream::{InboundBody, InboundError, InspectedBody, MaskedBody, Masker};
use http::{HeaderMap, StatusCode};
use http_body::{Body as _, SizeHint};

use crate::send::tunnel::Tunnel;

/// A response whose head has arrived.
pub(crate) struct Sent {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The length of the whole body, as far as it is known.
    pub(crate) size_hint: SizeHint,
    /// The part of the body that has arrived.
    pub(crate) arrived: Arrived,
    /// The rest of the body.
    pub(crate) rest: SentBody,
}

/// The part of a body that arrived with the head.
pub(crate) enum Arrived {
    /// Nothing yet.
    Nothing,
    /// A piece; more follows.
    Piece(Bytes),
    /// All of the body.
    Whole(Bytes),
    /// All of the body, which is empty, and what follows it.
    Trailers(HeaderMap),
    /// The body broke off.
    Broken(InboundError),
    /// Nothing of the response can be read but its status. The text says why.
    Unusable(String),
    /// There is no body, because the connection became a WebSocket.
    Switched(Box<Tunnel>),
}

impl Sent {
    /// Creates a response of which only the status could be read.
    pub(crate) fn unusable(status: StatusCode, reason: String) -> Self {
        let nothing = InspectedBody::new(InboundBody::ended(), None);
        Self {
            status,
            headers: HeaderMap::new(),
            size_hint: SizeHint::with_exact(0),
            arrived: Arrived::Unusable(reason),
            rest: MaskedBody::new(nothing, Masker::new(&[])),
        }
    }
}

/// The rest of the body of such a response.
pub(crate) type SentBody = MaskedBody<InspectedBody<InboundBody>>;

impl Arrived {
    /// Takes the part that is there, without waiting for more.
    pub(crate) fn of(body: &mut SentBody) -> Self {
        let mut unwoken = Context::from_waker(Waker::noop());
        match Pin::new(&mut *body).poll_frame(&mut unwoken) {
            Poll::Pending => Self::Nothing,
            Poll::Ready(None) => Self::Whole(Bytes::new()),
            Poll::Ready(Some(Err(error))) => Self::Broken(error),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(piece) if body.is_end_stream() => Self::Whole(piece),
                Ok(piece) => Self::Piece(piece),
                Err(frame) => match frame.into_trailers() {
                    Ok(trailers) => Self::Trailers(trailers),
                    Err(_) => Self::Nothing,
                },
            },
        }
    }
}

//! The body of a request on its way.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::Body as _;

use crate::outbound::{BoxError, OutboundBody, WaitingForBody};

/// A body that is written as far as the server takes it.
pub(crate) struct Sending {
    stream: SendStream<Bytes>,
    body: OutboundBody,
    /// The part that the body delivered and the server has not taken.
    piece: Bytes,
    waiting_for_body: Option<WaitingForBody>,
    has_progressed: bool,
    is_over: bool,
}

impl Sending {
    /// Creates a body on a stream that is open for it. A body that has ended is over.
    pub(crate) fn new(stream: SendStream<Bytes>, body: OutboundBody, is_over: bool) -> Self {
        Self {
            stream,
            waiting_for_body: body.waiting_for_body(),
            body,
            piece: Bytes::new(),
            has_progressed: false,
            is_over,
        }
    }

    /// Returns whether a part of the body was taken since the last call, or its sender has not delivered the
    /// next one.
    pub(crate) fn is_sending(&mut self) -> bool {
        let is_waiting = |waiting: &WaitingForBody| waiting.get();
        std::mem::take(&mut self.has_progressed)
            || (!self.is_over && self.waiting_for_body.as_ref().is_some_and(is_waiting))
    }

    /// Writes as much as possible. It is ready when the body has ended, or the server takes no more of it: then
    /// the response says why.
    ///
    /// # Errors
    ///
    /// If the body fails. The stream is reset, because its end must not look like the end of the body.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        while !self.is_over {
            if !self.piece.is_empty() {
                ready!(self.poll_piece(context));
                continue;
            }
            let polled = Pin::new(&mut self.body).poll_frame(context);
            // A server that wants no more of the body may say so while none is there.
            if polled.is_pending() && self.stream.poll_reset(context).is_ready() {
                self.is_over = true;
                break;
            }
            match ready!(polled) {
                Some(Ok(frame)) => {
                    // Trailers of a request are not forwarded.
                    if let Ok(piece) = frame.into_data() {
                        self.piece = piece;
                        self.has_progressed = true;
                        if self.piece.is_empty() && self.body.is_end_stream() {
                            self.end();
                        }
                    }
                }
                Some(Err(error)) => {
                    self.is_over = true;
                    self.stream.send_reset(Reason::CANCEL);
                    return Poll::Ready(Err(error));
                }
                None => self.end(),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Writes a part of the piece.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.stream.reserve_capacity(self.piece.len());
        while self.stream.capacity() == 0 {
            let assigned = ready!(self.stream.poll_capacity(context));
            if !matches!(assigned, Some(Ok(_))) {
                self.is_over = true;
                return Poll::Ready(());
            }
        }
        let length = self.stream.capacity().min(self.piece.len());
        let taken = self.piece.split_to(length);
        self.has_progressed = true;
        let is_last = self.piece.is_empty() && self.body.is_end_stream();
        self.is_over = self.stream.send_data(taken, is_last).is_err() || is_last;
        Poll::Ready(())
    }

    fn end(&mut self) {
        self.is_over = true;
        // If the stream has ended, the response says why.
        self.stream.send_data(Bytes::new(), true).ok();
    }
}

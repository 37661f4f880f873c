//! The body of a response while it arrives.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use http_body::Frame;

use super::connection::Slot;
use super::sending::Sending;

/// A response whose head has arrived. Dropping it resets the stream, and no other.
pub(crate) struct Receiving {
    stream: RecvStream,
    /// The rest of the request, if the server responds before its end.
    sending: Option<Sending>,
    /// Whether all data has arrived, so that only trailers may follow.
    has_all_data: bool,
    _slot: Slot,
}

impl Receiving {
    pub(crate) fn new(stream: RecvStream, sending: Option<Sending>, slot: Slot) -> Self {
        Self {
            stream,
            sending,
            has_all_data: false,
            _slot: slot,
        }
    }

    /// Returns whether nothing more arrives.
    pub(crate) fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    /// Returns whether the request is still on its way, see [`Sending::is_sending`].
    pub(crate) fn is_sending(&mut self) -> bool {
        self.sending.as_mut().is_some_and(Sending::is_sending)
    }

    /// Returns the next piece of the body, or its trailers.
    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        // If the request's body fails, its stream is reset, which also ends the response.
        if let Some(sending) = &mut self.sending
            && sending.poll(context).is_ready()
        {
            self.sending = None;
        }
        while !self.has_all_data {
            match ready!(self.stream.poll_data(context)) {
                // The last piece may be empty, to say that it is the last.
                Some(Ok(piece)) if piece.is_empty() => {}
                Some(Ok(piece)) => {
                    // The server may send as much again. If the connection has ended, it does not.
                    self.stream
                        .flow_control()
                        .release_capacity(piece.len())
                        .ok();
                    return Poll::Ready(Some(Ok(Frame::data(piece))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.has_all_data = true,
            }
        }
        let trailers = ready!(self.stream.poll_trailers(context)).transpose();
        Poll::Ready(trailers.map(|trailers| trailers.map(Frame::trailers)))
    }
}

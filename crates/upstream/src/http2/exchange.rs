//! One request on a stream, until the head of its response.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use h2::{Reason, RecvStream};
use http::Response;
use http_body::Body as _;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::connection::Slot;
use super::receiving::Receiving;
use super::request::Http2Request;
use super::sending::Sending;
use crate::outbound::BoxError;

/// A response whose head has arrived.
pub(crate) struct Exchanged {
    /// The head.
    pub(crate) head: Response<()>,
    /// The rest.
    pub(crate) receiving: Receiving,
}

/// Why an exchange returned no response.
pub(crate) enum ExchangeError {
    /// The connection takes no further requests, so the request is returned.
    HandedBack(Box<Http2Request>),
    /// The server refused the stream: it did not process the request (RFC 9113, section 8.7).
    Refused,
    /// The server ended the connection before this stream: it did not process the request (RFC 9113, section 6.8).
    GoneAway,
    /// The request's own body failed.
    RequestBody(BoxError),
    /// The server demands HTTP/1.1 for this request (RFC 9113, section 7).
    Http1Required,
    /// The response did not begin, or is not valid.
    Lost {
        error: h2::Error,
        /// Whether the connection had served another request, and has ended.
        is_stale: bool,
    },
    TimedOut,
    Cancelled {
        nothing_written: bool,
    },
}

impl Slot {
    /// Sends one request and waits for the head of its response, until `first_byte_timeout` after the server has
    /// taken the last byte of the request. While the sender has to deliver a piece of the body, no time is
    /// counted.
    pub(crate) async fn exchange(
        mut self,
        request: Http2Request,
        first_byte_timeout: Duration,
        cancellation: &CancellationToken,
    ) -> Result<Exchanged, ExchangeError> {
        let mut sender = self.sender();
        let ready = poll_fn(|context| sender.poll_ready(context));
        match cancellation.run_until_cancelled(ready).await {
            None => {
                return Err(ExchangeError::Cancelled {
                    nothing_written: true,
                });
            }
            Some(Err(_)) => {
                self.retire();
                return Err(ExchangeError::HandedBack(Box::new(request)));
            }
            Some(Ok(())) => {}
        }
        let Http2Request { head, body } = request;
        let has_no_body = body.is_end_stream();
        let (response, stream) = sender
            .send_request(head, has_no_body)
            .map_err(|error| self.failed(error))?;
        let mut sending = Sending::new(stream, body, has_no_body);

        let mut response = pin!(response);
        let mut cancelled = pin!(cancellation.cancelled());
        let mut timer = pin!(sleep_until(Instant::now() + first_byte_timeout));
        let outcome = poll_fn(|context| {
            if let Poll::Ready(Err(error)) = sending.poll(context) {
                return Poll::Ready(Err(ExchangeError::RequestBody(error)));
            }
            if let Poll::Ready(outcome) = response.as_mut().poll(context) {
                return Poll::Ready(outcome.map_err(|error| self.failed(error)));
            }
            if cancelled.as_mut().poll(context).is_ready() {
                let nothing_written = false;
                return Poll::Ready(Err(ExchangeError::Cancelled { nothing_written }));
            }
            if sending.is_sending() {
                timer.as_mut().reset(Instant::now() + first_byte_timeout);
            }
            timer.as_mut().poll(context).map(|()| {
                // The whole connection may be dead, which no other request should find out again.
                self.retire();
                Err(ExchangeError::TimedOut)
            })
        });
        let (head, incoming): (_, RecvStream) = outcome.await?.into_parts();
        self.arrived();
        Ok(Exchanged {
            head: Response::from_parts(head, ()),
            receiving: Receiving::new(incoming, Some(sending), self),
        })
    }

    /// Returns what an error of a stream says about its request. The library reports a `GOAWAY` of the server as
    /// the error of a stream only if the stream is above the last one that the server names, or was never
    /// opened: the streams below continue, and the end of the connection is another error.
    fn failed(&self, error: h2::Error) -> ExchangeError {
        let is_io = error.is_io();
        if error.is_go_away() || is_io {
            self.retire();
        }
        match error.reason() {
            Some(Reason::HTTP_1_1_REQUIRED) if error.is_remote() => ExchangeError::Http1Required,
            Some(Reason::REFUSED_STREAM) if error.is_remote() && error.is_reset() => {
                ExchangeError::Refused
            }
            _ if error.is_remote() && error.is_go_away() => ExchangeError::GoneAway,
            _ => ExchangeError::Lost {
                error,
                is_stale: is_io && self.has_served(),
            },
        }
    }
}

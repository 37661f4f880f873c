//! One HTTP/1.1 connection, polled by its current user.
//!
//! The usual design spawns a task for each connection and talks to it through channels, which costs two
//! task switches for every request and two for every response. Here the connection is polled inside the
//! caller's own future: a proxied call wakes one task, dropping the call closes the socket immediately,
//! and the number of written bytes is known without asking another task.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::head_watch::{Head, HeadWatch, RESPONSE_FIELDS_MAX, RESPONSE_HEAD_BYTES_MAX};
use crate::outbound::{OutboundBody, WaitingForBody};
use crate::wire::{Wire, WrittenBytes};

/// Moves the bytes of a connection. Boxed because hyper's type for a connection with upgrades is unnamed.
type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

pub(crate) struct Connection {
    sender: http1::SendRequest<OutboundBody>,
    /// `None` once the connection has ended. Dropping it returns a request that was queued but never
    /// begun.
    driver: Option<Driver>,
    written: WrittenBytes,
    watch: HeadWatch,
    agreed_to_http_1: bool,
    /// Whether it has served a request.
    is_used: bool,
    sending: Sending,
}

/// The state of a request's body that may still be in transit.
#[derive(Default)]
struct Sending {
    waiting_for_body: Option<WaitingForBody>,
    /// How many bytes had been written at the last check.
    written: u64,
}

/// Why an exchange returned no response.
pub(crate) enum ExchangeError {
    /// The connection ended before the request was begun, so the request is returned.
    HandedBack(Box<Request<OutboundBody>>),
    Lost {
        error: hyper::Error,
        nothing_written: bool,
        /// Whether the connection had served another request.
        is_used: bool,
    },
    TimedOut,
    Cancelled {
        nothing_written: bool,
    },
}

impl Connection {
    /// Names are sent in title case: every server accepts them, and some old ones know no other spelling.
    ///
    /// A folded line of a response is unfolded, white space before a colon is removed, and a line that is not
    /// a field is dropped, as RFC 9112, section 5, asks of a proxy.
    pub(crate) async fn open(wire: Wire) -> Result<Self, hyper::Error> {
        let (written, watch) = (wire.written(), wire.watch());
        let agreed_to_http_1 = wire.agreed_to_http_1();
        let (sender, driver) = http1::Builder::new()
            .max_header_size(RESPONSE_HEAD_BYTES_MAX)
            .max_headers(RESPONSE_FIELDS_MAX)
            .title_case_headers(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .handshake(TokioIo::new(wire))
            .await?;
        Ok(Self {
            sender,
            driver: Some(Box::pin(driver.with_upgrades())),
            written,
            watch,
            agreed_to_http_1,
            is_used: false,
            sending: Sending::default(),
        })
    }

    /// Returns whether bytes of the request were written since the last call, or its sender has not
    /// delivered the next ones. An upstream that responds early may well have nothing to send until then.
    pub(crate) fn is_sending(&mut self) -> bool {
        let written = self.written.get();
        let has_progressed = std::mem::replace(&mut self.sending.written, written) != written;
        has_progressed
            || self
                .sending
                .waiting_for_body
                .as_ref()
                .is_some_and(WaitingForBody::get)
    }

    /// Returns whether another request can be sent now: the last exchange is complete and the other side
    /// has not closed. Polls the connection, so that a close that has arrived is noticed.
    pub(crate) fn is_reusable(&mut self) -> bool {
        // Polled with a waker that does nothing, so that an idle connection wakes neither its last user nor
        // its next one.
        let mut context = Context::from_waker(Waker::noop());
        let Some(driver) = &mut self.driver else {
            return false;
        };
        if pin!(unconstrained(driver)).poll(&mut context).is_ready() {
            self.driver = None;
            return false;
        }
        self.sender.is_ready()
    }

    /// Returns whether the other side has agreed to HTTP/1.1 in the TLS handshake.
    pub(crate) fn agreed_to_http_1(&self) -> bool {
        self.agreed_to_http_1
    }

    /// Returns what has arrived of the head of the last response.
    pub(crate) fn head(&self) -> Head {
        self.watch.head()
    }

    /// Moves bytes in both directions as far as possible.
    pub(crate) fn poll_drive(&mut self, context: &mut Context<'_>) {
        if let Some(driver) = &mut self.driver
            && Pin::new(driver).poll(context).is_ready()
        {
            // The error also reaches the response or its body, so it is not lost.
            self.driver = None;
        }
    }

    /// Returns the stream under the connection, once its last response has switched protocols.
    pub(crate) async fn switched(
        &mut self,
        mut switching: OnUpgrade,
        limit: Duration,
        cancellation: &CancellationToken,
    ) -> Option<Upgraded> {
        let switched = poll_fn(|context| {
            self.poll_drive(context);
            Pin::new(&mut switching).poll(context)
        });
        let switched = tokio::time::timeout(limit, switched);
        cancellation.run_until_cancelled(switched).await?.ok()?.ok()
    }

    /// Sends one request and waits for the head of its response, until `first_byte_timeout` after the
    /// last byte of the request was written. While the sender has to deliver a piece of the body, no time
    /// is counted.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<OutboundBody>,
        first_byte_timeout: Duration,
        cancellation: &CancellationToken,
    ) -> Result<Response<Incoming>, ExchangeError> {
        if cancellation.is_cancelled() {
            return Err(ExchangeError::Cancelled {
                nothing_written: true,
            });
        }
        self.sending.waiting_for_body = request.body().waiting_for_body();
        self.watch.begin();
        let is_used = std::mem::replace(&mut self.is_used, true);
        let written_before = self.written.get();
        let mut written_last = written_before;
        let mut response = pin!(unconstrained(self.sender.try_send_request(request)));
        let mut cancelled = pin!(cancellation.cancelled());
        let mut timer = pin!(sleep_until(Instant::now() + first_byte_timeout));

        poll_fn(|context| {
            self.poll_drive(context);
            // The response can only arrive in the poll above, so no task needs to be woken for it.
            let mut no_waker = Context::from_waker(Waker::noop());
            if let Poll::Ready(outcome) = response.as_mut().poll(&mut no_waker) {
                return Poll::Ready(outcome.map_err(|mut failure| match failure.take_message() {
                    Some(request) => ExchangeError::HandedBack(Box::new(request)),
                    None => ExchangeError::Lost {
                        error: failure.into_error(),
                        nothing_written: self.written.get() == written_before,
                        is_used,
                    },
                }));
            }
            if cancelled.as_mut().poll(context).is_ready() {
                let nothing_written = self.written.get() == written_before;
                return Poll::Ready(Err(ExchangeError::Cancelled { nothing_written }));
            }
            let written = self.written.get();
            if written != written_last {
                // When the first bytes are written, the timer has just been set.
                if written_last != written_before {
                    timer.as_mut().reset(Instant::now() + first_byte_timeout);
                }
                written_last = written;
            }
            // The time that the sender of the body takes is not the upstream's.
            if self
                .sending
                .waiting_for_body
                .as_ref()
                .is_some_and(WaitingForBody::get)
            {
                timer.as_mut().reset(Instant::now() + first_byte_timeout);
            }
            timer
                .as_mut()
                .poll(context)
                .map(|()| Err(ExchangeError::TimedOut))
        })
        .await
    }
}

//! One HTTP/1.1 connection, driven by whoever is using it.
//!
//! The usual way is to spawn a task for each connection and to talk to it through channels, which
//! costs two task switches for every request and two for every answer. Here the connection is
//! polled inside the caller's own future: a proxied call wakes one task, dropping the call closes
//! the socket at once, and what has been written is known without asking anybody.

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

use crate::outbound::{Awaited, OutboundBody};
use crate::wire::{Wire, WrittenBytes};

/// The largest answer head that is accepted, in bytes.
const ANSWER_HEAD_BYTES_MAX: usize = 64 * 1024;

/// Moves the bytes of a connection. What hyper drives one with that may switch protocols has no name.
type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

pub(crate) struct Connection {
    sender: http1::SendRequest<OutboundBody>,
    /// None once the connection has ended. Dropping it then is what hands back a request that was
    /// queued but never begun.
    driver: Option<Driver>,
    written: WrittenBytes,
    sending: Sending,
}

/// What is known of a request's body that may still be on its way.
#[derive(Default)]
struct Sending {
    awaited: Option<Awaited>,
    /// How many bytes had been written when that was looked at last.
    written: u64,
}

/// Why an exchange brought no answer.
pub(crate) enum ExchangeError {
    /// The connection ended before the request was begun; here it is again.
    HandedBack(Box<Request<OutboundBody>>),
    Lost {
        error: hyper::Error,
        nothing_written: bool,
    },
    TimedOut,
    Cancelled {
        nothing_written: bool,
    },
}

impl Connection {
    pub(crate) async fn open(wire: Wire) -> Result<Self, hyper::Error> {
        let written = wire.written();
        let (sender, driver) = http1::Builder::new()
            .max_header_size(ANSWER_HEAD_BYTES_MAX)
            .handshake(TokioIo::new(wire))
            .await?;
        Ok(Self {
            sender,
            driver: Some(Box::pin(driver.with_upgrades())),
            written,
            sending: Sending::default(),
        })
    }

    /// Whether the request has gone on since this was asked last, or waits for its sender: an upstream
    /// that answers before it has all of it may well have nothing to say meanwhile.
    pub(crate) fn is_sending(&mut self) -> bool {
        let written = self.written.get();
        let has_gone_on = std::mem::replace(&mut self.sending.written, written) != written;
        has_gone_on || self.sending.awaited.as_ref().is_some_and(Awaited::get)
    }

    /// Whether another request can be sent now: the last exchange is complete and the other side
    /// has not closed. What the operating system has been told by now is taken into account.
    pub(crate) fn is_reusable(&mut self) -> bool {
        // Polled with a waker that does nothing, so that an idle connection neither wakes the task
        // that used it last nor the one that is about to.
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

    /// Moves bytes in both directions as far as they go.
    pub(crate) fn poll_drive(&mut self, context: &mut Context<'_>) {
        if let Some(driver) = &mut self.driver
            && Pin::new(driver).poll(context).is_ready()
        {
            // Errors reach the answer or its body; there is nobody else to tell.
            self.driver = None;
        }
    }

    /// The stream under the connection, once its last answer has switched protocols.
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

    /// Sends one request and waits for the head of its answer, for `first_byte_timeout` after the
    /// last byte of the request went out. While a piece of its body is waited for, no time passes.
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
        self.sending.awaited = request.body().awaited();
        let written_before = self.written.get();
        let mut written_last = written_before;
        let mut answer = pin!(unconstrained(self.sender.try_send_request(request)));
        let mut cancelled = pin!(cancellation.cancelled());
        let mut timer = pin!(sleep_until(Instant::now() + first_byte_timeout));

        poll_fn(|context| {
            self.poll_drive(context);
            // The answer can only come out of the poll above, so nobody needs to be woken for it.
            let mut unwoken = Context::from_waker(Waker::noop());
            if let Poll::Ready(outcome) = answer.as_mut().poll(&mut unwoken) {
                return Poll::Ready(outcome.map_err(|mut failure| match failure.take_message() {
                    Some(request) => ExchangeError::HandedBack(Box::new(request)),
                    None => ExchangeError::Lost {
                        error: failure.into_error(),
                        nothing_written: self.written.get() == written_before,
                    },
                }));
            }
            if cancelled.as_mut().poll(context).is_ready() {
                let nothing_written = self.written.get() == written_before;
                return Poll::Ready(Err(ExchangeError::Cancelled { nothing_written }));
            }
            let written = self.written.get();
            if written != written_last {
                // The timer has just been set when the first bytes go out.
                if written_last != written_before {
                    timer.as_mut().reset(Instant::now() + first_byte_timeout);
                }
                written_last = written;
            }
            // The time that the sender of the body takes is not the upstream's.
            if self.sending.awaited.as_ref().is_some_and(Awaited::get) {
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

//! A request body that fails if the client stops sending.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::BodyError;

/// The body of one request. The timer runs only while the next part is awaited, so a slow reader
/// does not count against the client.
pub struct RequestBody {
    incoming: Incoming,
    idle_timeout: Duration,
    /// Runs since the last part, while the next one is awaited.
    sleep: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
    /// Set when the rest of the connection cannot be used.
    must_close: Arc<AtomicBool>,
    has_failed: bool,
}

impl RequestBody {
    pub(crate) fn new(
        incoming: Incoming,
        idle_timeout: Duration,
        must_close: Arc<AtomicBool>,
    ) -> Self {
        Self {
            incoming,
            idle_timeout,
            sleep: None,
            is_waiting: false,
            must_close,
            has_failed: false,
        }
    }

    fn fail(&mut self, error: BodyError) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.has_failed = true;
        self.must_close.store(true, Ordering::Release);
        Poll::Ready(Some(Err(error)))
    }

    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(self.idle_timeout)));
        if !self.is_waiting {
            sleep.as_mut().reset(Instant::now() + self.idle_timeout);
            self.is_waiting = true;
        }
        sleep.as_mut().poll(context)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.has_failed {
            return Poll::Ready(None);
        }
        match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Ok(frame))) => {
                self.is_waiting = false;
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => self.fail(BodyError::from_hyper(&error)),
            Poll::Pending => match self.poll_idle(context) {
                Poll::Ready(()) => self.fail(BodyError::Idle),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.has_failed || self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

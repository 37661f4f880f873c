//! A response body that reports when it is finished.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http_body::{Body, Frame, SizeHint};

/// Number of responses that a connection has finished, and whether it still speaks HTTP.
#[derive(Debug, Default)]
pub(crate) struct ResponseCounter {
    count: AtomicU64,
    has_switched: AtomicBool,
    waker: AtomicWaker,
}

impl ResponseCounter {
    /// Returns whether the first `count` responses are finished. If not, the task is woken when
    /// that may have changed.
    pub(crate) fn are_all(&self, count: u64, context: &Context<'_>) -> bool {
        // Registered before the check, so that a response that ends in between is not missed.
        self.waker.register(context.waker());
        self.count.load(Ordering::Acquire) >= count
    }

    /// Records that the next response is the last one, after which the connection speaks another
    /// protocol.
    pub(crate) fn switch(&self) {
        self.has_switched.store(true, Ordering::Release);
    }

    /// Returns whether the connection speaks another protocol.
    pub(crate) fn has_switched(&self) -> bool {
        self.has_switched.load(Ordering::Acquire)
    }
}

/// A body that counts as finished when it is dropped.
#[derive(Debug)]
pub(crate) struct CountedBody<B> {
    body: B,
    responses: Arc<ResponseCounter>,
}

impl<B> CountedBody<B> {
    pub(crate) fn new(body: B, responses: Arc<ResponseCounter>) -> Self {
        Self { body, responses }
    }
}

impl<B> Drop for CountedBody<B> {
    fn drop(&mut self) {
        self.responses.count.fetch_add(1, Ordering::Release);
        self.responses.waker.wake();
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for CountedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

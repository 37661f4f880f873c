//! How much a connection is used, and whether it must end.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    requests: Mutex<Requests>,
    end: CancellationToken,
}

#[derive(Debug)]
struct Requests {
    active: usize,
    /// When the last one ended, or the connection began.
    since: Instant,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            active: 0,
            since: Instant::now(),
        }
    }
}

/// A request that is being served.
#[derive(Debug)]
pub(super) struct Active(Arc<Activity>);

impl Activity {
    /// Notes that a request begins. It ends when the result is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Active {
        self.lock().active += 1;
        Active(Arc::clone(self))
    }

    /// Returns how long no request has been served; `None` while one is.
    pub(super) fn idle_time(&self) -> Option<Duration> {
        let requests = self.lock();
        (requests.active == 0).then(|| requests.since.elapsed())
    }

    /// Notes that the connection serves no further requests.
    pub(super) fn end(&self) {
        self.end.cancel();
    }

    /// Completes when the connection must serve no further requests.
    pub(super) async fn must_end(&self) {
        self.end.cancelled().await;
    }

    fn lock(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let mut requests = self.0.lock();
        requests.active -= 1;
        requests.since = Instant::now();
    }
}

/// The body of a response, with whose end its request ends.
#[derive(Debug)]
pub(super) struct ActiveBody<B> {
    body: B,
    _active: Active,
}

impl<B> ActiveBody<B> {
    pub(super) fn new(body: B, active: Active) -> Self {
        Self {
            body,
            _active: active,
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for ActiveBody<B> {
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

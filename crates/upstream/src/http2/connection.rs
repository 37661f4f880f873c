//! One HTTP/2 connection, for the requests of one key.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::error::NotSentReason;
use crate::head_watch::RESPONSE_HEAD_BYTES_MAX;
use crate::wire::{LastRead, Wire};

/// The most requests at a time on one connection, if the server allows as many. Common servers allow 100 to
/// 256. More than that wait for each other's bytes, so another connection is better.
const STREAMS_MAX: usize = 100;

/// How much of one response may arrive before it is read, in bytes. One reader that is slow, because its client
/// is, holds back no more than this. A response crosses a distance of 100 ms at 10 MB/s with it; the kernel keeps up
/// to six times as much for a connection of HTTP/1.1.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

/// How much of all responses of a connection may arrive before it is read, in bytes: enough for every one of them,
/// so that slow readers do not stop the others.
const CONNECTION_WINDOW_BYTES: u32 = 100 * STREAM_WINDOW_BYTES;

/// How long a connection may owe a response without a byte arriving before further requests use another one. It may
/// be dead, which only a timeout shows; a slow server costs one more connection.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// How much of one request is buffered before it is written, in bytes. The time to the response is counted from
/// the last bytes that were taken, so it is small.
const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// How long a connection that no request uses may take to say goodbye to its server.
const CLOSING_TIME_MAX: Duration = Duration::from_secs(5);

/// A connection whose server has sent its settings, so it certainly speaks HTTP/2.
pub(crate) struct Http2Connection {
    sender: SendRequest<Bytes>,
    /// How many streams the server allows at a time. Its other end is dropped when the connection ends.
    streams_max: watch::Receiver<usize>,
    last_read: LastRead,
    usage: Mutex<Usage>,
    is_retired: AtomicBool,
    /// Ends the task that moves the bytes, if the server keeps it from ending by itself.
    _dropped: DropGuard,
}

/// How much a connection is used.
struct Usage {
    streams: usize,
    /// Whether the one stream keeps others away.
    is_exclusive: bool,
    /// When the last stream ended.
    since: Instant,
    /// How many streams wait for the head of their response.
    waiting: usize,
    /// When the first of them began to wait.
    waiting_since: Instant,
    /// Whether a request has had a response.
    has_served: bool,
}

/// The right to one stream of a connection.
pub(crate) struct Slot {
    connection: Arc<Http2Connection>,
    is_waiting: bool,
}

impl Http2Connection {
    /// Opens a connection and waits for the settings of the server. Nothing of a request is sent before.
    pub(crate) async fn open(wire: Wire) -> Result<Arc<Self>, NotSentReason> {
        let last_read = wire.last_read();
        let (sender, connection) = Builder::new()
            // Until the settings arrive, no stream is allowed.
            .initial_max_send_streams(0)
            .initial_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_send_buffer_size(SEND_BUFFER_BYTES_MAX)
            .max_header_list_size(u32::try_from(RESPONSE_HEAD_BYTES_MAX).unwrap_or(u32::MAX))
            .enable_push(false)
            .handshake(wire)
            .await
            .map_err(|_| NotSentReason::NoHttp2)?;
        let now = Instant::now();
        let (allowed, mut streams_max) = watch::channel(0);
        let dropped = CancellationToken::new();
        tokio::spawn(drive(connection, allowed, dropped.clone()));
        let dropped = dropped.drop_guard();
        let settings = streams_max.wait_for(|streams_max| *streams_max > 0).await;
        settings.map_err(|_| NotSentReason::NoHttp2)?;
        Ok(Arc::new(Self {
            sender,
            streams_max,
            last_read,
            usage: Mutex::new(Usage {
                streams: 0,
                is_exclusive: false,
                since: now,
                waiting: 0,
                waiting_since: now,
                has_served: false,
            }),
            is_retired: AtomicBool::new(false),
            _dropped: dropped,
        }))
    }

    /// Returns a slot for one more request, if the server's limit and the own one allow it, and the connection is
    /// probably alive.
    pub(crate) fn slot(self: &Arc<Self>) -> Option<Slot> {
        let streams_max = STREAMS_MAX.min(*self.streams_max.borrow());
        self.slot_if(false, |usage| {
            let is_silent = usage.waiting > 0
                && usage.waiting_since.max(self.last_read.get()).elapsed() > SILENCE_MAX;
            usage.streams < streams_max && !usage.is_exclusive && !is_silent
        })
    }

    /// Returns a slot for a request that keeps others away until it has ended, if no request uses the connection,
    /// or has for `idle_time_max`.
    pub(crate) fn own_slot(self: &Arc<Self>, idle_time_max: Duration) -> Option<Slot> {
        self.slot_if(true, |usage| {
            usage.streams == 0 && usage.since.elapsed() <= idle_time_max
        })
    }

    fn slot_if(
        self: &Arc<Self>,
        is_exclusive: bool,
        is_free: impl Fn(&Usage) -> bool,
    ) -> Option<Slot> {
        if !self.is_usable() {
            return None;
        }
        let mut no_waker = Context::from_waker(Waker::noop());
        if let Poll::Ready(Err(_)) = self.sender.clone().poll_ready(&mut no_waker) {
            // The server has said that it serves no further requests.
            self.is_retired.store(true, Ordering::Relaxed);
            return None;
        }
        let mut usage = self.usage();
        if !is_free(&usage) {
            return None;
        }
        usage.streams += 1;
        usage.is_exclusive = is_exclusive;
        if usage.waiting == 0 {
            usage.waiting_since = Instant::now();
        }
        usage.waiting += 1;
        Some(Slot {
            connection: Arc::clone(self),
            is_waiting: true,
        })
    }

    /// Returns whether it may serve further requests.
    pub(crate) fn is_usable(&self) -> bool {
        !self.is_retired.load(Ordering::Relaxed) && self.streams_max.has_changed().is_ok()
    }

    /// Returns since when no request uses it; `None` while one does.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let usage = self.usage();
        (usage.streams == 0).then_some(usage.since)
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Returns what opens the stream.
    pub(crate) fn sender(&self) -> SendRequest<Bytes> {
        self.connection.sender.clone()
    }

    /// Takes the connection out of use for further requests. Those that use it continue.
    pub(crate) fn retire(&self) {
        self.connection.is_retired.store(true, Ordering::Relaxed);
    }

    /// Returns whether a request on this connection has had a response.
    pub(crate) fn has_served(&self) -> bool {
        self.connection.usage().has_served
    }

    /// Notes that the head of the response has arrived.
    pub(crate) fn arrived(&mut self) {
        let mut usage = self.connection.usage();
        usage.has_served = true;
        usage.waiting -= usize::from(std::mem::take(&mut self.is_waiting));
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut usage = self.connection.usage();
        usage.streams -= 1;
        usage.waiting -= usize::from(self.is_waiting);
        usage.is_exclusive = false;
        usage.since = Instant::now();
    }
}

/// Moves the bytes of a connection until it ends. That is soon after its last user has dropped it.
async fn drive(
    mut connection: Connection<Wire, Bytes>,
    allowed: watch::Sender<usize>,
    dropped: CancellationToken,
) {
    let driving = poll_fn(|context| {
        let polled = Pin::new(&mut connection).poll(context);
        let streams_max = connection.max_concurrent_send_streams();
        allowed.send_if_modified(|known| std::mem::replace(known, streams_max) != streams_max);
        polled
    });
    let closing = async {
        dropped.cancelled().await;
        sleep(CLOSING_TIME_MAX).await;
    };
    tokio::select! {
        ended = driving => {
            if let Err(error) = ended {
                tracing::debug!("an HTTP/2 connection to an upstream ended: {error}");
            }
        }
        () = closing => {}
    }
}

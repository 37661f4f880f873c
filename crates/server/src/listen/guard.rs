//! The socket as hyper sees it: every byte has been through here first.
//!
//! The guard holds a request head back until it is whole and has been checked, and follows bodies to
//! know where the next head begins. In place of a head that is refused hyper gets a stand-in, so that
//! the refusal is an ordinary answer: it waits for its turn behind the answers to earlier requests and
//! closes the connection in an orderly way. A body whose chunks are malformed fails to be read.

use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use gaiterguard_framing::{ChunkedScan, Framing, HeadScan};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::HeadError;
use super::answer::Answered;
use super::limits::{BODY_READ_BYTES, LINGER, READ_BYTES};

/// What hyper reads in place of a head that was refused.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";

/// Which request of a connection is the stand-in for a refused one, if any.
#[derive(Debug, Default)]
pub(super) struct Refusal(OnceLock<(u64, HeadError)>);

impl Refusal {
    /// Why the request of this number, counted from 1, was refused.
    pub(super) fn of(&self, number: u64) -> Option<HeadError> {
        self.0
            .get()
            .filter(|(refused, _)| *refused == number)
            .map(|(_, error)| *error)
    }
}

/// A socket whose request framing is checked.
pub(super) struct Guard<S> {
    socket: S,
    /// What came from the socket and has not been handed on.
    input: BytesMut,
    /// How many bytes at the start of `input` may be handed on.
    cleared: usize,
    place: Place,
    /// How many heads were handed on, the stand-in included.
    heads: u64,
    refusal: Arc<Refusal>,
    answered: Arc<Answered>,
    timeouts: Timeouts,
    /// By when the head that is being waited for must be there.
    head_deadline: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whether the client has sent its last byte.
    is_ended: bool,
    /// Runs while a request goes on for a client that has sent its last byte.
    ending: Option<Pin<Box<Sleep>>>,
    lingering: Option<Pin<Box<Sleep>>>,
    /// Runs while the client takes nothing of its answer.
    stalling: Option<Pin<Box<Sleep>>>,
}

/// What a guard waits for, and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// For a head, from its first byte or, for the first one, from the connection.
    pub(super) head: Duration,
    /// For the client to take some more of its answer.
    pub(super) write: Duration,
    /// For a request to end after the client has sent its last byte.
    pub(super) half_close: Duration,
}

/// What the next byte from the socket belongs to.
enum Place {
    Head(HeadScan),
    Length(u64),
    Chunked(ChunkedScan),
    /// Whatever the answer to the last head says.
    Undecided,
    /// Another protocol, which is none of the guard's business.
    Switched,
    /// Nothing more is read: the stand-in was the last request.
    Refused,
    /// Nothing more is read: the chunks of a body are malformed.
    Broken(HeadError),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    pub(super) fn new(
        socket: S,
        refusal: Arc<Refusal>,
        answered: Arc<Answered>,
        timeouts: Timeouts,
    ) -> Self {
        Self {
            socket,
            input: BytesMut::new(),
            cleared: 0,
            place: Place::Head(HeadScan::default()),
            heads: 0,
            refusal,
            answered,
            head_deadline: Some(Instant::now() + timeouts.head),
            timeouts,
            sleep: None,
            is_ended: false,
            ending: None,
            lingering: None,
            stalling: None,
        }
    }

    /// Looks at what has arrived and clears what may be handed on: at most one head, and what is
    /// there of its body.
    fn inspect(&mut self) {
        if let Place::Head(scan) = &mut self.place {
            let skipped = scan.skip(&self.input);
            self.input.advance(skipped);
            match scan.scan(&self.input) {
                Ok(None) => {}
                Ok(Some((end, framing))) => {
                    self.heads += 1;
                    self.head_deadline = None;
                    self.cleared = end;
                    self.place = Place::after_head(framing);
                }
                Err(error) => self.refuse(error.into()),
            }
        }
        let body = &self.input[self.cleared..];
        match &mut self.place {
            Place::Head(_) | Place::Undecided | Place::Refused | Place::Broken(_) => {}
            Place::Switched => self.cleared = self.input.len(),
            Place::Length(left) => {
                let step = usize::try_from(*left).unwrap_or(usize::MAX).min(body.len());
                *left -= step as u64;
                self.cleared += step;
                if *left == 0 {
                    self.place = Place::Head(HeadScan::after_request());
                }
            }
            Place::Chunked(scan) => match scan.scan(body) {
                Ok(step) => {
                    self.cleared += step;
                    if scan.is_done() {
                        self.place = Place::Head(HeadScan::after_request());
                    }
                }
                // The head before it may be cleared already, and is to be answered.
                Err(error) => self.place = Place::Broken(error.into()),
            },
        }
    }

    /// Whether it is known what the next byte belongs to. If not, the task is woken when that may have
    /// changed.
    fn is_decided(&mut self, context: &Context<'_>) -> bool {
        if !matches!(self.place, Place::Undecided) || self.cleared > 0 {
            return true;
        }
        let is_answered = self.answered.are_all(self.heads, context);
        if self.answered.has_switched() {
            self.place = Place::Switched;
        } else if is_answered {
            self.place = Place::Head(HeadScan::after_request());
        } else {
            return false;
        }
        true
    }

    fn refuse(&mut self, error: HeadError) {
        self.heads += 1;
        // The number goes first: hyper sees the stand-in only after this.
        let first = self.refusal.0.set((self.heads, error)).is_ok();
        debug_assert!(first, "a connection has one refusal, its last request");
        self.input.clear();
        self.input.extend_from_slice(STAND_IN);
        self.cleared = STAND_IN.len();
        self.place = Place::Refused;
        self.head_deadline = None;
    }

    /// Ready when a head should have been there by now.
    fn poll_head_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !matches!(self.place, Place::Head(_)) {
            return Poll::Pending;
        }
        // A kept connection may be silent between requests; that is the keep-alive limit's concern.
        if self.heads > 0 && self.input.is_empty() {
            return Poll::Pending;
        }
        let timeout = self.timeouts.head;
        let deadline = *self
            .head_deadline
            .get_or_insert_with(|| Instant::now() + timeout);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(context)
    }

    /// Ready when hyper may know that the client has sent its last byte. It gives up a request at
    /// that, so one that is running whole gets a while to be answered.
    fn poll_ending(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let is_between = matches!(self.place, Place::Head(_) | Place::Undecided);
        if !is_between || self.answered.are_all(self.heads, context) {
            return Poll::Ready(());
        }
        let time = self.timeouts.half_close;
        self.ending
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(time)))
            .as_mut()
            .poll(context)
    }

    fn poll_socket(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.input.reserve(READ_BYTES);
        let read = pin!(self.socket.read_buf(&mut self.input)).poll(context);
        if read.is_pending() && self.input.is_empty() {
            // Thousands may wait here, each for long.
            self.input = BytesMut::new();
        }
        read
    }

    /// Passes on what a write came to, unless the client has taken nothing for too long.
    fn limit_stall<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalling = None;
            return written;
        }
        let timeout = self.timeouts.write;
        let stalling = self
            .stalling
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(stalling.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads and forgets what the client still sends, until it ends or a moment has passed. Closing
    /// a socket with unread bytes resets the connection, and the reset may overtake the answer.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self
            .lingering
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
        if sleep.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        loop {
            self.input.clear();
            match ready!(self.poll_socket(context)) {
                Ok(0) | Err(_) => return Poll::Ready(()),
                Ok(_) => {}
            }
        }
    }
}

/// Reads what is left of a body of known length straight to where it is wanted: nothing in it has to
/// be looked at. The answer is how much came; 0 where nothing will come any more.
fn poll_body<S: AsyncRead + Unpin>(
    socket: &mut S,
    left: u64,
    context: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<usize>> {
    let room = buffer.remaining().min(BODY_READ_BYTES);
    let room = usize::try_from(left).map_or(room, |left| left.min(room));
    let mut piece = ReadBuf::new(buffer.initialize_unfilled_to(room));
    ready!(Pin::new(socket).poll_read(context, &mut piece))?;
    let count = piece.filled().len();
    buffer.advance(count);
    Poll::Ready(Ok(count))
}

impl Place {
    fn after_head(framing: Framing) -> Self {
        match framing {
            Framing::Length(0) => Self::Head(HeadScan::after_request()),
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked(ChunkedScan::new()),
            Framing::Upgrade => Self::Undecided,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let guard = &mut *self;
        loop {
            if guard.is_decided(context) && guard.cleared == 0 && !guard.input.is_empty() {
                guard.inspect();
            }
            if guard.cleared > 0 {
                let count = guard.cleared.min(buffer.remaining());
                buffer.put_slice(&guard.input[..count]);
                guard.input.advance(count);
                guard.cleared -= count;
                return Poll::Ready(Ok(()));
            }
            match guard.place {
                // The answer to the stand-in ends the connection; nothing is waited for here.
                Place::Refused => return Poll::Pending,
                Place::Broken(error) => {
                    let error = io::Error::new(io::ErrorKind::InvalidData, error);
                    return Poll::Ready(Err(error));
                }
                // Whoever sends so much before it is known what it is waits with the rest.
                Place::Undecided if guard.input.len() >= READ_BYTES => return Poll::Pending,
                Place::Undecided
                | Place::Switched
                | Place::Head(_)
                | Place::Length(_)
                | Place::Chunked(_) => {}
            }
            if guard.is_ended {
                return guard.poll_ending(context).map(Ok);
            }
            if let Place::Length(left) = &mut guard.place
                && guard.input.is_empty()
            {
                let count = ready!(poll_body(&mut guard.socket, *left, context, buffer))?;
                if count == 0 {
                    guard.is_ended = true;
                    continue;
                }
                *left -= count as u64;
                if *left == 0 {
                    guard.place = Place::Head(HeadScan::after_request());
                }
                return Poll::Ready(Ok(()));
            }
            match guard.poll_socket(context) {
                Poll::Ready(Ok(0)) => guard.is_ended = true,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    ready!(guard.poll_head_deadline(context));
                    if guard.input.is_empty() {
                        // Nothing was asked, so nothing is answered.
                        guard.is_ended = true;
                        return Poll::Ready(Ok(()));
                    }
                    guard.refuse(HeadError::Timeout);
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.limit_stall(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.limit_stall(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = &mut *self;
        if guard.lingering.is_none() {
            ready!(Pin::new(&mut guard.socket).poll_shutdown(context))?;
        }
        if !guard.is_ended {
            ready!(guard.poll_linger(context));
            guard.is_ended = true;
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn a_client_that_takes_nothing_of_its_answer_is_given_up() {
        let (socket, mut client) = tokio::io::duplex(8);
        let timeouts = Timeouts {
            head: Duration::from_mins(1),
            write: Duration::from_millis(200),
            half_close: Duration::from_mins(1),
        };
        let mut guard = Guard::new(socket, Arc::default(), Arc::default(), timeouts);

        // A client that is slow and reads on is waited for.
        let reading = async {
            let mut bytes = [0; 4];
            for _ in 0..4 {
                tokio::time::sleep(timeouts.write / 2).await;
                client.read_exact(&mut bytes).await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(guard.write_all(&[0; 24]), reading);
        written.unwrap();

        let error = guard.write_all(&[0; 24]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}

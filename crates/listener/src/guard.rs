//! Checks the framing of requests on the raw bytes, before hyper reads them.
//!
//! The guard withholds a request head until it is complete and checked, and follows bodies to find
//! the next head. In place of a refused head, hyper gets a placeholder. So the refusal is an
//! ordinary response: it is sent after the responses to earlier requests and closes the connection
//! properly. Reading a body with malformed chunks fails.

use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use gaiterguard_framing::{ChunkedScan, Framing, HeadScan, Role};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::HeadError;
use crate::limits::{BODY_READ_BYTES, LINGER, READ_BYTES};
use crate::response::ResponseCounter;

/// The request that hyper reads in place of a refused head.
const PLACEHOLDER: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";

/// Number of the request that is a placeholder, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Refusal(OnceLock<(u64, HeadError)>);

impl Refusal {
    /// Returns why the request with this number, from 1, was refused.
    pub(crate) fn of(&self, number: u64) -> Option<HeadError> {
        self.0
            .get()
            .filter(|(refused, _)| *refused == number)
            .map(|(_, error)| *error)
    }
}

/// A socket with checked request framing.
pub(crate) struct Guard<S> {
    socket: S,
    role: Role,
    /// Bytes from the socket that hyper has not read.
    input: BytesMut,
    /// Number of bytes at the start of `input` that hyper may read.
    cleared: usize,
    place: Place,
    /// Number of heads passed to hyper, including the placeholder.
    heads: u64,
    refusal: Arc<Refusal>,
    responses: Arc<ResponseCounter>,
    timeouts: Timeouts,
    /// Deadline of the head that is awaited.
    head_deadline: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whether the client has sent its last byte.
    is_ended: bool,
    /// Timer of a request that continues after the client has sent its last byte.
    ending: Option<Pin<Box<Sleep>>>,
    lingering: Option<Pin<Box<Sleep>>>,
    /// Timer that runs while the client accepts no bytes of its response.
    stalling: Option<Pin<Box<Sleep>>>,
}

/// The time limits that the guard enforces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// Time until a head is complete, from its first byte or, for the first head, from the start of
    /// the connection.
    pub(crate) head: Duration,
    /// Time until the client accepts more of its response.
    pub(crate) write: Duration,
    /// Time until a request ends after the client has sent its last byte.
    pub(crate) half_close: Duration,
}

/// Part of the stream that the next byte belongs to.
enum Place {
    Head(HeadScan),
    Length(u64),
    Chunked(ChunkedScan),
    /// Unknown until the response to the last head.
    Undecided,
    /// Another protocol, which the guard does not check.
    Switched,
    /// Nothing more is read: the placeholder was the last request.
    Refused,
    /// Nothing more is read: the chunks of a body are malformed.
    Broken(HeadError),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    pub(crate) fn new(
        socket: S,
        role: Role,
        refusal: Arc<Refusal>,
        responses: Arc<ResponseCounter>,
        timeouts: Timeouts,
    ) -> Self {
        Self {
            socket,
            role,
            input: BytesMut::new(),
            cleared: 0,
            place: Place::Head(HeadScan::default()),
            heads: 0,
            refusal,
            responses,
            head_deadline: Some(Instant::now() + timeouts.head),
            timeouts,
            sleep: None,
            is_ended: false,
            ending: None,
            lingering: None,
            stalling: None,
        }
    }

    /// Checks the bytes that have arrived and clears what hyper may read: at most one head, and the
    /// part of its body that is there.
    fn inspect(&mut self) {
        if let Place::Head(scan) = &mut self.place {
            let skipped = scan.skip(&self.input);
            self.input.advance(skipped);
            match scan.scan(&self.input, self.role) {
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
                // An earlier head may be cleared already and still needs its response.
                Err(error) => self.place = Place::Broken(error.into()),
            },
        }
    }

    /// Returns whether the meaning of the next byte is known. If not, the task is woken when that
    /// may have changed.
    fn is_decided(&mut self, context: &Context<'_>) -> bool {
        if !matches!(self.place, Place::Undecided) || self.cleared > 0 {
            return true;
        }
        let is_finished = self.responses.are_all(self.heads, context);
        if self.responses.has_switched() {
            self.place = Place::Switched;
        } else if is_finished {
            self.place = Place::Head(HeadScan::after_request());
        } else {
            return false;
        }
        true
    }

    fn refuse(&mut self, error: HeadError) {
        self.heads += 1;
        // Set first: hyper sees the placeholder only afterwards.
        let first = self.refusal.0.set((self.heads, error)).is_ok();
        debug_assert!(first, "a connection has one refusal, its last request");
        self.input.clear();
        self.input.extend_from_slice(PLACEHOLDER);
        self.cleared = PLACEHOLDER.len();
        self.place = Place::Refused;
        self.head_deadline = None;
    }

    /// Ready when the deadline of a head has passed.
    fn poll_head_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !matches!(self.place, Place::Head(_)) {
            return Poll::Pending;
        }
        // A persistent connection may be silent between requests; the keep-alive timeout limits
        // that.
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

    /// Ready when hyper may learn that the client has sent its last byte. Hyper then drops the
    /// request, so a complete request first gets time for its response.
    fn poll_ending(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let is_between = matches!(self.place, Place::Head(_) | Place::Undecided);
        if !is_between || self.responses.are_all(self.heads, context) {
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
            // Freed because thousands of connections may wait here, each for a long time.
            self.input = BytesMut::new();
        }
        read
    }

    /// Returns the result of a write, or an error if the client has accepted no bytes for too long.
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

    /// Reads and discards what the client still sends, until it ends or for a short time. Closing a
    /// socket with unread bytes resets the connection, and the reset may destroy the response in
    /// transit.
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

/// Reads the rest of a body of known length directly into the caller's buffer, because nothing in
/// it needs to be checked. Returns the number of bytes; 0 at the end of the connection.
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
                // The response to the placeholder ends the connection, so nothing is awaited here.
                Place::Refused => return Poll::Pending,
                Place::Broken(error) => {
                    let error = io::Error::new(io::ErrorKind::InvalidData, error);
                    return Poll::Ready(Err(error));
                }
                // A client that sends this much before the previous response is known waits with
                // the rest.
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
                        // There was no request, so there is no response.
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
    async fn a_client_that_reads_nothing_of_its_response_is_dropped() {
        let (socket, mut client) = tokio::io::duplex(8);
        let timeouts = Timeouts {
            head: Duration::from_mins(1),
            write: Duration::from_millis(200),
            half_close: Duration::from_mins(1),
        };
        let mut guard = Guard::new(
            socket,
            Role::Origin,
            Arc::default(),
            Arc::default(),
            timeouts,
        );

        // A client that reads slowly but steadily is tolerated.
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

//! Reads the heads of frames before the library does, and ends a connection whose frames are mostly work.
//!
//! The library limits what a client can make it keep. It does not limit how often a client may make it work for
//! nothing: opening and resetting streams, pings, settings.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::settings_mask::SettingsMask;

/// The length of what a client sends before its first frame (RFC 9113, section 3.4).
const PREFACE_BYTES: usize = 24;
/// The length of the head of a frame (RFC 9113, section 4.1).
const FRAME_HEAD_BYTES: usize = 9;

/// Types of frames (RFC 9113, section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

/// The flag of the last frame of a head.
const END_HEADERS: u8 = 0x4;

/// How many streams a client may reset in a burst, and on average per second. A program that cancels all its
/// requests resets at most as many as it may have open; one that hedges each request resets half of them.
const RESETS: Allowance = Allowance {
    burst: 1000,
    per_second: 200,
};

/// How many other frames a client may send that carry no request: settings, pings, priorities, and unknown ones.
/// Clients of gRPC measure their connection with a ping for each round trip, which on one machine are thousands
/// per second for a short time.
const OTHERS: Allowance = Allowance {
    burst: 20_000,
    per_second: 2000,
};

struct Allowance {
    burst: u64,
    per_second: u64,
}

/// A stream whose frames are counted while they arrive.
#[derive(Debug)]
pub(super) struct FrameGuard<S> {
    stream: S,
    place: Place,
    resets: Bucket,
    others: Bucket,
    head: Arc<HeadProgress>,
    settings: SettingsMask,
}

/// Where in the bytes of the client the guard is.
#[derive(Debug)]
enum Place {
    Preface {
        left: usize,
    },
    FrameHead {
        head: [u8; FRAME_HEAD_BYTES],
        kept: usize,
    },
    Payload {
        left: usize,
        ends_head: bool,
    },
}

/// Counts what has happened recently.
#[derive(Debug)]
struct Bucket {
    used: u64,
    since: Instant,
}

/// The head of a request that is arriving.
#[derive(Debug, Default)]
pub(super) struct HeadProgress(Mutex<Option<Instant>>);

impl HeadProgress {
    /// Returns whether a head has begun to arrive longer ago than this, and has not ended.
    pub(super) fn is_late(&self, limit: Duration) -> bool {
        self.lock().is_some_and(|since| since.elapsed() > limit)
    }

    fn begin(&self) {
        self.lock().get_or_insert_with(Instant::now);
    }

    fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn new() -> Self {
        Self {
            used: 0,
            since: Instant::now(),
        }
    }

    /// Counts one more. Returns false if there were too many.
    fn take(&mut self, allowance: &Allowance, now: Instant) -> bool {
        if self.used >= allowance.burst {
            let passed = now.saturating_duration_since(self.since).as_millis();
            let restored = passed * u128::from(allowance.per_second) / 1000;
            if restored > 0 {
                let restored = u64::try_from(restored).unwrap_or(u64::MAX);
                self.used = self.used.saturating_sub(restored);
                self.since = now;
            }
        }
        self.used += 1;
        self.used <= allowance.burst
    }
}

impl<S> FrameGuard<S> {
    pub(super) fn new(stream: S, head: Arc<HeadProgress>) -> Self {
        Self {
            stream,
            place: Place::Preface {
                left: PREFACE_BYTES,
            },
            resets: Bucket::new(),
            others: Bucket::new(),
            head,
            settings: SettingsMask::default(),
        }
    }

    /// Notes bytes that have arrived. Returns false if the client floods the connection.
    fn note(&mut self, mut bytes: &[u8]) -> bool {
        loop {
            match &mut self.place {
                Place::Preface { left } | Place::Payload { left, .. } if *left > 0 => {
                    if bytes.is_empty() {
                        return true;
                    }
                    let taken = bytes.len().min(*left);
                    *left -= taken;
                    bytes = &bytes[taken..];
                }
                Place::Preface { .. } | Place::Payload { .. } => {
                    if let Place::Payload {
                        ends_head: true, ..
                    } = self.place
                    {
                        self.head.end();
                    }
                    self.place = Place::FrameHead {
                        head: [0; FRAME_HEAD_BYTES],
                        kept: 0,
                    };
                }
                Place::FrameHead { head, kept } => {
                    if bytes.is_empty() {
                        return true;
                    }
                    let room = &mut head[*kept..];
                    let taken = bytes.len().min(room.len());
                    room[..taken].copy_from_slice(&bytes[..taken]);
                    *kept += taken;
                    bytes = &bytes[taken..];
                    if *kept == FRAME_HEAD_BYTES {
                        let head = *head;
                        if !self.begin_frame(head) {
                            return false;
                        }
                    }
                }
            }
        }
    }

    fn begin_frame(&mut self, head: [u8; FRAME_HEAD_BYTES]) -> bool {
        let [high, middle, low, kind, flags, ..] = head;
        let is_head = matches!(kind, HEADERS | CONTINUATION);
        if is_head {
            self.head.begin();
        }
        self.place = Place::Payload {
            left: usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low),
            ends_head: is_head && flags & END_HEADERS != 0,
        };
        match kind {
            // The library limits empty pieces, and updates of windows cost it next to nothing.
            DATA | HEADERS | CONTINUATION | WINDOW_UPDATE => true,
            RST_STREAM => self.resets.take(&RESETS, Instant::now()),
            _ => self.others.take(&OTHERS, Instant::now()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FrameGuard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if !self.note(&buffer.filled()[before..]) {
            let error = "the client sends too many frames that carry no request";
            return Poll::Ready(Err(io::Error::other(error)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FrameGuard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let guard = &mut *self;
        let bytes = match guard.settings.of(bytes) {
            Ok(instead) => instead.unwrap_or(bytes),
            Err(error) => return Poll::Ready(Err(io::Error::other(error))),
        };
        let count = ready!(Pin::new(&mut guard.stream).poll_write(context, bytes))?;
        guard.settings.sent(count);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.settings.is_done() {
            let first = pieces.iter().find(|piece| !piece.is_empty());
            return self.poll_write(context, first.map_or(&[], |piece| piece));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
        frame.extend_from_slice(payload);
        frame
    }

    fn guard() -> FrameGuard<()> {
        let mut guard = FrameGuard::new((), Arc::default());
        assert!(guard.note(&[b'x'; PREFACE_BYTES]));
        guard
    }

    #[test]
    fn frames_without_a_request_are_limited_in_whatever_pieces_they_arrive() {
        for kind in [RST_STREAM, 4, 6] {
            for length in [5, 4096] {
                let mut guard = guard();
                let frames = frame(kind, 0, &[0; 8]).repeat(100);
                // Even while it takes a minute to send them, more than these are too many.
                let too_many = OTHERS.burst + 60 * OTHERS.per_second;
                let mut pieces = frames.chunks(length).cycle();
                let is_refused = (0..too_many * 4).any(|_| !guard.note(pieces.next().unwrap()));
                assert!(is_refused, "{kind}");
            }
        }
    }

    #[test]
    fn a_burst_is_allowed_and_then_an_average() {
        let (mut bucket, now) = (Bucket::new(), Instant::now());
        let burst = usize::try_from(RESETS.burst).unwrap();
        assert!((0..burst).all(|_| bucket.take(&RESETS, now)));
        assert!(!bucket.take(&RESETS, now));
        let later = now + Duration::from_secs(1);
        let allowed = (0..burst).filter(|_| bucket.take(&RESETS, later)).count();
        assert!((199..=200).contains(&allowed), "{allowed}");
    }

    #[test]
    fn frames_with_a_request_are_not_limited() {
        let mut guard = guard();
        for kind in [DATA, HEADERS, WINDOW_UPDATE] {
            assert!(guard.note(&frame(kind, END_HEADERS, b"payload").repeat(100_000)));
        }
    }

    #[test]
    fn a_head_is_late_until_its_last_byte() {
        let mut guard = guard();
        let (no_time, much) = (Duration::ZERO, Duration::from_mins(1));
        guard.note(&frame(HEADERS, 0, b"first"));
        let last = frame(CONTINUATION, END_HEADERS, b"last");
        guard.note(&last[..last.len() - 1]);
        assert!(guard.head.is_late(no_time) && !guard.head.is_late(much));
        guard.note(&last[last.len() - 1..]);
        assert!(!guard.head.is_late(no_time));
    }
}

//! A body whose secrets are hidden while it is forwarded.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::{Masker, PieceMasker};

/// How much is searched before the task yields, in bytes. Text full of escapes takes up to some tens of
/// nanoseconds per byte, and an upstream may send faster than that; 64 KiB then take a few milliseconds.
const BYTES_PER_TURN: usize = 64 * 1024;

/// Forwards a body with every secret hidden. Holds back only a possible beginning of a secret; the total
/// length does not change. If the inner body fails, the held part is dropped. Secrets in trailers are hidden as in
/// headers.
pub struct MaskedBody<B> {
    inner: B,
    pieces: PieceMasker,
    is_ended: bool,
    /// The trailers, until the rest of the body has passed.
    trailers: Option<HeaderMap>,
    /// How many bytes have been searched in this turn.
    bytes_in_turn: usize,
}

impl<B> MaskedBody<B> {
    /// Hides the secrets of `masker` in `inner`.
    pub fn new(inner: B, masker: Masker) -> Self {
        Self {
            inner,
            pieces: PieceMasker::new(masker),
            is_ended: false,
            trailers: None,
            bytes_in_turn: 0,
        }
    }
}

impl<B> Body for MaskedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        while !this.is_ended {
            if this.bytes_in_turn >= BYTES_PER_TURN {
                this.bytes_in_turn = 0;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let piece = match ready!(Pin::new(&mut this.inner).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => {
                        this.is_ended = this.inner.is_end_stream();
                        piece
                    }
                    Err(frame) => {
                        this.is_ended = true;
                        this.trailers = frame.into_trailers().ok();
                        Bytes::new()
                    }
                },
                Some(Err(error)) => {
                    this.is_ended = true;
                    this.pieces.held = Bytes::new();
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    this.is_ended = true;
                    Bytes::new()
                }
            };
            if !this.pieces.masker.is_empty() {
                this.bytes_in_turn += this.pieces.kept_bytes() + piece.len();
            }
            let decided = this.pieces.push(piece, this.is_ended);
            if !decided.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(decided))));
            }
        }
        let Some(mut trailers) = this.trailers.take() else {
            return Poll::Ready(None);
        };
        this.pieces.masker.mask_headers(&mut trailers);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        (self.is_ended && self.trailers.is_none())
            || (!self.is_ended && self.pieces.held.is_empty() && self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.inner.size_hint();
        let held = self.pieces.held.len() as u64;
        let mut hint = SizeHint::new();
        // The upper bound is set first, because a lower bound above it would be refused.
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + held);
        }
        hint.set_lower(inner.lower() + held);
        hint
    }
}

//! The body of a request that is still arriving from the agent. It is read up to its limit, or
//! forwarded as it arrives, with the same limit.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use gaiterguard_domain::agent_key;
use gaiterguard_upstream::BoxError;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use thiserror::Error;

/// The most bytes that are reserved for a body that announces its length, so that a false announcement
/// costs no more.
const RESERVE_BYTES_MAX: usize = 64 * 1024;

/// Reasons why a body did not arrive.
#[derive(Debug, Error)]
pub enum BodyBroken {
    /// The body is longer than its limit.
    #[error("the request body is longer than the limit of {bytes_max} bytes")]
    TooLong {
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// The body contains an agent key.
    #[error("the request body contains an agent key")]
    HoldsAgentKey,
    /// The body stopped arriving. The error is the door's.
    #[error(transparent)]
    Lost(BoxError),
}

/// The source of the pieces of a body.
type Source = UnsyncBoxBody<Bytes, BodyBroken>;

/// A body that is arriving, with a limit. Trailers are dropped.
pub struct ArrivingBody<B = Source> {
    source: B,
    /// A piece that has arrived and is not taken yet.
    first: Option<Bytes>,
    bytes_left: usize,
    bytes_max: usize,
}

impl<B> ArrivingBody<B>
where
    B: Body<Data = Bytes, Error = BodyBroken> + Unpin,
{
    /// Creates a body of at most `bytes_max`.
    ///
    /// # Errors
    ///
    /// If the source announces more.
    pub fn new(source: B, bytes_max: usize) -> Result<Self, BodyBroken> {
        if source.size_hint().lower() > bytes_max as u64 {
            return Err(BodyBroken::TooLong { bytes_max });
        }
        Ok(Self {
            source,
            first: None,
            bytes_left: bytes_max,
            bytes_max,
        })
    }

    /// Reads the body to its end. A body in one piece is not copied.
    ///
    /// # Errors
    ///
    /// If the body exceeds its limit, or does not arrive.
    pub async fn whole(mut self) -> Result<Bytes, BodyBroken> {
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        if self.source.is_end_stream() {
            return Ok(first);
        }
        let announced = usize::try_from(self.source.size_hint().lower()).unwrap_or(usize::MAX);
        let mut whole = BytesMut::with_capacity(first.len() + announced.min(RESERVE_BYTES_MAX));
        whole.extend_from_slice(&first);
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// Waits for the first piece, without taking it. Returns true if it is the whole body.
    pub async fn begin(&mut self) -> Result<bool, BodyBroken> {
        if self.first.is_none() {
            self.first = self.next().await?;
        }
        Ok(self.first.is_none() || self.source.is_end_stream())
    }

    /// Whether the first piece contains an agent key.
    pub fn begins_with_agent_key(&self) -> bool {
        self.first
            .as_ref()
            .is_some_and(|first| agent_key::is_in(first))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, BodyBroken> {
        match self.frame().await {
            None => Ok(None),
            Some(frame) => Ok(frame?.into_data().ok()),
        }
    }
}

impl<B> Body for ArrivingBody<B>
where
    B: Body<Data = Bytes, Error = BodyBroken> + Unpin,
{
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        loop {
            let frame = match ready!(Pin::new(&mut self.source).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => frame,
            };
            // Everything else is trailers, which nothing uses.
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            let Some(left) = self.bytes_left.checked_sub(piece.len()) else {
                let bytes_max = self.bytes_max;
                return Poll::Ready(Some(Err(BodyBroken::TooLong { bytes_max })));
            };
            self.bytes_left = left;
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.source.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().map_or(0, Bytes::len) as u64;
        let rest = self.source.size_hint().exact();
        rest.map_or_else(SizeHint::new, |rest| SizeHint::with_exact(rest + first))
    }
}

impl<B> std::fmt::Debug for ArrivingBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ArrivingBody(at most {} bytes)", self.bytes_max)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::{Full, StreamBody};

    use super::*;

    fn pieces(pieces: &'static [&'static str]) -> Source {
        let frames = pieces
            .iter()
            .map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes()))));
        StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
    }

    fn announced(text: &'static str) -> Source {
        let full = Full::new(Bytes::from_static(text.as_bytes()));
        full.map_err(|never: Infallible| match never {})
            .boxed_unsync()
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_no_further() {
        let whole = ArrivingBody::new(pieces(&["ab", "cde"]), 5).unwrap();
        assert_eq!(whole.whole().await.unwrap(), "abcde");
        let longer = ArrivingBody::new(pieces(&["ab", "cde"]), 4).unwrap();
        let refused = longer.whole().await.unwrap_err();
        assert!(matches!(refused, BodyBroken::TooLong { bytes_max: 4 }));
        assert!(ArrivingBody::new(announced("abcde"), 4).is_err());
        assert!(ArrivingBody::new(announced("abcd"), 4).is_ok());
    }

    #[tokio::test]
    async fn the_first_piece_is_not_lost() {
        let mut body = ArrivingBody::new(pieces(&["ab", "c"]), 9).unwrap();
        assert!(!body.begin().await.unwrap());
        assert!(!body.begin().await.unwrap());
        assert_eq!(body.whole().await.unwrap(), "abc");
        let mut body = ArrivingBody::new(announced("abc"), 9).unwrap();
        assert!(body.begin().await.unwrap());
        assert_eq!(body.size_hint().exact(), Some(3));
        assert!(!body.is_end_stream());
        assert_eq!(body.whole().await.unwrap(), "abc");
        let mut empty = ArrivingBody::new(pieces(&[]), 9).unwrap();
        assert!(empty.begin().await.unwrap());
    }
}

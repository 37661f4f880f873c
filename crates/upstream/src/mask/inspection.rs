//! Searching compressed bodies for secrets.
//!
//! Upstreams are asked for responses without compression, but some compress anyway, and some serve files
//! that are compressed. A compressed body is forwarded unchanged, unless its decoded text contains a
//! secret.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::{Masker, PieceMasker};
use crate::InboundError;
use crate::compressed::{self, Coding, Ending, LAYERS_MAX};
use crate::layers::{Layers, Search};

/// The most bytes that a body that is held back is decoded to. A larger one is a decompression bomb, or
/// not worth the memory.
const DECODED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How many bytes one byte of a body may decode to, in all layers together: more than deflate can
/// expand (1032 times) and than ordinary bodies with several layers do.
const EXPANSION_MAX: u64 = 1100;

/// How many bytes a body may decode to, however short it is.
const INSPECTED_BYTES_MIN: u64 = 16 * 1024 * 1024;

/// The most bytes that are held back because a secret may begin in them. A few pieces in a row may
/// end that way; only a text of nothing but escapes always does.
const HELD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A search in a compressed body that arrives in pieces.
pub struct Inspection {
    layers: Layers<PieceMasker>,
    bytes_left: u64,
}

impl Inspection {
    /// Creates a search for the secrets of `masker` in a response with these headers.
    pub fn new(masker: Masker, headers: &HeaderMap) -> Self {
        Self::of(masker, Coding::labeled(headers))
    }

    fn of(masker: Masker, labeled: Option<Coding>) -> Self {
        Self {
            layers: Layers::new(PieceMasker::new(masker), labeled),
            bytes_left: INSPECTED_BYTES_MIN,
        }
    }

    /// Returns whether the body is not compressed, or the rest of it is not.
    pub fn is_over(&self) -> bool {
        self.layers.is_over()
    }

    /// Returns whether the decoded text ends with a possible beginning of a secret.
    pub fn is_undecided(&self) -> bool {
        self.layers.is_undecided()
    }

    /// Searches the next piece. Returns true if its decoded text contains a secret, or is too long to be
    /// searched: no response is forwarded without being searched.
    pub fn finds(&mut self, piece: &[u8]) -> bool {
        let more = (piece.len() as u64).saturating_mul(EXPANSION_MAX);
        self.bytes_left = self.bytes_left.saturating_add(more);
        self.layers.finds(piece, &mut self.bytes_left) || self.bytes_left == 0
    }
}

impl Search for PieceMasker {
    fn finds(&mut self, piece: Bytes, is_last: bool) -> bool {
        self.push(piece, is_last);
        self.has_found
    }

    fn is_undecided(&self) -> bool {
        !self.held.is_empty()
    }

    fn begin_again(&self) -> Self {
        Self::new(self.masker.clone())
    }
}

/// Hides every secret in a whole compressed body and compresses it again. `None` if it is not compressed,
/// or cannot be decoded within bounds. `labeled` is the coding that only the headers can identify.
pub fn masked_compressed(masker: &Masker, labeled: Option<Coding>, body: &[u8]) -> Option<Vec<u8>> {
    let hidden = masked_layer(masker, labeled, body, LAYERS_MAX)?;
    // An inner layer that cannot be decoded to its end is still as it was.
    let holds_secret = Inspection::of(masker.clone(), labeled).finds(&hidden);
    (!holds_secret).then_some(hidden)
}

fn masked_layer(
    masker: &Masker,
    labeled: Option<Coding>,
    body: &[u8],
    layers: usize,
) -> Option<Vec<u8>> {
    let coding = Coding::of_or(body, labeled)?;
    let labeled = labeled.filter(|_| Coding::of(body).is_some());
    let (plain, ending) = compressed::decoded(coding, body, DECODED_BYTES_MAX);
    if ending != Ending::Whole {
        return None;
    }
    let inside = (layers > 1)
        .then(|| masked_layer(masker, labeled, &plain, layers - 1))
        .flatten();
    let text = inside.unwrap_or(plain);
    coding.encode(&masker.mask_bytes(&text)).ok()
}

/// The result of polling a body for its next piece.
pub type Polled = Option<Result<Frame<Bytes>, InboundError>>;

/// Forwards a body unchanged, and breaks it off before the piece that would reveal a secret in a
/// compressed text.
pub struct InspectedBody<B> {
    inner: B,
    /// A result that was polled before and has not been searched.
    first: Option<Polled>,
    inspection: Option<Inspection>,
    /// Pieces that may hold the beginning of a secret.
    held: BytesMut,
    /// Whether the held pieces are known to contain no secret.
    may_pass: bool,
}

impl<B> InspectedBody<B> {
    /// Creates a body that searches `inner` with this inspection, if there is one.
    pub fn new(inner: B, inspection: Option<Inspection>) -> Self {
        Self {
            inner,
            first: None,
            inspection,
            held: BytesMut::new(),
            may_pass: false,
        }
    }

    /// Creates a body that continues one from which `first` has been polled.
    pub fn begun(inner: B, first: Option<Polled>, inspection: Inspection) -> Self {
        Self {
            first,
            ..Self::new(inner, Some(inspection))
        }
    }

    /// Creates a body that continues another one: `held` has been read and searched, but not forwarded.
    pub fn resumed(inner: B, inspection: Inspection, held: BytesMut) -> Self {
        Self {
            inner,
            first: None,
            may_pass: !held.is_empty() && !inspection.is_undecided(),
            inspection: Some(inspection),
            held,
        }
    }
}

impl<B> Body for InspectedBody<B>
where
    B: Body<Data = Bytes, Error = InboundError> + Unpin,
{
    type Data = Bytes;
    type Error = InboundError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, InboundError>>> {
        let this = self.get_mut();
        let Some(inspection) = &mut this.inspection else {
            return Pin::new(&mut this.inner).poll_frame(context);
        };
        if std::mem::take(&mut this.may_pass) {
            return Poll::Ready(Some(Ok(Frame::data(this.held.split().freeze()))));
        }
        loop {
            let next = match this.first.take() {
                Some(first) => first,
                None => ready!(Pin::new(&mut this.inner).poll_frame(context)),
            };
            let frame = match next {
                None if this.held.is_empty() => return Poll::Ready(None),
                None => return Poll::Ready(Some(Ok(Frame::data(this.held.split().freeze())))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => frame,
            };
            let piece = match frame.into_data() {
                Ok(piece) => piece,
                Err(trailers) if this.held.is_empty() => return Poll::Ready(Some(Ok(trailers))),
                Err(trailers) => {
                    // The body has ended, so what was held back is known to hold no secret.
                    this.first = Some(Some(Ok(trailers)));
                    return Poll::Ready(Some(Ok(Frame::data(this.held.split().freeze()))));
                }
            };
            if inspection.finds(&piece) {
                return Poll::Ready(Some(Err(InboundError::Echo)));
            }
            let is_undecided = inspection.is_undecided() && !this.inner.is_end_stream();
            if this.held.is_empty() && !is_undecided {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            this.held.extend_from_slice(&piece);
            if !is_undecided {
                return Poll::Ready(Some(Ok(Frame::data(this.held.split().freeze()))));
            }
            if this.held.len() > HELD_BYTES_MAX {
                return Poll::Ready(Some(Err(InboundError::Echo)));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.first.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.inner.size_hint();
        let first = match &self.first {
            Some(Some(Ok(frame))) => frame.data_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        let held = (self.held.len() + first) as u64;
        let mut hint = SizeHint::new();
        // The upper bound is set first, because a lower bound above it would be refused.
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + held);
        }
        hint.set_lower(inner.lower() + held);
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use futures_util::StreamExt as _;
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;
    use crate::MaskedSecret;

    const SECRET: &str = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
    const CODINGS: [Coding; 3] = [Coding::Gzip, Coding::Zlib, Coding::Deflate];

    fn masker() -> Masker {
        Masker::new(&[MaskedSecret::Value(SECRET.as_bytes())])
    }

    fn labeled(coding: Coding) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if coding == Coding::Deflate {
            headers.insert("content-encoding", "deflate".parse().unwrap());
        }
        headers
    }

    /// Returns what is forwarded of a body in pieces of this length, and whether it is cut.
    async fn passed(coding: Coding, body: &[u8], length: usize) -> (Vec<u8>, bool) {
        let pieces: Vec<_> = body
            .chunks(length)
            .map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece))))
            .collect();
        let stream = StreamBody::new(futures_util::stream::iter(pieces));
        let inspection = Inspection::new(masker(), &labeled(coding));
        let mut frames = InspectedBody::new(stream, Some(inspection)).into_data_stream();
        let mut passed = Vec::new();
        while let Some(piece) = frames.next().await {
            match piece {
                Ok(piece) => passed.extend_from_slice(&piece),
                Err(_) => return (passed, true),
            }
        }
        (passed, false)
    }

    #[tokio::test]
    async fn a_compressed_body_without_a_secret_passes_byte_for_byte() {
        let text = format!("{}, all of it: ", &SECRET[..20]).repeat(50);
        for coding in CODINGS {
            let body = coding.encode(text.as_bytes()).unwrap();
            for length in [1, 7, 1000] {
                assert_eq!(passed(coding, &body, length).await, (body.clone(), false));
            }
        }
        let plain = b"x^ is how a text may begin that is not compressed".as_slice();
        for length in [1, 7, 1000] {
            assert_eq!(
                passed(Coding::Gzip, plain, length).await,
                (plain.to_vec(), false)
            );
        }
    }

    #[tokio::test]
    async fn no_more_than_the_limit_is_held_back() {
        let body = Coding::Gzip.encode(b"a==").unwrap();
        let mut inspection = Inspection::new(masker(), &HeaderMap::new());
        assert!(!inspection.finds(&body[..2]) && inspection.is_undecided());
        let rest = Frame::data(Bytes::copy_from_slice(&body[2..]));
        let rest = StreamBody::new(futures_util::stream::iter([Ok(rest)]));
        let held = BytesMut::zeroed(HELD_BYTES_MAX);
        let mut passing = InspectedBody::resumed(rest, inspection, held);
        let end = passing.frame().await.unwrap();
        assert!(matches!(end, Err(InboundError::Echo)), "{end:?}");
    }

    #[tokio::test]
    async fn a_compressed_body_is_cut_before_any_of_a_secret_has_passed() {
        let text = format!("{}{SECRET} and more", "before ".repeat(30));
        for coding in CODINGS {
            let body = coding.encode(text.as_bytes()).unwrap();
            for length in [1, 7, 1000] {
                let (passed, is_cut) = passed(coding, &body, length).await;
                assert!(is_cut, "{coding:?} {length}");
                let (plain, _) = compressed::decoded(coding, &passed, 10_000);
                let plain = String::from_utf8(plain).unwrap();
                assert!(
                    !plain.contains(&SECRET[..4]),
                    "{coding:?} {length}: {plain}"
                );
            }
        }
    }

    #[test]
    fn a_secret_before_the_damage_of_a_body_is_found() {
        let text = format!("{}{SECRET}", "before ".repeat(30));
        let mut wrong_checksum = Coding::Zlib.encode(text.as_bytes()).unwrap();
        *wrong_checksum.last_mut().unwrap() ^= 1;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.flush().unwrap();
        let mut invalid_block = encoder.get_ref().clone();
        // A block of the reserved type 3 (RFC 1951, section 3.2.3).
        invalid_block.extend([7; 20]);
        for body in [wrong_checksum, invalid_block] {
            for length in [1, 7, 1000] {
                let mut inspection = Inspection::new(masker(), &HeaderMap::new());
                let is_found = body.chunks(length).any(|piece| inspection.finds(piece));
                assert!(is_found, "{length} {body:?}");
            }
        }
    }

    #[test]
    fn a_decompression_bomb_is_cut_and_one_layer_is_not() {
        let zeros = vec![b'0'; 64 * 1024 * 1024];
        let once = Coding::Gzip.encode(&zeros).unwrap();
        assert!(!Inspection::new(masker(), &HeaderMap::new()).finds(&once));
        let twice = Coding::Gzip.encode(&once).unwrap();
        assert!(Inspection::new(masker(), &HeaderMap::new()).finds(&twice));
    }

    #[test]
    fn a_secret_is_hidden_inside_every_layer() {
        let text = format!("it is {SECRET}!");
        let hidden = format!("it is {}!", "*".repeat(SECRET.len()));
        for coding in CODINGS {
            let body = coding.encode(text.as_bytes()).unwrap();
            let masked = masked_compressed(&masker(), Some(coding), &body).unwrap();
            let (plain, _) = compressed::decoded(coding, &masked, 10_000);
            assert_eq!(plain, hidden.as_bytes());
        }
        // So long that it is compressed, and followed by something that is not another member.
        let inner = Coding::Gzip.encode(text.repeat(20).as_bytes()).unwrap();
        let damaged = [inner.as_slice(), b"not another member"].concat();
        let twice = Coding::Gzip.encode(&damaged).unwrap();
        assert!(Inspection::new(masker(), &HeaderMap::new()).finds(&twice));
        assert_eq!(masked_compressed(&masker(), None, &twice), None);
        // The label names the layer that cannot be recognized, at any depth.
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", "deflate, gzip".parse().unwrap());
        for inner in CODINGS {
            let twice = Coding::Gzip
                .encode(&inner.encode(text.as_bytes()).unwrap())
                .unwrap();
            let mut inspection = Inspection::new(masker(), &headers);
            assert!(inspection.finds(&twice), "{inner:?}");
            let labeled = Coding::labeled(&headers);
            let masked = masked_compressed(&masker(), labeled, &twice).unwrap();
            let (once, _) = compressed::decoded(Coding::Gzip, &masked, 10_000);
            let (plain, _) = compressed::decoded(inner, &once, 10_000);
            assert_eq!(plain, hidden.as_bytes());
        }
    }
}

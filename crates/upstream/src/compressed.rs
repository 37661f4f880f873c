//! Recognizes and decodes compressed bytes, whatever their headers claim.

use std::io::Write;

use flate2::Compression;
use flate2::write::{
    DeflateDecoder, DeflateEncoder, GzEncoder, MultiGzDecoder, ZlibDecoder, ZlibEncoder,
};
use gaiterguard_domain::response::KeptResponse;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};

/// How many layers of compression are decoded. Servers apply one layer, and a proxy may add a second.
pub const LAYERS_MAX: usize = 3;

/// The most bytes of a decoded body that are shown to a human or an agent: the default limit for stored
/// responses.
pub const SHOWN_BYTES_MAX: usize = 1024 * 1024;

/// A compression that is recognized and decoded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// gzip (RFC 1952).
    Gzip,
    /// zlib (RFC 1950), which HTTP calls `deflate`.
    Zlib,
    /// deflate without a frame (RFC 1951), which some servers send as `deflate`.
    Deflate,
}

impl Coding {
    /// Returns the coding that the first bytes indicate. Some plain texts begin like zlib; decoding them
    /// fails.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match *bytes {
            [0x1f, 0x8b, 0x08, ..] => Some(Self::Gzip),
            // RFC 1950, section 2.2: the method is deflate with a window of up to 32 KiB, and both
            // bytes together, as one number, are a multiple of 31.
            [method, flags, ..]
                if method & 0x8f == 0x08
                    && u16::from_be_bytes([method, flags]).is_multiple_of(31) =>
            {
                Some(Self::Zlib)
            }
            _ => None,
        }
    }

    /// Returns the coding that the first bytes indicate, or else `labeled`. Deflate without a frame
    /// has no fixed beginning, so the label decides, unless the bytes are text: an inflater accepts
    /// the beginning of some texts too.
    pub(crate) fn of_or(bytes: &[u8], labeled: Option<Self>) -> Option<Self> {
        Self::of(bytes).or_else(|| {
            let is_text = std::str::from_utf8(bytes)
                .map_or_else(|error| error.error_len().is_none(), |_| true);
            labeled.filter(|_| !is_text)
        })
    }

    /// Returns the coding that only the headers can identify, if they name it.
    pub fn labeled(headers: &HeaderMap) -> Option<Self> {
        codings(headers)
            .any(|coding| coding.eq_ignore_ascii_case("deflate"))
            .then_some(Self::Deflate)
    }

    /// Encodes `plain`.
    ///
    /// # Errors
    ///
    /// Never in practice, because writing to memory does not fail.
    pub fn encode(self, plain: &[u8]) -> std::io::Result<Vec<u8>> {
        let level = Compression::fast();
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(plain)?;
                encoder.finish()
            }
            Self::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(plain)?;
                encoder.finish()
            }
            Self::Deflate => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(plain)?;
                encoder.finish()
            }
        }
    }
}

/// Decodes data that arrives in pieces.
pub(crate) struct Decoder(Inner);

enum Inner {
    Gzip(MultiGzDecoder<Vec<u8>>),
    Zlib(ZlibDecoder<Vec<u8>>),
    Deflate(DeflateDecoder<Vec<u8>>),
}

impl Decoder {
    /// Creates a decoder of this coding.
    pub(crate) fn new(coding: Coding) -> Self {
        Self(match coding {
            Coding::Gzip => Inner::Gzip(MultiGzDecoder::new(Vec::new())),
            Coding::Zlib => Inner::Zlib(ZlibDecoder::new(Vec::new())),
            Coding::Deflate => Inner::Deflate(DeflateDecoder::new(Vec::new())),
        })
    }

    /// Decodes the next piece. The second value is false if the bytes are not of this coding or end
    /// here; then this output is the last.
    pub(crate) fn push(&mut self, piece: &[u8]) -> (Vec<u8>, bool) {
        fn is_decoded(decoder: &mut impl Write, piece: &[u8]) -> bool {
            let is_good = decoder
                .write_all(piece)
                .and_then(|()| decoder.flush())
                .is_ok();
            if !is_good {
                // The decoder's buffer still has the data before the damage. Another write hands it over
                // before it fails again.
                let _ = decoder.write_all(&[0]);
            }
            is_good
        }
        let (is_good, decoded) = match &mut self.0 {
            Inner::Gzip(decoder) => (is_decoded(decoder, piece), decoder.get_mut()),
            Inner::Zlib(decoder) => (is_decoded(decoder, piece), decoder.get_mut()),
            Inner::Deflate(decoder) => (is_decoded(decoder, piece), decoder.get_mut()),
        };
        (std::mem::take(decoded), is_good)
    }
}

/// How decoding ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All bytes were decoded.
    Whole,
    /// Decoding stopped at the limit; there is more.
    TooLong,
    /// Decoding stopped at bytes that are not of the coding.
    Broken,
}

/// Decodes at most `bytes_max` bytes of output, as far as possible. Returns them and how decoding ended.
pub fn decoded(coding: Coding, bytes: &[u8], bytes_max: usize) -> (Vec<u8>, Ending) {
    /// Deflate expands a piece at most 1032 times, so this also bounds the memory used: 4 MiB.
    const PIECE_BYTES: usize = 4096;
    let mut decoder = Decoder::new(coding);
    let mut plain = Vec::new();
    for piece in bytes.chunks(PIECE_BYTES) {
        let (more, is_good) = decoder.push(piece);
        plain.extend_from_slice(&more);
        if plain.len() > bytes_max {
            plain.truncate(bytes_max);
            return (plain, Ending::TooLong);
        }
        if !is_good {
            return (plain, Ending::Broken);
        }
    }
    (plain, Ending::Whole)
}

/// Returns a stored response in readable form. If its headers say that the body is compressed and it
/// really is, every layer that they name is decoded, up to a limit, and the headers that describe the
/// compressed body are removed.
pub fn readable(mut response: KeptResponse) -> KeptResponse {
    let Some((mut plain, ending)) =
        without_layers(&response.headers, &response.body, SHOWN_BYTES_MAX)
    else {
        return response;
    };
    response.is_truncated |= ending == Ending::TooLong;
    // The limit may have split the last character.
    if response.is_truncated
        && let Err(error) = std::str::from_utf8(&plain)
        && error.error_len().is_none()
    {
        plain.truncate(error.valid_up_to());
    }
    response.body = plain.into();
    for name in [CONTENT_ENCODING, CONTENT_LENGTH] {
        response.headers.remove(name);
    }
    response
}

/// Returns at most `bytes_max` bytes of the text of a body that is compressed as its headers say; less if `body` is
/// only its beginning. `None` if it is not compressed, cannot be decoded, or is not text.
pub fn text(headers: &HeaderMap, body: &[u8], bytes_max: usize) -> Option<String> {
    let (mut plain, _) = without_layers(headers, body, bytes_max)?;
    // The limit or the end may have split the last character.
    if let Err(error) = std::str::from_utf8(&plain)
        && error.error_len().is_none()
    {
        plain.truncate(error.valid_up_to());
    }
    String::from_utf8(plain).ok()
}

/// Decodes the layers of compression that headers name and a body has. Returns how the last one ended; `None` if
/// no layer can be decoded.
fn without_layers(headers: &HeaderMap, body: &[u8], bytes_max: usize) -> Option<(Vec<u8>, Ending)> {
    let mut labeled = Coding::labeled(headers);
    let mut plain: Option<(Vec<u8>, Ending)> = None;
    for _ in 0..named_layers(headers).min(LAYERS_MAX) {
        let bytes = match &plain {
            Some((_, Ending::TooLong)) => break,
            Some((outer, _)) => outer.as_slice(),
            None => body,
        };
        let Some(coding) = Coding::of_or(bytes, labeled) else {
            break;
        };
        // A label describes one layer, so it is used once.
        labeled = labeled.filter(|_| Coding::of(bytes).is_some());
        let inner = decoded(coding, bytes, bytes_max);
        if inner.1 == Ending::Broken {
            break;
        }
        plain = Some(inner);
    }
    plain
}

/// Returns how many layers of known compression the headers name.
fn named_layers(headers: &HeaderMap) -> usize {
    codings(headers)
        .filter(|coding| {
            ["gzip", "x-gzip", "deflate"]
                .iter()
                .any(|name| coding.eq_ignore_ascii_case(name))
        })
        .count()
}

fn codings(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Returns whether the headers say that the body is encoded in any way.
pub fn is_claimed(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|value| !matches!(value.as_bytes().trim_ascii(), b"" | b"identity"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODINGS: [Coding; 3] = [Coding::Gzip, Coding::Zlib, Coding::Deflate];

    fn labeled(labels: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for label in labels {
            headers.append(CONTENT_ENCODING, label.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_coding_is_recognized_by_its_bytes_and_not_by_its_label() {
        let text = b"some text, some text, some text";
        for coding in [Coding::Gzip, Coding::Zlib] {
            let encoded = coding.encode(text).unwrap();
            assert_eq!(Coding::of(&encoded), Some(coding));
            for labels in [&["none"][..], &["UTF-8"], &["deflate"], &[]] {
                assert_eq!(
                    Coding::of_or(&encoded, Coding::labeled(&labeled(labels))),
                    Some(coding)
                );
            }
        }
        for label in ["gzip", "deflate"] {
            assert_eq!(
                Coding::of_or(text, Coding::labeled(&labeled(&[label]))),
                None
            );
        }
        let raw = Coding::Deflate.encode(text).unwrap();
        assert_eq!(
            Coding::of_or(&raw, Coding::labeled(&labeled(&["deflate"]))),
            Some(Coding::Deflate)
        );
    }

    #[test]
    fn encoded_text_is_decoded_in_pieces_of_any_length() {
        let text = b"some text, some text, some text".repeat(100);
        for coding in CODINGS {
            let encoded = coding.encode(&text).unwrap();
            let whole = decoded(coding, &encoded, 10_000);
            assert_eq!(whole, (text.clone(), Ending::Whole));
            let beginning = decoded(coding, &encoded, 10);
            assert_eq!(beginning, (text[..10].to_vec(), Ending::TooLong));
            let mut decoder = Decoder::new(coding);
            let pieces = encoded.chunks(1).flat_map(|piece| {
                let (plain, is_good) = decoder.push(piece);
                assert!(is_good);
                plain
            });
            assert_eq!(pieces.collect::<Vec<u8>>(), text);
        }
        let nothing = (Vec::new(), Ending::Broken);
        assert_eq!(decoded(Coding::Gzip, b"this is not gzip", 10), nothing);
    }

    #[test]
    fn only_a_body_that_is_encoded_as_labeled_is_shown_decoded() {
        let shown = |labels: &[&'static str], body: &[u8]| {
            let response = KeptResponse {
                status: http::StatusCode::OK,
                headers: labeled(labels),
                body: body.to_vec().into(),
                is_truncated: false,
            };
            let shown = readable(response);
            (shown.body, shown.headers.len(), shown.is_truncated)
        };
        let gzip = Coding::Gzip.encode(b"text").unwrap();
        for label in ["gzip", "identity, X-Gzip"] {
            assert_eq!(shown(&[label], &gzip), ("text".into(), 0, false));
        }
        assert_eq!(shown(&[], &gzip), (gzip.clone().into(), 0, false));
        assert_eq!(shown(&["none"], &gzip), (gzip.clone().into(), 1, false));
        for label in ["gzip", "deflate"] {
            let text = "before *** after";
            assert_eq!(shown(&[label], text.as_bytes()), (text.into(), 1, false));
        }
        let long = "\u{e9}".repeat(SHOWN_BYTES_MAX);
        let (body, _, is_truncated) =
            shown(&["gzip"], &Coding::Gzip.encode(long.as_bytes()).unwrap());
        assert!(
            is_truncated && body.len() <= SHOWN_BYTES_MAX && long.as_bytes().starts_with(&body)
        );
    }
}

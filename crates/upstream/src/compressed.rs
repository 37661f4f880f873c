//! Recognizes and decodes compressed bytes, whatever their headers claim.

use std::io::{ErrorKind, Read, Write};

use bytes::Bytes;
use flate2::write::{
    DeflateDecoder, DeflateEncoder, GzEncoder, MultiGzDecoder, ZlibDecoder, ZlibEncoder,
};
use flate2::{Compression, bufread};
use gaiterguard_domain::media_type::may_be_text;
use gaiterguard_domain::response::KeptResponse;
use http::HeaderMap;
use http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};

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
/// really is, every layer that they name is decoded, up to a limit. So is a text that is compressed with
/// gzip without a label. The headers that describe the compressed body are removed.
pub fn readable(mut response: KeptResponse) -> KeptResponse {
    let KeptResponse { headers, body, .. } = &response;
    let decoded = without_layers(headers, body, SHOWN_BYTES_MAX)
        .or_else(|| unlabeled_text(headers, body, response.is_truncated, SHOWN_BYTES_MAX));
    let Some((mut plain, ending)) = decoded else {
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
    remove_description(&mut response.headers);
    response
}

/// Decodes all of a body like [`readable`], for a program that must not lose a part of it. Returns the
/// body as it is if it is not compressed, is damaged, or is longer than `bytes_max` when decoded.
pub fn whole(headers: &mut HeaderMap, body: Bytes, bytes_max: usize) -> Bytes {
    let decoded = without_layers(headers, &body, bytes_max)
        .filter(|(_, ending)| *ending == Ending::Whole && is_complete(&body))
        .or_else(|| unlabeled_text(headers, &body, false, bytes_max));
    match decoded {
        Some((plain, Ending::Whole)) => {
            remove_description(headers);
            plain.into()
        }
        _ => body,
    }
}

/// Returns whether a body does not end within gzip. The other codings have no end that says so.
fn is_complete(body: &[u8]) -> bool {
    Coding::of(body) != Some(Coding::Gzip)
        || std::io::copy(
            &mut bufread::MultiGzDecoder::new(body),
            &mut std::io::sink(),
        )
        .is_ok()
}

/// Removes the headers that describe a compressed body.
fn remove_description(headers: &mut HeaderMap) {
    for name in [CONTENT_ENCODING, CONTENT_LENGTH] {
        headers.remove(name);
    }
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

/// Decodes a text that a server compressed with gzip without saying so. Returns how it ended; `None` unless the body is
/// one whole stream, or its beginning if `is_cut`. Bytes behind the stream would not be shown to the human who decides,
/// and a decoded file would have other bytes than its type and name say.
fn unlabeled_text(
    headers: &HeaderMap,
    body: &[u8],
    is_cut: bool,
    bytes_max: usize,
) -> Option<(Vec<u8>, Ending)> {
    if Coding::of(body) != Some(Coding::Gzip) || is_file(headers) {
        return None;
    }
    let mut decoder = bufread::GzDecoder::new(body);
    let mut plain = Vec::new();
    let read = Read::by_ref(&mut decoder)
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut plain);
    let ending = match read {
        Ok(_) if plain.len() > bytes_max => {
            plain.truncate(bytes_max);
            Ending::TooLong
        }
        Ok(_) if decoder.get_ref().is_empty() => Ending::Whole,
        Err(error) if is_cut && error.kind() == ErrorKind::UnexpectedEof => Ending::Whole,
        _ => return None,
    };
    let may_end_in_a_character = is_cut || ending == Ending::TooLong;
    let is_utf8 = std::str::from_utf8(&plain).map_or_else(
        |error| may_end_in_a_character && error.error_len().is_none(),
        |_| true,
    );
    // An archive of texts is UTF-8 too, and its parts are padded with NUL.
    (is_utf8 && !plain.contains(&0)).then_some((plain, ending))
}

/// Returns whether the headers say that the compressed bytes are what was requested: their type is gzip, or that of any
/// file, or the name under which they are saved is that of a compressed file. A server that compresses on its own
/// keeps the type of the text.
fn is_file(headers: &HeaderMap) -> bool {
    let disposition = headers.get(CONTENT_DISPOSITION);
    let is_named_so = disposition.is_some_and(|value| {
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        let mut words = value.split([';', '"', ' ']);
        words.any(|word| matches!(word.rsplit_once('.'), Some((_, "gz" | "tgz"))))
    });
    is_named_so || !may_be_text(headers.get(CONTENT_TYPE))
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

    fn kept(headers: HeaderMap, body: &[u8]) -> KeptResponse {
        KeptResponse {
            status: http::StatusCode::OK,
            headers,
            body: body.to_vec().into(),
            is_truncated: false,
        }
    }

    #[test]
    fn a_body_that_is_encoded_as_labeled_is_shown_decoded() {
        let shown = |labels: &[&'static str], body: &[u8]| {
            let shown = readable(kept(labeled(labels), body));
            (shown.body, shown.headers.len(), shown.is_truncated)
        };
        let gzip = Coding::Gzip.encode(b"text").unwrap();
        for label in ["gzip", "identity, X-Gzip"] {
            assert_eq!(shown(&[label], &gzip), ("text".into(), 0, false));
        }
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

    /// Headers with a content type, or without one if it is empty, and maybe the name of a file.
    fn described(media_type: &'static str, disposition: Option<&'static str>) -> HeaderMap {
        let mut headers = labeled(&[]);
        if !media_type.is_empty() {
            headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
        }
        headers.extend(disposition.map(|value| (CONTENT_DISPOSITION, value.parse().unwrap())));
        headers
    }

    #[test]
    fn a_text_in_one_stream_of_gzip_is_shown_decoded_without_a_label() {
        let text = "{\"name\":\"J\u{fc}rgen\"}".as_bytes();
        let gzip = Coding::Gzip.encode(text).unwrap();
        let inline = Some("inline; filename=\"a.json\"");
        for headers in [
            described("", None),
            described("application/json", None),
            described("text/plain; charset=utf-8", inline),
            labeled(&["none"]),
            labeled(&["UTF-8"]),
        ] {
            let shown = readable(kept(headers.clone(), &gzip));
            assert_eq!(shown.body, text, "{headers:?}");
            assert!(!shown.is_truncated && !shown.headers.contains_key(CONTENT_ENCODING));
            let mut left = headers.clone();
            assert_eq!(whole(&mut left, gzip.clone().into(), 1000), text);
            assert_eq!(left, shown.headers);
            // Nothing that is longer than the limit is shortened.
            assert_eq!(whole(&mut left, gzip.clone().into(), 10), gzip);
        }
        let long = "\u{e9}".repeat(SHOWN_BYTES_MAX);
        let gzip = Coding::Gzip.encode(long.as_bytes()).unwrap();
        let cut = KeptResponse {
            is_truncated: true,
            ..kept(HeaderMap::new(), &gzip[..gzip.len() / 2])
        };
        for response in [kept(HeaderMap::new(), &gzip), cut] {
            let shown = readable(response);
            assert!(shown.is_truncated && shown.body.len() <= SHOWN_BYTES_MAX);
            assert!(!shown.body.is_empty() && long.as_bytes().starts_with(&shown.body));
        }
    }

    #[test]
    fn bytes_that_are_more_or_other_than_one_compressed_text_are_shown_as_they_are() {
        let gzip = Coding::Gzip.encode(b"text").unwrap();
        let of = |plain: &[u8]| Coding::Gzip.encode(plain).unwrap();
        let mut damaged = gzip.clone();
        damaged[gzip.len() - 6] ^= 1;
        for body in [
            [&gzip[..], b"behind"].concat(),
            [&gzip[..], &gzip].concat(),
            gzip[..gzip.len() - 1].to_vec(),
            gzip[..3].to_vec(),
            damaged,
            of(b"\xff\xfe"),
            of(b"name\0\0\0text"),
            of(b"text \xc3"),
            Coding::Zlib.encode(b"text").unwrap(),
        ] {
            let headers = described("application/json", None);
            let shown = readable(kept(headers.clone(), &body));
            assert_eq!((&shown.body[..], &shown.headers), (&body[..], &headers));
            assert_eq!(whole(&mut headers.clone(), body.clone().into(), 1000), body);
        }
        // A labeled body that ends too soon is not taken for a whole one either.
        let cut = &gzip[..gzip.len() - 1];
        assert_eq!(
            whole(&mut labeled(&["gzip"]), cut.to_vec().into(), 1000),
            cut
        );
    }

    #[test]
    fn a_compressed_file_is_shown_as_it_is() {
        let gzip = Coding::Gzip.encode(b"text").unwrap();
        for headers in [
            described("application/gzip", None),
            described("application/x-gzip", None),
            described("application/octet-stream", None),
            described("text/csv", Some("attachment; filename=report.csv.gz")),
            described(
                "text/csv",
                Some("attachment; filename=\"REPORT.CSV.GZ\"; x=y"),
            ),
            described("", Some("attachment; filename*=UTF-8''backup.tgz")),
        ] {
            let shown = readable(kept(headers.clone(), &gzip));
            assert_eq!((&shown.body[..], &shown.headers), (&gzip[..], &headers));
            assert_eq!(whole(&mut headers.clone(), gzip.clone().into(), 1000), gzip);
        }
    }
}

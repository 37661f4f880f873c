//! Bytes into text: compression and character encodings.

use std::io::Read;

use flate2::bufread::GzDecoder;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::aws_chunked;

/// The most bytes that a compressed body may unfold to, and so may all compressed texts in it together:
/// the largest body that is taken by default.
const INFLATED_BYTES_MAX: u64 = 10 << 20;

/// The greatest share of non-text characters in bytes that are still treated as text: one in this many.
const STRANGE_SHARE: usize = 16;

/// The greatest share of letters outside ASCII in a Western European text: one in this many. French and
/// Danish have up to one in twelve, short texts more.
const WESTERN_SHARE: usize = 4;

/// The number of places at which even a short text may contain other bytes: its beginning and one value.
const PLACES_MIN: usize = 2;

/// The shortest run of text in other bytes that is read, in bytes: the length of `role=admin`. A megabyte
/// of compressed image data has about 40 such runs by chance, and seven times as many of 8 bytes.
const RUN_BYTES_MIN: usize = 10;

/// Returns how a body is compressed: every value that names more than the framing in chunks, in lower case.
fn compressions(headers: &HeaderMap) -> impl Iterator<Item = Vec<u8>> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let values = values.map(|value| {
        let value = value.as_bytes();
        let value = aws_chunked::without_framing(value).unwrap_or(value);
        value.to_ascii_lowercase()
    });
    values.filter(|value| !matches!(value.as_slice(), b"" | b"identity"))
}

/// Decompresses a body. Returns `None` if it is not compressed. An error is a clause for a sentence.
pub(super) fn inflated(headers: &HeaderMap, body: &[u8]) -> Option<Result<Vec<u8>, &'static str>> {
    let mut encodings = compressions(headers);
    let encoding = encodings.next()?;
    if encodings.next().is_some() {
        return Some(Err("the body is compressed more than once"));
    }
    let inflated = match encoding.as_slice() {
        b"gzip" | b"x-gzip" => read(MultiGzDecoder::new(body)),
        b"deflate" => {
            let mut zlib = ZlibDecoder::new(body);
            let whole = read(&mut zlib).filter(|_| zlib.total_in() == body.len() as u64);
            whole.or_else(|| {
                // Some clients leave the envelope of zlib out.
                let mut raw = DeflateDecoder::new(body);
                read(&mut raw).filter(|_| raw.total_in() == body.len() as u64)
            })
        }
        _ => return Some(Err("the body is compressed in an unusual way")),
    };
    Some(inflated.ok_or("the body is compressed and cannot be unfolded in full"))
}

/// A body as all servers read it that read its headers.
pub(crate) enum Decompressed {
    /// It is not compressed.
    Plain,
    /// It is compressed.
    Bytes(Vec<u8>),
    /// Servers may differ: about anything but one stream of gzip or zlib with nothing behind it.
    Unknown,
}

/// Decompresses a body in the one way in which all servers do.
pub(crate) fn decompressed(headers: &HeaderMap, body: &[u8]) -> Decompressed {
    let mut encodings = compressions(headers);
    let Some(encoding) = encodings.next() else {
        return Decompressed::Plain;
    };
    if encodings.next().is_some() {
        return Decompressed::Unknown;
    }
    let bytes = match encoding.as_slice() {
        // Some servers read the first of several members only.
        b"gzip" | b"x-gzip" => {
            let mut rest = body;
            let inflated = read(GzDecoder::new(&mut rest));
            inflated.filter(|_| rest.is_empty())
        }
        b"deflate" => {
            let mut zlib = ZlibDecoder::new(body);
            read(&mut zlib).filter(|_| zlib.total_in() == body.len() as u64)
        }
        _ => None,
    };
    bytes.map_or(Decompressed::Unknown, Decompressed::Bytes)
}

/// How many bytes the compressed texts in a request may still be inflated to. Such a text may be a
/// thousand times as long as its compressed form, and hold others.
#[derive(Debug)]
pub struct InflationRoom(u64);

impl Default for InflationRoom {
    fn default() -> Self {
        Self(INFLATED_BYTES_MAX)
    }
}

/// There is no room for all of a text.
#[derive(Debug)]
pub(super) struct TooLong;

impl InflationRoom {
    /// Takes gzip off. Returns `None` if the bytes are damaged.
    pub(super) fn ungzipped(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, TooLong> {
        self.read(MultiGzDecoder::new(bytes))
    }

    /// Takes zlib off (RFC 1950). Returns `None` if the bytes are damaged or do not begin as it does:
    /// with the method deflate, and two bytes that are divisible by 31.
    pub(super) fn unzlibbed(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, TooLong> {
        let head = bytes.first_chunk().copied().map(u16::from_be_bytes);
        if head.is_some_and(|head| head >> 8 == 0x78 && head.is_multiple_of(31)) {
            self.read(ZlibDecoder::new(bytes))
        } else {
            Ok(None)
        }
    }

    /// Returns everything that a decoder gives, which takes up room even if the bytes are damaged.
    fn read(&mut self, decoder: impl Read) -> Result<Option<Vec<u8>>, TooLong> {
        let mut bytes = Vec::new();
        let outcome = decoder.take(self.0 + 1).read_to_end(&mut bytes);
        let left = self.0.checked_sub(bytes.len() as u64);
        self.0 = left.unwrap_or_default();
        match left {
            Some(_) => Ok(outcome.ok().map(|_| bytes)),
            None => Err(TooLong),
        }
    }
}

/// The first bytes of gzip.
pub(super) const GZIP: &[u8] = b"\x1f\x8b";

/// Everything that a decoder gives, if that is not too much.
fn read(decoder: impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    decoder
        .take(INFLATED_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    (bytes.len() as u64 <= INFLATED_BYTES_MAX).then_some(bytes)
}

/// Text in UTF-16 or UTF-32, known by its byte order mark or by where its first zero bytes are.
pub(super) fn wide_text(bytes: &[u8]) -> Option<String> {
    let start: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    match start {
        [0xff, 0xfe, 0, 0] => utf32(&bytes[4..], u32::from_le_bytes),
        [0, 0, 0xfe, 0xff] => utf32(&bytes[4..], u32::from_be_bytes),
        [0xff, 0xfe, ..] => utf16(&bytes[2..], u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(&bytes[2..], u16::from_be_bytes),
        [1..=255, 0, 0, 0] => utf32(bytes, u32::from_le_bytes),
        [0, 0, 0, 1..=255] => utf32(bytes, u32::from_be_bytes),
        [1..=255, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, 1..=255, ..] => utf16(bytes, u16::from_be_bytes),
        _ => None,
    }
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let units = units.iter().map(|unit| read(*unit));
    let text: String = char::decode_utf16(units).collect::<Result<_, _>>().ok()?;
    rest.is_empty().then_some(text)
}

fn utf32(bytes: &[u8], read: fn([u8; 4]) -> u32) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<4>();
    let text = units.iter().map(|unit| char::from_u32(read(*unit)));
    let text: String = text.collect::<Option<_>>()?;
    rest.is_empty().then_some(text)
}

/// Bytes that are text but for a few, as a lenient server would read them.
pub(super) fn mostly_text(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let strange = text.chars().filter(|c| is_strange(*c)).count();
    (strange * STRANGE_SHARE <= text.len()).then(|| text.into_owned())
}

/// Returns the text in bytes that are not entirely text. If other bytes appear in few places, each place
/// becomes one replacement character. Otherwise the longer runs of text become lines. Returns `None` if
/// there is no text.
pub(super) fn text_within(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let runs = || text.split(is_strange).filter(|run| !run.is_empty());
    let (count, length) = runs().fold((0, 0), |(count, length), run| {
        (count + 1, length + run.len())
    });
    let found = if count <= PLACES_MIN + length / STRANGE_SHARE {
        let mut runs = runs();
        let mut found = runs.next().unwrap_or_default().to_owned();
        for run in runs {
            found.push(char::REPLACEMENT_CHARACTER);
            found.push_str(run);
        }
        found
    } else {
        let runs = runs().filter(|run| run.len() >= RUN_BYTES_MIN);
        runs.collect::<Vec<_>>().join("\n")
    };
    (!found.is_empty()).then_some(found)
}

/// Text in Windows-1252, which ISO 8859-1 is mostly read as; `None` where too much of it is not in
/// ASCII, or is not text in either.
pub(super) fn western_text(bytes: &[u8]) -> Option<String> {
    // The characters of 0x80 to 0x9f in Windows-1252, five of which are unassigned.
    const UPPER: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0',
        '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    let decoded = |byte: &u8| match byte {
        0x80..=0x9f => UPPER[usize::from(byte - 0x80)],
        byte => char::from(*byte),
    };
    let strange = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    if strange * WESTERN_SHARE > bytes.len() {
        return None;
    }
    let text: String = bytes.iter().map(decoded).collect();
    (!text.contains(is_strange)).then_some(text)
}

/// Whether a character is not expected in text. A byte order mark has no place within one.
pub(super) fn is_strange(c: char) -> bool {
    matches!(c, char::REPLACEMENT_CHARACTER | '\u{feff}')
        || c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_text_is_read_with_and_without_a_mark() {
        let text = "{\"a\": \"\u{1f600}\"}";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let wide: Vec<u8> = text
            .chars()
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect();
        for bytes in [
            &le,
            &be,
            &wide,
            &[&[0xff, 0xfe][..], &le].concat(),
            &[&[0xfe, 0xff][..], &be].concat(),
        ] {
            assert_eq!(wide_text(bytes).as_deref(), Some(text));
        }
        for bytes in [
            &b"plain"[..],
            b"\x89PNG",
            b"\0\0\x01\0",
            b"a\0b",
            &le[..le.len() - 1],
        ] {
            assert_eq!(wide_text(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_few_strange_bytes_leave_text_readable() {
        assert!(mostly_text(b"{\"role\": \"admin\", \"x\": \"\xff\"}").is_some());
        assert!(mostly_text(b"PK\x03\x04\xff\xfe\x00").is_none());
        let many = [b"{\"role\": \"admin\", \"x\": \"", &[0xff; 999][..], b"\"}"].concat();
        assert!(mostly_text(&many).is_none());
        let text = text_within(&many);
        assert_eq!(
            text.as_deref(),
            Some("{\"role\": \"admin\", \"x\": \"\u{fffd}\"}")
        );
        let between = b"ab\0cd\xff\xferole=admin\0\x01e\0f";
        assert_eq!(text_within(between).as_deref(), Some("role=admin"));
        assert_eq!(text_within(b"\0\x01\xff"), None);
    }
}

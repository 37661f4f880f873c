//! Multipart bodies (RFC 2046, RFC 7578), read as a lenient server would read them.

use super::base64::{Decoded, decoded};
use super::encoding::{self, InflationRoom};
use super::media;

/// The most parts that are read. A body with more is not taken apart, so that no part of it is skipped unnoticed.
const PARTS_MAX: usize = 1000;

#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) filename: Option<&'a str>,
    /// Its media type, with parameters.
    pub(super) content_type: Option<&'a str>,
    /// How its bytes are written in ASCII (RFC 2045).
    pub(super) transfer_encoding: Option<&'a str>,
    pub(super) content: &'a [u8],
}

/// The parts; `None` where there is no boundary, no end, or too many of them.
pub(super) fn split<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let delimiter = format!("--{boundary}");
    if boundary.is_empty() || !body.starts_with(delimiter.as_bytes()) {
        return None;
    }
    let finder = memchr::memmem::Finder::new(delimiter.as_bytes());
    let mut parts = Vec::new();
    let mut rest = &body[delimiter.len()..];
    loop {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        if parts.len() == PARTS_MAX {
            return None;
        }
        let end = finder.find(rest)?;
        parts.push(Part::read(&rest[..end]));
        rest = &rest[end + delimiter.len()..];
    }
}

/// Returns the boundary of a text that is a multipart body by its first line and the heads of its
/// parts.
pub(super) fn boundary_of(text: &str) -> Option<&str> {
    let boundary = text.lines().next()?.strip_prefix("--")?.trim_end();
    let parts = split(text.as_bytes(), boundary)?;
    let has_head = |part: &Part<'_>| {
        part.name.is_some() || part.content_type.is_some() || part.request_line().is_some()
    };
    parts.iter().any(has_head).then_some(boundary)
}

impl<'a> Part<'a> {
    /// Reads a part: its head, an empty line, and its content.
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        let bytes = strip_line_end(bytes);
        let (head, content) = split_head(bytes);
        let content = content
            .strip_suffix(b"\r\n")
            .or_else(|| content.strip_suffix(b"\n"))
            .unwrap_or(content);
        let head = std::str::from_utf8(head).unwrap_or_default();
        let header = |wanted: &str| {
            head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_wanted = name.trim().eq_ignore_ascii_case(wanted);
                is_wanted.then(|| value.trim())
            })
        };
        let disposition = header("content-disposition");
        let parameter = |name: &str| disposition.and_then(|value| parameter(value, name));
        Self {
            name: parameter("name"),
            filename: parameter("filename").or_else(|| parameter("filename*")),
            content_type: header("content-type"),
            transfer_encoding: header("content-transfer-encoding"),
            content,
        }
    }

    /// Its media type in lower case, without parameters; empty for none.
    fn essence(&self) -> String {
        let essence = self.content_type.unwrap_or_default().split(';').next();
        essence.unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether this is a file of something to be seen or heard, by its type and its first bytes.
    pub(super) fn is_medium(&self) -> bool {
        let fits = match self.essence().as_str() {
            "" | "application/octet-stream" => media::begins_as_any(self.content),
            essence => media::begins_as(essence, self.content),
        };
        self.filename.is_some() && fits
    }

    /// Whether this is a file whose text may be in a character set of Western Europe.
    pub(super) fn may_be_western(&self) -> bool {
        let essence = self.essence();
        let is_text = essence.starts_with("text/")
            || matches!(essence.as_str(), "" | "application/octet-stream");
        let charset = self
            .content_type
            .and_then(|value| parameter(value, "charset"));
        self.filename.is_some()
            && is_text
            && charset.is_none_or(|charset| {
                ["iso-8859-1", "latin1", "windows-1252", "cp1252"]
                    .iter()
                    .any(|known| charset.eq_ignore_ascii_case(known))
            })
    }

    /// Returns the content after removing the transfer encoding, or `None` if there is no transfer
    /// encoding or no text.
    pub(super) fn decoded(&self, room: &mut InflationRoom) -> Option<Decoded> {
        let encoding = self.transfer_encoding?;
        if encoding.eq_ignore_ascii_case("quoted-printable") {
            return encoding::text_within(&unquoted_printable(self.content)).map(Decoded::Text);
        }
        if encoding.eq_ignore_ascii_case("base64") {
            return decoded(std::str::from_utf8(self.content).ok()?, room);
        }
        None
    }

    /// The method and target, if the part is itself an HTTP request.
    pub(super) fn request_line(&self) -> Option<(&'a str, &'a str)> {
        let line = self.content.split(|byte| *byte == b'\n').next()?;
        let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        version.starts_with("HTTP/").then_some((method, target))
    }
}

/// Takes quoted-printable (RFC 2045, section 6.7) off; what is malformed stays as it is.
pub(super) fn unquoted_printable(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        let digits = behind.get(..2).unwrap_or_default();
        let quoted = std::str::from_utf8(digits)
            .ok()
            // The parser of numbers accepts a sign as well.
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, quoted) {
            (b'=', Some(value)) => {
                bytes.push(value);
                rest = &behind[2..];
            }
            (b'=', None) if behind.starts_with(b"\r\n") => rest = &behind[2..],
            (b'=', None) if behind.starts_with(b"\n") => rest = &behind[1..],
            _ => bytes.push(*byte),
        }
    }
    bytes
}

fn strip_line_end(bytes: &[u8]) -> &[u8] {
    bytes
        .strip_prefix(b"\r\n")
        .or_else(|| bytes.strip_prefix(b"\n"))
        .unwrap_or(bytes)
}

/// Splits at the first empty line.
fn split_head(bytes: &[u8]) -> (&[u8], &[u8]) {
    for (gap, length) in [(&b"\r\n\r\n"[..], 4), (b"\n\n", 2)] {
        if let Some(at) = memchr::memmem::find(bytes, gap) {
            return (&bytes[..at], &bytes[at + length..]);
        }
    }
    (&[], bytes)
}

fn parameter<'a>(value: &'a str, wanted: &str) -> Option<&'a str> {
    value.split(';').skip(1).find_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case(wanted)
            .then(|| value.trim().trim_matches('"'))
    })
}

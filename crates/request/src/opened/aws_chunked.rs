//! Bodies in chunks of the framing that clients of AWS use inside HTTP (`aws-chunked`): each chunk has a line with its
//! length and perhaps its signature, and the last one, which is empty, may be followed by trailers.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// The name of the framing in `Content-Encoding`.
const CODING: &[u8] = b"aws-chunked";

/// A header that names the framing by the beginning of its value, and one with the length of the payload.
const CONTENT_SHA256: &str = "x-amz-content-sha256";
const STREAMING: &[u8] = b"STREAMING-";
const DECODED_LENGTH: &str = "x-amz-decoded-content-length";

/// The signature, which may follow the length of a chunk, and how many hexadecimal digits it has.
const SIGNATURE: &[u8] = b"chunk-signature=";
const SIGNATURE_DIGITS: usize = 64;

/// The most digits of a chunk's length: as much as any body can have.
const LENGTH_DIGITS_MAX: usize = 8;

/// A body, as far as this framing goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unframed {
    /// The headers do not name the framing.
    Plain,
    /// The payload of the chunks.
    Payload(Vec<u8>),
    /// The chunks could be read in two ways.
    Damaged,
}

/// Takes the framing off a body.
pub(crate) fn unframe(headers: &HeaderMap, body: &[u8]) -> Unframed {
    let is_streaming = |value: &http::HeaderValue| value.as_bytes().starts_with(STREAMING);
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    let is_framed = encodings.any(|value| without_framing(value.as_bytes()).is_some())
        || headers.get_all(CONTENT_SHA256).iter().any(is_streaming);
    if !is_framed {
        return Unframed::Plain;
    }
    let Some(payload) = joined(body) else {
        return Unframed::Damaged;
    };
    let mut lengths = headers.get_all(DECODED_LENGTH).iter();
    let is_stated = |value: &http::HeaderValue| {
        let length = value.to_str().ok().and_then(|it| it.parse().ok());
        length == Some(payload.len())
    };
    if lengths.all(is_stated) {
        Unframed::Payload(payload)
    } else {
        Unframed::Damaged
    }
}

/// Returns the other codings in a value of `Content-Encoding`, or `None` if the framing is not the first or the last
/// of them.
pub(super) fn without_framing(value: &[u8]) -> Option<&[u8]> {
    let is_framing = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(CODING);
    let comma = |byte: &u8| *byte == b',';
    if is_framing(value) {
        return Some(b"");
    }
    let first = value.iter().position(comma)?;
    let last = value.iter().rposition(comma)?;
    if is_framing(&value[..first]) {
        Some(value[first + 1..].trim_ascii())
    } else if is_framing(&value[last + 1..]) {
        Some(value[..last].trim_ascii())
    } else {
        None
    }
}

/// Joins the chunks. Nothing but what clients write is accepted, because servers may read anything else in two ways.
fn joined(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut payload = Vec::with_capacity(body.len());
    loop {
        let (line, rest) = split_line(body)?;
        let length = length(line)?;
        if length == 0 {
            return are_trailers(rest).then_some(payload);
        }
        let (chunk, rest) = rest.split_at_checked(length)?;
        payload.extend_from_slice(chunk);
        body = rest.strip_prefix(b"\r\n")?;
    }
}

/// Returns the length in the line of a chunk.
fn length(line: &[u8]) -> Option<usize> {
    let mut parts = line.splitn(2, |byte| *byte == b';');
    let digits = parts.next()?;
    if let Some(extension) = parts.next() {
        let signature = extension.strip_prefix(SIGNATURE)?;
        if signature.len() != SIGNATURE_DIGITS || !signature.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
    }
    let is_number =
        (1..=LENGTH_DIGITS_MAX).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    usize::from_str_radix(digits, 16).ok()
}

/// Whether lines with a name and a value follow, and then an empty line at the end.
fn are_trailers(mut rest: &[u8]) -> bool {
    while let Some((line, after)) = split_line(rest) {
        if line.is_empty() {
            return after.is_empty();
        }
        if !line.contains(&b':') {
            return false;
        }
        rest = after;
    }
    // Some clients leave the empty line out.
    rest.is_empty()
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(2).position(|two| two == b"\r\n")?;
    Some((&bytes[..end], &bytes[end + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let fields = fields.iter();
        fields
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect::<HeaderMap>()
    }

    const FRAMED: &[u8] = b"4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";

    #[test]
    fn the_payload_of_chunks_with_and_without_signatures_is_joined() {
        let payload_of = |body: &[u8]| {
            let headers = headers(&[("content-encoding", "aws-chunked")]);
            unframe(&headers, body)
        };
        let payload = |text: &[u8]| Unframed::Payload(text.to_vec());
        assert_eq!(payload_of(FRAMED), payload(b"{\"a\":1}"));
        let signature = "0a".repeat(32);
        let signed = format!(
            "7;chunk-signature={signature}\r\n{{\"a\":1}}\r\n0;chunk-signature={signature}\r\n\r\n"
        );
        assert_eq!(payload_of(signed.as_bytes()), payload(b"{\"a\":1}"));
        assert_eq!(payload_of(b"0\r\n\r\n"), payload(b""));
    }

    #[test]
    fn anything_that_could_be_read_in_two_ways_is_damaged() {
        let headers = headers(&[("content-encoding", "aws-chunked")]);
        for damaged in [
            &b""[..],
            b"{\"a\":1}",
            b"7\r\n{\"a\":1}\r\n",
            b"8\r\n{\"a\":1}\r\n0\r\n\r\n",
            b"7\n{\"a\":1}\r\n0\r\n\r\n",
            b"+7\r\n{\"a\":1}\r\n0\r\n\r\n",
            b"000000007\r\n{\"a\":1}\r\n0\r\n\r\n",
            b"7;x=&amount=1\r\n{\"a\":1}\r\n0\r\n\r\n",
            b"7;chunk-signature=0a\r\n{\"a\":1}\r\n0\r\n\r\n",
            b"7\r\n{\"a\":1}\r\n0\r\n\r\nmore",
            b"7\r\n{\"a\":1}\r\n0\r\nno trailer\r\n\r\n",
            b"7\r\n{\"a\":1}\r\n0\r\nx:y",
        ] {
            let shown = String::from_utf8_lossy(damaged);
            assert_eq!(unframe(&headers, damaged), Unframed::Damaged, "{shown}");
        }
    }

    #[test]
    fn the_framing_is_named_by_either_header_and_has_the_stated_length() {
        for (fields, is_framed) in [
            (&[("content-encoding", "AWS-Chunked")][..], true),
            (&[("content-encoding", "aws-chunked, gzip")], true),
            (&[("content-encoding", "gzip,aws-chunked")], true),
            (
                &[("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")],
                true,
            ),
            (&[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")], false),
            (&[("content-encoding", "gzip")], false),
            (&[], false),
        ] {
            assert_eq!(
                unframe(&headers(fields), FRAMED) != Unframed::Plain,
                is_framed,
                "{fields:?}"
            );
        }
        for (length, is_right) in [("7", true), ("8", false), ("seven", false)] {
            let length = headers(&[
                ("content-encoding", "aws-chunked"),
                ("x-amz-decoded-content-length", length),
            ]);
            let unframed = unframe(&length, FRAMED);
            let is_payload = matches!(unframed, Unframed::Payload(_));
            assert_eq!(is_payload, is_right, "{length:?}");
        }
    }
}

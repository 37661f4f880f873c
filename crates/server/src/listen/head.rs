//! Reading a request head strictly: one meaning or none. Pure; it looks at bytes and answers how the
//! body is framed.

use http::Uri;
use http::uri::Authority;

use super::HeadError;
use super::field::{is_name_byte, is_value_byte};
use super::limits::HEAD_FIELDS_MAX;

/// How long a target is; hyper's own limit.
const TARGET_BYTES_MAX: usize = u16::MAX as usize - 1;
/// Nineteen digits always fit into 64 bits.
const CONTENT_LENGTH_DIGITS_MAX: usize = 19;

/// What follows the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// Nothing, until it is known whether another protocol follows.
    Upgrade,
}

/// Checks a whole head, from the first byte of the request line to the empty line that ends it.
/// The caller has seen to it that every LF follows a CR.
pub(super) fn check(head: &[u8]) -> Result<Framing, HeadError> {
    let mut lines = Lines(head);
    let request_line = RequestLine::parse(lines.next().ok_or(HeadError::RequestLine)?)?;
    let mut fields = Fields::default();
    let mut count = 0;
    for line in lines {
        if line.is_empty() {
            break;
        }
        count += 1;
        if count > HEAD_FIELDS_MAX {
            return Err(HeadError::TooManyFields);
        }
        fields.take(line)?;
    }
    fields.check_host(&request_line)?;
    fields.framing(request_line.is_http_11)
}

struct RequestLine<'a> {
    target: Target<'a>,
    is_http_11: bool,
}

enum Target<'a> {
    /// A path, or `*`.
    Origin,
    /// A whole URL with this authority and default port.
    Absolute {
        authority: &'a str,
        default_port: u16,
    },
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, HeadError> {
        let mut parts = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(HeadError::RequestLine);
        };
        if method.is_empty() || !method.iter().all(|byte| is_name_byte(*byte)) {
            return Err(HeadError::RequestLine);
        }
        let is_http_11 = match version {
            b"HTTP/1.1" => true,
            b"HTTP/1.0" => false,
            _ if version.starts_with(b"HTTP/") => return Err(HeadError::Version),
            _ => return Err(HeadError::RequestLine),
        };
        if method == b"CONNECT" {
            return Err(HeadError::Connect);
        }
        Ok(Self {
            target: Target::parse(method, target)?,
            is_http_11,
        })
    }
}

impl<'a> Target<'a> {
    fn parse(method: &[u8], target: &'a [u8]) -> Result<Self, HeadError> {
        if target.len() > TARGET_BYTES_MAX || !target.iter().all(u8::is_ascii_graphic) {
            return Err(HeadError::Target);
        }
        let text = str::from_utf8(target).map_err(|_| HeadError::Target)?;
        // A fragment is for the client alone, and parsers differ in what they do with one.
        if text.contains('#') {
            return Err(HeadError::Target);
        }
        // Hyper parses it with the same parser and would close the connection without a word.
        let uri = text.parse::<Uri>().map_err(|_| HeadError::Target)?;
        if text.starts_with('/') {
            return Ok(Self::Origin);
        }
        if text == "*" {
            return if method == b"OPTIONS" {
                Ok(Self::Origin)
            } else {
                Err(HeadError::Target)
            };
        }
        let default_port = match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(HeadError::Target),
        };
        let (_, rest) = text.split_once("://").ok_or(HeadError::Target)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let authority = &rest[..end];
        if authority.contains('@') || authority.parse::<Authority>().is_err() {
            return Err(HeadError::Target);
        }
        Ok(Self::Absolute {
            authority,
            default_port,
        })
    }
}

/// The fields that framing and routing hang on.
#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a [u8]>,
    content_length: Option<u64>,
    is_chunked: bool,
    asks_for_upgrade: bool,
}

impl<'a> Fields<'a> {
    fn take(&mut self, line: &'a [u8]) -> Result<(), HeadError> {
        if matches!(line[0], b' ' | b'\t') {
            return Err(HeadError::Folded);
        }
        let colon = line
            .iter()
            .position(|byte| !is_name_byte(*byte))
            .filter(|end| *end > 0 && line[*end] == b':')
            .ok_or(HeadError::FieldName)?;
        let name = &line[..colon];
        let value = &line[colon + 1..];
        if !value.iter().all(|byte| is_value_byte(*byte)) {
            return Err(HeadError::FieldValue);
        }
        // Only after the check, since more counts as white space here than HTTP allows.
        let value = value.trim_ascii();
        // The lengths differ, so that most names are told apart without a comparison.
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                set_once(&mut self.host, value, HeadError::HostCount)?;
            }
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.asks_for_upgrade = true,
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = content_length(value).ok_or(HeadError::ContentLength)?;
                set_once(
                    &mut self.content_length,
                    length,
                    HeadError::ContentLengthCount,
                )?;
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(HeadError::TransferEncoding);
                }
                self.is_chunked = true;
            }
            // Some servers take an underscore for a hyphen; a name that might be one of these to
            // them and is not to us has no honest use.
            14 | 17
                if name.contains(&b'_')
                    && (same_but_hyphens(name, b"content-length")
                        || same_but_hyphens(name, b"transfer-encoding")) =>
            {
                return Err(HeadError::FieldName);
            }
            _ => {}
        }
        Ok(())
    }

    fn check_host(&self, request_line: &RequestLine<'_>) -> Result<(), HeadError> {
        let Some(host) = self.host else {
            return if request_line.is_http_11 {
                Err(HeadError::HostCount)
            } else {
                Ok(())
            };
        };
        let host = str::from_utf8(host)
            .ok()
            .filter(|host| !host.contains('@'))
            .ok_or(HeadError::Host)?;
        let port = split_port(host).ok_or(HeadError::Host)?;
        if host.parse::<Authority>().is_err() {
            return Err(HeadError::Host);
        }
        if let Target::Absolute {
            authority,
            default_port,
        } = request_line.target
        {
            let target = split_port(authority).ok_or(HeadError::Target)?;
            let same = target.0.eq_ignore_ascii_case(port.0)
                && target.1.unwrap_or(default_port) == port.1.unwrap_or(default_port);
            if !same {
                return Err(HeadError::AuthorityDiffers);
            }
        }
        Ok(())
    }

    fn framing(&self, is_http_11: bool) -> Result<Framing, HeadError> {
        match (self.is_chunked, self.content_length) {
            (true, Some(_)) => Err(HeadError::LengthAndEncoding),
            (true, None) if !is_http_11 => Err(HeadError::TransferEncoding),
            (true, None) => Ok(Framing::Chunked),
            (false, None | Some(0)) if self.asks_for_upgrade && is_http_11 => Ok(Framing::Upgrade),
            (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }
}

fn set_once<T>(place: &mut Option<T>, value: T, error: HeadError) -> Result<(), HeadError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(error),
    }
}

/// Splits `host:port`; none if either is malformed.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end_of_host = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at(end_of_host);
    if host.is_empty() {
        return None;
    }
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Some((host, None)),
        Some("") => Some((host, None)),
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((host, Some(port.parse().ok()?)))
        }
        _ => None,
    }
}

fn content_length(value: &[u8]) -> Option<u64> {
    let valid = (1..=CONTENT_LENGTH_DIGITS_MAX).contains(&value.len())
        && value.iter().all(u8::is_ascii_digit);
    valid
        .then(|| str::from_utf8(value).ok()?.parse().ok())
        .flatten()
}

fn same_but_hyphens(name: &[u8], hyphenated: &[u8]) -> bool {
    name.len() == hyphenated.len()
        && name.iter().zip(hyphenated).all(|(left, right)| {
            left.eq_ignore_ascii_case(right) || (*left == b'_' && *right == b'-')
        })
}

/// Lines without their CR LF.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(b'\n', self.0)?;
        let line = self.0[..end].strip_suffix(b"\r").unwrap_or(&self.0[..end]);
        self.0 = &self.0[end + 1..];
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(head: &str) -> Result<Framing, HeadError> {
        check(head.replace('\n', "\r\n").as_bytes())
    }

    #[test]
    fn plain_heads_are_taken() {
        for (head, framing) in [
            ("GET / HTTP/1.1\nHost: a\n\n", Framing::Length(0)),
            ("GET /a?b=c HTTP/1.0\n\n", Framing::Length(0)),
            ("OPTIONS * HTTP/1.1\nHost: a:80\n\n", Framing::Length(0)),
            (
                "GET http://A/x HTTP/1.1\nhost: a:80\n\n",
                Framing::Length(0),
            ),
            ("GET / HTTP/1.1\nHost: [::1]:3000\n\n", Framing::Length(0)),
            (
                "POST / HTTP/1.1\nHost: a\ncontent-length:  12 \n\n",
                Framing::Length(12),
            ),
            (
                "POST / HTTP/1.1\nHost: a\nTRANSFER-ENCODING: Chunked\n\n",
                Framing::Chunked,
            ),
            ("GET / HTTP/1.1\nHost: a\nX-Empty:\n\n", Framing::Length(0)),
        ] {
            assert_eq!(checked(head), Ok(framing), "{head}");
        }
    }

    #[test]
    fn odd_heads_are_refused_for_their_reason() {
        for (head, error) in [
            ("GET /\n\n", HeadError::RequestLine),
            ("GET  / HTTP/1.1\nHost: a\n\n", HeadError::RequestLine),
            ("GET / HTTP/1.1 \nHost: a\n\n", HeadError::RequestLine),
            ("G(T / HTTP/1.1\nHost: a\n\n", HeadError::RequestLine),
            ("GET / HTTP/2.0\nHost: a\n\n", HeadError::Version),
            ("GET / HTTP/1.2\nHost: a\n\n", HeadError::Version),
            (
                "CONNECT a:443 HTTP/1.1\nHost: a:443\n\n",
                HeadError::Connect,
            ),
            ("GET a HTTP/1.1\nHost: a\n\n", HeadError::Target),
            ("GET * HTTP/1.1\nHost: a\n\n", HeadError::Target),
            ("GET /a#b HTTP/1.1\nHost: a\n\n", HeadError::Target),
            ("GET /\u{e9} HTTP/1.1\nHost: a\n\n", HeadError::Target),
            ("GET ftp://a/ HTTP/1.1\nHost: a\n\n", HeadError::Target),
            ("GET http://u@a/ HTTP/1.1\nHost: a\n\n", HeadError::Target),
            ("GET / HTTP/1.1\n\n", HeadError::HostCount),
            ("GET / HTTP/1.1\nHost: a\nHost: a\n\n", HeadError::HostCount),
            ("GET / HTTP/1.1\nHost: a b\n\n", HeadError::Host),
            ("GET / HTTP/1.1\nHost: u@a\n\n", HeadError::Host),
            ("GET / HTTP/1.1\nHost: a/b\n\n", HeadError::Host),
            ("GET / HTTP/1.1\nHost: a:b\n\n", HeadError::Host),
            ("GET / HTTP/1.1\nHost:\n\n", HeadError::Host),
            (
                "GET http://a/ HTTP/1.1\nHost: b\n\n",
                HeadError::AuthorityDiffers,
            ),
            (
                "GET http://a:81/ HTTP/1.1\nHost: a\n\n",
                HeadError::AuthorityDiffers,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 1\n\n",
                HeadError::ContentLengthCount,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nContent-Length: 1, 1\n\n",
                HeadError::ContentLength,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nContent-Length: +1\n\n",
                HeadError::ContentLength,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nContent-Length: 0x1\n\n",
                HeadError::ContentLength,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nContent-Length:\n\n",
                HeadError::ContentLength,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nContent-Length: 99999999999999999999\n\n",
                HeadError::ContentLength,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nContent-Length: 1\n\n",
                HeadError::LengthAndEncoding,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nContent-Length: 1\nTransfer-Encoding: chunked\n\n",
                HeadError::LengthAndEncoding,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: gzip, chunked\n\n",
                HeadError::TransferEncoding,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n",
                HeadError::TransferEncoding,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: xchunked\n\n",
                HeadError::TransferEncoding,
            ),
            (
                "POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n",
                HeadError::TransferEncoding,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nTransfer_Encoding: chunked\n\n",
                HeadError::FieldName,
            ),
            (
                "POST / HTTP/1.1\nHost: a\nContent-Length : 1\n\n",
                HeadError::FieldName,
            ),
            ("GET / HTTP/1.1\nHost: a\n: x\n\n", HeadError::FieldName),
            ("GET / HTTP/1.1\nHost: a\nnocolon\n\n", HeadError::FieldName),
            ("GET / HTTP/1.1\nHost: a\nX: a\n b\n\n", HeadError::Folded),
            ("GET / HTTP/1.1\n Host: a\n\n", HeadError::Folded),
            (
                "GET / HTTP/1.1\nHost: a\nX: a\0b\n\n",
                HeadError::FieldValue,
            ),
            (
                "GET / HTTP/1.1\nHost: a\nX: a\rb\n\n",
                HeadError::FieldValue,
            ),
        ] {
            assert_eq!(checked(head), Err(error), "{head:?}");
        }
    }

    #[test]
    fn fields_are_counted() {
        let head = |count| {
            let fields = "X: y\n".repeat(count - 1);
            checked(&format!("GET / HTTP/1.1\nHost: a\n{fields}\n"))
        };
        assert_eq!(head(HEAD_FIELDS_MAX), Ok(Framing::Length(0)));
        assert_eq!(head(HEAD_FIELDS_MAX + 1), Err(HeadError::TooManyFields));
    }
}

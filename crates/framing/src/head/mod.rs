//! Parses a request head strictly: either it has exactly one meaning, or it is rejected.

use http::Uri;
use http::uri::Authority;

use super::field::{is_name_byte, is_value_byte};
use super::{FramingError, HEAD_BYTES_MAX, HEAD_FIELDS_MAX};

/// The length limit of a target, in bytes, which is hyper's own limit.
const TARGET_BYTES_MAX: usize = u16::MAX as usize - 1;
/// Nineteen decimal digits always fit into 64 bits.
const CONTENT_LENGTH_DIGITS_MAX: usize = 19;

/// The framing of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// A body of this many bytes.
    Length(u64),
    /// A chunked body.
    Chunked,
    /// No body, until it is known whether another protocol follows.
    Upgrade,
}

/// The kind of server that requests are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// A server that responds itself. CONNECT is rejected.
    #[default]
    Origin,
    /// A forward proxy, which also opens tunnels (RFC 9110, section 9.3.6).
    Proxy,
}

/// Finds the end of a head while its bytes arrive.
#[derive(Debug, Default)]
pub struct HeadScan {
    scanned: usize,
    line_start: usize,
    has_request_line: bool,
    may_skip_line_end: bool,
}

impl HeadScan {
    /// Starts after the body of an earlier request on the same connection. [`HeadScan::default`]
    /// starts at the beginning of a connection.
    pub fn after_request() -> Self {
        Self {
            may_skip_line_end: true,
            ..Self::default()
        }
    }

    /// Returns how many bytes at the start of `input` belong to no request; the caller removes them.
    /// Some clients send an extra line end after a body. One such line end is skipped (RFC 9112,
    /// section 2.2), whether or not its bytes arrive together.
    pub fn skip(&mut self, input: &[u8]) -> usize {
        if self.may_skip_line_end && !self.has_request_line && input.starts_with(b"\r\n") {
            *self = Self::default();
            2
        } else {
            0
        }
    }

    /// Scans `input`, which starts with the head and only grows between calls. Returns the offset after
    /// the head's empty line, and the framing of its body; `None` if the head is incomplete. A line end
    /// without CR is rejected as soon as it arrives.
    ///
    /// # Errors
    ///
    /// Every reason for which a head is rejected.
    pub fn scan(
        &mut self,
        input: &[u8],
        role: Role,
    ) -> Result<Option<(usize, Framing)>, FramingError> {
        match self.end(input)? {
            None if input.len() > HEAD_BYTES_MAX => Err(FramingError::TooLong),
            None => Ok(None),
            Some(end) if end > HEAD_BYTES_MAX => Err(FramingError::TooLong),
            Some(end) => Ok(Some((end, check(&input[..end], role)?))),
        }
    }

    fn end(&mut self, input: &[u8]) -> Result<Option<usize>, FramingError> {
        while let Some(step) = memchr::memchr(b'\n', &input[self.scanned..]) {
            let line_feed = self.scanned + step;
            if line_feed == self.line_start || input[line_feed - 1] != b'\r' {
                return Err(FramingError::LineEnd);
            }
            let is_empty = line_feed == self.line_start + 1;
            self.scanned = line_feed + 1;
            self.line_start = line_feed + 1;
            if !is_empty {
                self.has_request_line = true;
            } else if self.has_request_line {
                return Ok(Some(line_feed + 1));
            } else {
                return Err(FramingError::RequestLine);
            }
        }
        self.scanned = input.len();
        Ok(None)
    }
}

/// Checks a whole head, from the first byte of the request line to the empty line that ends it.
/// The caller ensures that every LF follows a CR.
fn check(head: &[u8], role: Role) -> Result<Framing, FramingError> {
    let mut lines = Lines(head);
    let request_line = lines.next().ok_or(FramingError::RequestLine)?;
    let request_line = RequestLine::parse(request_line, role)?;
    let mut fields = Fields::default();
    let mut count = 0;
    for line in lines {
        if line.is_empty() {
            break;
        }
        count += 1;
        if count > HEAD_FIELDS_MAX {
            return Err(FramingError::TooManyFields);
        }
        fields.take(line)?;
    }
    fields.check_host(&request_line)?;
    fields.framing(&request_line)
}

struct RequestLine<'a> {
    target: Target<'a>,
    is_http_11: bool,
}

enum Target<'a> {
    /// A path, or `*`.
    Origin,
    /// An absolute URL with this authority and default port.
    Absolute {
        authority: &'a str,
        default_port: u16,
    },
    /// The host and port that a tunnel leads to.
    Tunnel { authority: &'a str },
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8], role: Role) -> Result<Self, FramingError> {
        let mut parts = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(FramingError::RequestLine);
        };
        if method.is_empty() || !method.iter().all(|byte| is_name_byte(*byte)) {
            return Err(FramingError::RequestLine);
        }
        let is_http_11 = match version {
            b"HTTP/1.1" => true,
            b"HTTP/1.0" => false,
            _ if version.starts_with(b"HTTP/") => return Err(FramingError::Version),
            _ => return Err(FramingError::RequestLine),
        };
        let target = match (method, role) {
            (b"CONNECT", Role::Origin) => return Err(FramingError::Connect),
            (b"CONNECT", Role::Proxy) => Target::tunnel(target)?,
            _ => Target::parse(method, target)?,
        };
        Ok(Self { target, is_http_11 })
    }
}

impl<'a> Target<'a> {
    fn parse(method: &[u8], target: &'a [u8]) -> Result<Self, FramingError> {
        if target.len() > TARGET_BYTES_MAX || !target.iter().all(u8::is_ascii_graphic) {
            return Err(FramingError::Target);
        }
        let text = str::from_utf8(target).map_err(|_| FramingError::Target)?;
        // Only clients use a fragment, and parsers disagree on how to handle one in a request.
        if text.contains('#') {
            return Err(FramingError::Target);
        }
        // Hyper uses the same parser and would close the connection without a response.
        let uri = text.parse::<Uri>().map_err(|_| unencoded(text))?;
        if text.starts_with('/') {
            return Ok(Self::Origin);
        }
        if text == "*" {
            return if method == b"OPTIONS" {
                Ok(Self::Origin)
            } else {
                Err(FramingError::Target)
            };
        }
        let default_port = match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(FramingError::Target),
        };
        let (_, rest) = text.split_once("://").ok_or(FramingError::Target)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let authority = &rest[..end];
        if authority.contains('@') || authority.parse::<Authority>().is_err() {
            return Err(FramingError::Target);
        }
        Ok(Self::Absolute {
            authority,
            default_port,
        })
    }

    /// Parses the target of CONNECT: a host and a port, which is never omitted (RFC 9112, section 3.2.3).
    fn tunnel(target: &'a [u8]) -> Result<Self, FramingError> {
        let authority = str::from_utf8(target).map_err(|_| FramingError::Target)?;
        let is_valid = authority.len() <= TARGET_BYTES_MAX
            && !authority.contains('@')
            && authority.parse::<Authority>().is_ok()
            && split_port(authority).is_some_and(|(_, port)| port.is_some());
        if is_valid {
            Ok(Self::Tunnel { authority })
        } else {
            Err(FramingError::Target)
        }
    }

    /// Returns the authority, if there is one, and the port of an authority without one.
    fn authority(&self) -> Option<(&'a str, Option<u16>)> {
        match *self {
            Self::Origin => None,
            Self::Absolute {
                authority,
                default_port,
            } => Some((authority, Some(default_port))),
            Self::Tunnel { authority } => Some((authority, None)),
        }
    }
}

/// Returns the error for a target that the parser of URLs rejects. It names the character if it is one of those that
/// clients forget to encode.
fn unencoded(target: &str) -> FramingError {
    let path_bytes = target.find('?').unwrap_or(target.len());
    let is_rejected = |at: usize, c: char| match c {
        '"' | '<' | '>' => true,
        '`' => at < path_bytes,
        _ => false,
    };
    let mut characters = target.char_indices();
    let found = characters.find(|(at, c)| is_rejected(*at, *c));
    found.map_or(FramingError::Target, |(_, c)| FramingError::Unencoded(c))
}

/// The fields that determine framing and routing.
#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a [u8]>,
    content_length: Option<u64>,
    is_chunked: bool,
    asks_for_upgrade: bool,
}

impl<'a> Fields<'a> {
    fn take(&mut self, line: &'a [u8]) -> Result<(), FramingError> {
        if matches!(line[0], b' ' | b'\t') {
            return Err(FramingError::Folded);
        }
        let colon = line
            .iter()
            .position(|byte| !is_name_byte(*byte))
            .filter(|end| *end > 0 && line[*end] == b':')
            .ok_or(FramingError::FieldName)?;
        let name = &line[..colon];
        let value = &line[colon + 1..];
        if !value.iter().all(|byte| is_value_byte(*byte)) {
            return Err(FramingError::FieldValue);
        }
        // Trimming comes after the check, because it removes more than HTTP's white space.
        let value = value.trim_ascii();
        // The names differ in length, so that most fields need no comparison.
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                set_once(&mut self.host, value, FramingError::HostCount)?;
            }
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.asks_for_upgrade = true,
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = content_length(value).ok_or(FramingError::ContentLength)?;
                set_once(
                    &mut self.content_length,
                    length,
                    FramingError::ContentLengthCount,
                )?;
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(FramingError::TransferEncoding);
                }
                self.is_chunked = true;
            }
            // Some servers treat an underscore as a hyphen. A name that only they would read as one of
            // these fields has no legitimate use.
            14 | 17
                if name.contains(&b'_')
                    && (same_but_hyphens(name, b"content-length")
                        || same_but_hyphens(name, b"transfer-encoding")) =>
            {
                return Err(FramingError::FieldName);
            }
            _ => {}
        }
        Ok(())
    }

    fn check_host(&self, request_line: &RequestLine<'_>) -> Result<(), FramingError> {
        let Some(host) = self.host else {
            return if request_line.is_http_11 {
                Err(FramingError::HostCount)
            } else {
                Ok(())
            };
        };
        let host = str::from_utf8(host)
            .ok()
            .filter(|host| !host.contains('@'))
            .ok_or(FramingError::Host)?;
        let port = split_port(host).ok_or(FramingError::Host)?;
        if host.parse::<Authority>().is_err() {
            return Err(FramingError::Host);
        }
        if let Some((authority, default_port)) = request_line.target.authority() {
            let target = split_port(authority).ok_or(FramingError::Target)?;
            // Some clients omit the port of a tunnel in `Host`, although the target has one.
            let target_port = target.1.or(default_port);
            let same = target.0.eq_ignore_ascii_case(port.0)
                && target_port == port.1.or(default_port).or(target_port);
            if !same {
                return Err(FramingError::AuthorityDiffers);
            }
        }
        Ok(())
    }

    fn framing(&self, request_line: &RequestLine<'_>) -> Result<Framing, FramingError> {
        let is_http_11 = request_line.is_http_11;
        if let Target::Tunnel { .. } = request_line.target {
            let has_body = self.is_chunked || self.content_length.is_some_and(|length| length > 0);
            return if has_body {
                Err(FramingError::ConnectBody)
            } else {
                Ok(Framing::Upgrade)
            };
        }
        match (self.is_chunked, self.content_length) {
            (true, Some(_)) => Err(FramingError::LengthAndEncoding),
            (true, None) if !is_http_11 => Err(FramingError::TransferEncoding),
            (true, None) => Ok(Framing::Chunked),
            (false, None | Some(0)) if self.asks_for_upgrade && is_http_11 => Ok(Framing::Upgrade),
            (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }
}

fn set_once<T>(place: &mut Option<T>, value: T, error: FramingError) -> Result<(), FramingError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(error),
    }
}

/// Splits `host:port`; returns `None` if either is malformed.
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

/// The lines of a head, without their CR LF.
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
mod tests;

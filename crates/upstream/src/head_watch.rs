//! The head of a response while it arrives, before the HTTP library has parsed it.
//!
//! The library reports only that a head is unusable. Whether the upstream responded, and with which status,
//! decides what is known about the request, so the status line is read here as well.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use memchr::memchr;

/// The largest response head that is accepted, in bytes: as large as Chromium and curl accept at most. Common
/// servers send at most 64 KiB unless they are configured to send more.
pub(crate) const RESPONSE_HEAD_BYTES_MAX: usize = 256 * 1024;
/// The most fields of a response head. A long list of links or cookies has a few hundred.
pub(crate) const RESPONSE_FIELDS_MAX: usize = 1000;

/// How much of the beginning of a line is kept, in bytes: enough for a version with a status, for the longer
/// of the two names that decide the framing, and for the head of an HTTP/2 frame.
const LINE_BYTES_KEPT: usize = 24;

/// The length of the head of an HTTP/2 frame (RFC 9113, section 4.1).
const FRAME_HEAD_BYTES: usize = 9;
/// The types of the frames with which an HTTP/2 server begins: SETTINGS, or GOAWAY after a request that is not
/// HTTP/2.
const FRAME_TYPES: [u8; 2] = [0x4, 0x7];

/// Watches the bytes that arrive on a connection. Clones watch the same connection.
#[derive(Clone, Default)]
pub(crate) struct HeadWatch(Arc<Mutex<Head>>);

/// The part of a head that has arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Head {
    stage: Stage,
    line: Line,
    /// The status of the final response, once its whole status line has arrived.
    pub(crate) status: Option<StatusCode>,
    /// Whether any byte has arrived since the request began.
    pub(crate) has_begun: bool,
    /// Whether it begins like a connection of HTTP/2.
    pub(crate) is_http_2: bool,
    /// Whether a field that decides where the body ends holds bytes that no value may have. The library
    /// ignores such a field, so the body would end elsewhere.
    pub(crate) is_framing_damaged: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// No head is expected, or all of it that matters has arrived.
    #[default]
    Over,
    StatusLine,
    /// The fields after the status line, of an interim response (1xx) or of the final one.
    Fields {
        is_final: bool,
    },
}

/// The line that is arriving.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    beginning: [u8; LINE_BYTES_KEPT],
    /// How many bytes of the beginning have arrived.
    kept: usize,
    has_control: bool,
    /// Whether the field that the previous line belongs to decides the framing. A folded line continues it.
    continues_framing: bool,
}

impl HeadWatch {
    /// Expects the head of a response.
    pub(crate) fn begin(&self) {
        *self.lock() = Head {
            stage: Stage::StatusLine,
            ..Head::default()
        };
    }

    /// Notes bytes that have arrived.
    pub(crate) fn note(&self, bytes: &[u8]) {
        let mut head = self.lock();
        if head.stage != Stage::Over {
            head.note(bytes);
        }
    }

    /// Returns what has arrived so far.
    pub(crate) fn head(&self) -> Head {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Head> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Head {
    fn note(&mut self, mut bytes: &[u8]) {
        self.has_begun |= !bytes.is_empty();
        while self.stage != Stage::Over && !bytes.is_empty() {
            let end = memchr(b'\n', bytes);
            self.line.add(&bytes[..end.unwrap_or(bytes.len())]);
            if self.stage == Stage::StatusLine && self.line.is_frame() {
                self.is_http_2 = true;
                self.stage = Stage::Over;
            }
            let Some(end) = end else {
                return;
            };
            bytes = &bytes[end + 1..];
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let text = line.text();
        match self.stage {
            Stage::Over => {}
            // A server may send empty lines before the status line.
            Stage::StatusLine if text.is_empty() => {}
            Stage::StatusLine => {
                let status = status_of(text);
                self.stage = match status {
                    None => Stage::Over,
                    Some(status) => Stage::Fields {
                        is_final: !is_interim(status),
                    },
                };
                self.status = status.filter(|status| !is_interim(*status));
            }
            Stage::Fields { is_final } if text.is_empty() => {
                self.stage = if is_final {
                    Stage::Over
                } else {
                    Stage::StatusLine
                };
            }
            Stage::Fields { .. } => {
                let is_folded = matches!(text.first(), Some(b' ' | b'\t'));
                let is_framing = if is_folded {
                    line.continues_framing
                } else {
                    decides_framing(text)
                };
                self.is_framing_damaged |= is_framing && line.has_control;
                self.line.continues_framing = is_framing;
            }
        }
    }
}

impl Line {
    fn add(&mut self, bytes: &[u8]) {
        let room = &mut self.beginning[self.kept..];
        let added = room.len().min(bytes.len());
        room[..added].copy_from_slice(&bytes[..added]);
        self.kept += added;
        self.has_control |= bytes
            .iter()
            .any(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r'));
    }

    /// Returns the beginning of the line, without the carriage return of a short one.
    fn text(&self) -> &[u8] {
        let text = &self.beginning[..self.kept];
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    /// Returns whether it begins like the first frame of an HTTP/2 server, which belongs to stream 0 and is
    /// short.
    fn is_frame(&self) -> bool {
        self.kept >= FRAME_HEAD_BYTES
            && self.beginning[0] == 0
            && FRAME_TYPES.contains(&self.beginning[3])
            && self.beginning[5..FRAME_HEAD_BYTES] == [0; 4]
    }
}

/// Parses the beginning of a status line (RFC 9112, section 4).
fn status_of(line: &[u8]) -> Option<StatusCode> {
    let rest = line
        .strip_prefix(b"HTTP/1.1 ")
        .or_else(|| line.strip_prefix(b"HTTP/1.0 "))?;
    let (code, rest) = rest.split_at_checked(3)?;
    matches!(rest.first(), None | Some(b' '))
        .then(|| StatusCode::from_bytes(code).ok())
        .flatten()
}

/// Returns whether another response follows. A switch of protocols is the last one of HTTP.
fn is_interim(status: StatusCode) -> bool {
    status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS
}

/// Returns whether the field decides where the body ends.
fn decides_framing(line: &[u8]) -> bool {
    let name = memchr(b':', line).map_or(line, |colon| &line[..colon]);
    let name = name.trim_ascii_end();
    name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(bytes: &[u8]) -> Head {
        let watch = HeadWatch::default();
        watch.begin();
        watch.note(bytes);
        watch.head()
    }

    fn status(bytes: &str) -> Option<u16> {
        head(bytes.as_bytes()).status.map(|status| status.as_u16())
    }

    #[test]
    fn the_status_is_known_once_its_line_is_whole() {
        for (bytes, expected) in [
            ("", None),
            ("HTTP/1.1 200", None),
            ("HTTP/1.1 200 OK\r", None),
            ("HTTP/1.1 200 OK\r\n", Some(200)),
            ("HTTP/1.0 404\n", Some(404)),
            (
                "\r\nHTTP/1.1 503 Service Unavailable, and a long reason\r\nx: y",
                Some(503),
            ),
            ("HTTP/1.1 2000 OK\r\n", None),
            ("HTTP/1.1 099 OK\r\n", None),
            ("HTTP/2.0 200 OK\r\n", None),
            ("SSH-2.0-OpenSSH_9.2p1\r\n", None),
        ] {
            assert_eq!(status(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn the_status_of_an_interim_response_is_not_that_of_the_response() {
        let interim = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
        assert_eq!(status(interim), None);
        assert_eq!(
            status(&format!("{interim}HTTP/1.1 201 Created\r\n")),
            Some(201)
        );
        assert_eq!(status("HTTP/1.1 101 Switching Protocols\r\n"), Some(101));
    }

    #[test]
    fn the_body_is_not_searched() {
        let response = "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: \x01\r\n";
        assert_eq!(status(response), Some(200));
        assert!(!head(response.as_bytes()).is_framing_damaged);
    }

    #[test]
    fn a_server_of_http_2_is_recognized_by_its_first_frame() {
        for frame in [
            &b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64"[..],
            b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01",
        ] {
            assert!(head(frame).is_http_2);
            assert!(!head(&frame[..8]).is_http_2);
        }
        for other in [
            &b"\0\0\x12\x01\0\0\0\0\0"[..],
            b"HTTP/1.1 200 OK\r\n",
            b"\x16\x03\x01\x02\0",
        ] {
            assert!(!head(other).is_http_2, "{other:?}");
        }
    }

    #[test]
    fn a_control_character_damages_only_a_field_that_decides_the_framing() {
        for (field, is_damaged) in [
            ("content-length: 5\x01\r\n", true),
            ("Transfer-Encoding \t: chun\0ked\r\n", true),
            ("content-length: 5\r\n\t\x7f\r\n", true),
            ("content-length:\t5\r\n", false),
            ("x-content-length: \x01\r\n", false),
            ("content-length: 5\r\nx: \x01\r\n", false),
            ("x: y\r\n content-length: \x01\r\n", false),
        ] {
            let response = format!("HTTP/1.1 200 OK\r\n{field}\r\n");
            assert_eq!(
                head(response.as_bytes()).is_framing_damaged,
                is_damaged,
                "{field:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_in_which_pieces_a_head_arrives(
            response in "(HTTP/1\\.1 (200|103) OK\r\n([a-z]{1,3}|content-length): ?[0-9\x01 ]{0,30}\r?\n\r\n){1,3}",
            cuts in proptest::collection::vec(0_usize..200, 0..8),
        ) {
            let whole = head(response.as_bytes());
            let watch = HeadWatch::default();
            watch.begin();
            let mut rest = response.as_bytes();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                watch.note(piece);
                rest = after;
            }
            watch.note(rest);
            prop_assert_eq!(format!("{whole:?}"), format!("{:?}", watch.head()));
        }
    }
}

//! Finds an agent key in a body, even if it is compressed, and stops it in a body that is forwarded
//! while it arrives.

use bytes::{Bytes, BytesMut};
use gaiterguard_domain::agent_key;
use gaiterguard_domain::redact;
use gaiterguard_upstream::compressed::Coding;
use gaiterguard_upstream::layers::{Layers, Search};
use http::HeaderMap;

/// The most bytes of a compressed body that are decoded to find an agent key, in all layers together.
/// More is a decompression bomb, or a file that does not contain a key by mistake.
const DECODED_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Whether a body contains an agent key, as it is or compressed.
pub fn holds_agent_key(headers: &HeaderMap, body: &[u8]) -> bool {
    redact::holds_agent_key(body) || Inside::new(headers).finds(body)
}

/// Searches a body in pieces, also in its decoded form if it is compressed.
#[derive(Default)]
pub struct UploadGuard {
    plain: KeyGuard,
    inside: Inside,
    /// The bytes that are held back because of what they decode to.
    held: BytesMut,
}

impl UploadGuard {
    pub fn new(headers: &HeaderMap) -> Self {
        Self {
            plain: KeyGuard::default(),
            inside: Inside::new(headers),
            held: BytesMut::new(),
        }
    }

    /// Whether the next piece is compressed or begins compressed data, so that a search may take long.
    pub fn decodes(&self, piece: &[u8]) -> bool {
        self.inside.layers.decodes(piece)
    }

    /// Takes a piece and returns the bytes that may be passed on: all of them after the last piece.
    pub fn push(&mut self, piece: Bytes, is_last: bool) -> Result<Bytes, KeyFound> {
        let is_found = self.inside.finds(&piece);
        let passed = self.plain.push(piece, is_last)?;
        if is_found {
            return Err(KeyFound);
        }
        let is_undecided = !is_last && self.inside.layers.is_undecided();
        if !is_undecided && self.held.is_empty() {
            return Ok(passed);
        }
        self.held.extend_from_slice(&passed);
        if is_undecided {
            return Ok(Bytes::new());
        }
        Ok(self.held.split().freeze())
    }
}

/// The search in the decoded form of a body.
struct Inside {
    layers: Layers<KeyGuard>,
    bytes_left: u64,
}

impl Default for Inside {
    fn default() -> Self {
        Self::new(&HeaderMap::new())
    }
}

impl Inside {
    fn new(headers: &HeaderMap) -> Self {
        Self {
            layers: Layers::new(KeyGuard::default(), Coding::labeled(headers)),
            bytes_left: DECODED_BYTES_MAX,
        }
    }

    fn finds(&mut self, piece: &[u8]) -> bool {
        self.layers.finds(piece, &mut self.bytes_left)
    }
}

/// Searches a body in pieces. It holds back only an end that may become a key, so that no part of a key
/// has been sent when the key is found.
#[derive(Default)]
struct KeyGuard {
    /// The end of the bytes that have been passed on. The prefix of a key may be in it.
    passed: BytesMut,
    held: BytesMut,
}

/// The body contains an agent key.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyFound;

impl KeyGuard {
    /// Takes a piece and returns the bytes that may be passed on: all of them after the last piece.
    fn push(&mut self, piece: Bytes, is_last: bool) -> Result<Bytes, KeyFound> {
        let sent = self.passed.len();
        let mut text = std::mem::take(&mut self.passed);
        text.extend_from_slice(&self.held);
        text.extend_from_slice(&piece);
        if agent_key::is_in(&text) {
            return Err(KeyFound);
        }
        let end = if !is_last && agent_key::may_be_at_end_of(&text) {
            sent.max(text.len().saturating_sub(agent_key::SPELLED_BYTES_MAX))
        } else {
            text.len()
        };
        let passed = if self.held.is_empty() && end == text.len() {
            piece
        } else {
            Bytes::copy_from_slice(&text[sent..end])
        };
        self.held = text.split_off(end);
        self.passed = text.split_off(end.saturating_sub(agent_key::SPELLED_BYTES_MAX));
        Ok(passed)
    }
}

impl Search for KeyGuard {
    fn finds(&mut self, piece: Bytes, is_last: bool) -> bool {
        self.push(piece, is_last).is_err()
    }

    fn is_undecided(&self) -> bool {
        !self.held.is_empty()
    }

    fn begin_again(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use gaiterguard_upstream::compressed;
    use proptest::prelude::*;

    use super::*;

    fn key() -> String {
        format!("agt_{}", "0a".repeat(32))
    }

    fn escaped(escape: impl Fn(u8) -> String) -> String {
        key().bytes().map(escape).collect()
    }

    /// Returns the part of a text that passes in pieces of this length, and whether a key was found.
    fn passed(text: &str, length: usize) -> (String, bool) {
        let mut guard = KeyGuard::default();
        let mut passed = Vec::new();
        let mut pieces = text.as_bytes().chunks(length).peekable();
        while let Some(piece) = pieces.next() {
            match guard.push(Bytes::copy_from_slice(piece), pieces.peek().is_none()) {
                Ok(piece) => passed.extend_from_slice(&piece),
                Err(KeyFound) => return (String::from_utf8(passed).unwrap(), true),
            }
        }
        (String::from_utf8(passed).unwrap(), false)
    }

    #[test]
    fn no_part_of_a_key_has_passed_when_it_is_found() {
        let spelled = [
            key(),
            escaped(|byte| format!("%{byte:02x}")),
            escaped(|byte| format!("\\u{byte:04x}")),
        ];
        for key in spelled {
            let text = format!("{}{key} and more", "before ".repeat(600));
            for length in [1, 5, 64, 1000, 100_000] {
                let (passed, is_found) = passed(&text, length);
                assert!(is_found, "{length}");
                let of_key = passed.strip_prefix(&"before ".repeat(600)).unwrap_or("");
                // The prefix is public, and two more digits reveal nothing.
                assert!(of_key.len() <= key.len() / 10, "{length}: {of_key}");
            }
        }
    }

    #[test]
    fn a_piece_without_a_suspicious_end_passes_unchanged() {
        let mut guard = KeyGuard::default();
        for piece in ["{\"a\":1}\n", "data", "agt", " %61", "x=1&y="] {
            let piece = Bytes::from_static(piece.as_bytes());
            assert_eq!(guard.push(piece.clone(), false), Ok(piece));
        }
    }

    /// Returns the part of a compressed text that passes in pieces of this length, decoded again, and
    /// whether a key was found.
    fn passed_inside(codings: &[Coding], text: &str, length: usize) -> (Vec<u8>, bool) {
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", "deflate".parse().unwrap());
        let mut body = text.as_bytes().to_vec();
        for coding in codings {
            body = coding.encode(&body).unwrap();
        }
        let mut guard = UploadGuard::new(&headers);
        let mut passed = Vec::new();
        let mut pieces = body.chunks(length).peekable();
        let mut is_found = false;
        while let Some(piece) = pieces.next() {
            let is_last = pieces.peek().is_none();
            let Ok(piece) = guard.push(Bytes::copy_from_slice(piece), is_last) else {
                is_found = true;
                break;
            };
            passed.extend_from_slice(&piece);
        }
        assert_eq!(holds_agent_key(&headers, &body), is_found);
        if !is_found {
            assert_eq!(passed, body);
        }
        for coding in codings.iter().rev() {
            passed = compressed::decoded(*coding, &passed, 100_000).0;
        }
        (passed, is_found)
    }

    #[test]
    fn nothing_of_a_key_inside_a_compressed_body_has_passed_when_it_is_found() {
        use Coding::{Deflate, Gzip, Zlib};
        let before = "before ".repeat(60);
        let with_key = format!("{before}{} and more", key());
        let without = format!("{before}agt_ and more");
        for codings in [
            &[Gzip][..],
            &[Zlib],
            &[Deflate],
            &[Zlib, Gzip],
            &[Deflate, Gzip],
            &[Gzip, Gzip, Gzip],
        ] {
            for length in [1, 7, 100, 100_000] {
                let (passed, is_found) = passed_inside(codings, &with_key, length);
                assert!(is_found, "{codings:?} {length}");
                let passed = String::from_utf8(passed).unwrap();
                assert!(
                    !passed.contains("agt_0a0"),
                    "{codings:?} {length}: {passed}"
                );
                let (passed, is_found) = passed_inside(codings, &without, length);
                assert!(
                    !is_found && passed == without.as_bytes(),
                    "{codings:?} {length}"
                );
            }
        }
    }

    #[test]
    fn a_decompression_bomb_is_looked_into_up_to_a_limit() {
        let zeros = vec![b'0'; 64 * 1024 * 1024];
        let bomb = Coding::Gzip.encode(&zeros).unwrap();
        let bomb = Coding::Gzip.encode(&bomb).unwrap();
        let mut inside = Inside::new(&HeaderMap::new());
        assert!(!inside.finds(&bomb));
        assert_eq!(inside.bytes_left, 0);
    }

    proptest! {
        #[test]
        fn other_bodies_pass_unchanged(text in "[ag_t0-9%\\\\ ]{0,300}", length in 1_usize..40) {
            let (passed, is_found) = passed(&text, length);
            prop_assert!(!is_found);
            prop_assert_eq!(passed, text);
        }
    }
}

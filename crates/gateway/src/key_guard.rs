//! Keeping an agent key in a body that goes on while it arrives.

use bytes::{Bytes, BytesMut};
use gaiterguard_domain::agent_key;

/// Looks at a body in pieces. It holds back only what ends inside something that may become a key,
/// so that no part of one has been sent when it is found.
#[derive(Default)]
pub(crate) struct KeyGuard {
    /// The end of what has been passed on: a key may begin in it as far as its prefix.
    passed: BytesMut,
    held: BytesMut,
}

/// An agent key is in the body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyFound;

impl KeyGuard {
    /// How many bytes are held back.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.held.len() as u64
    }

    /// Takes a piece and returns what may be passed on by now: all of it, if no more will come.
    pub(crate) fn push(&mut self, piece: Bytes, is_last: bool) -> Result<Bytes, KeyFound> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> String {
        format!("agt_{}", "0a".repeat(32))
    }

    fn escaped(escape: impl Fn(u8) -> String) -> String {
        key().bytes().map(escape).collect()
    }

    /// What passes of a text in pieces of this length, and whether a key was found.
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
    fn nothing_of_a_key_has_passed_when_it_is_found() {
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
                // The prefix is no secret, and two digits more tell nothing.
                assert!(of_key.len() <= key.len() / 10, "{length}: {of_key}");
            }
        }
    }

    #[test]
    fn a_piece_that_ends_in_nothing_suspicious_passes_as_it_came() {
        let mut guard = KeyGuard::default();
        for piece in ["{\"a\":1}\n", "data", "agt", " %61", "x=1&y="] {
            let piece = Bytes::from_static(piece.as_bytes());
            assert_eq!(guard.push(piece.clone(), false), Ok(piece));
        }
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

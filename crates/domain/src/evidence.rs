//! Digests of database rows, so that an audit entry can cover a row without repeating it.
//!
//! The canonical form of a list of fields is a label and a line feed, then each field in order:
//! an absent field is the byte 0; a number is the byte 1 and eight bytes, big-endian; a text or byte
//! string is the byte 2, its length in bytes as eight bytes, big-endian, and its bytes. The digest of
//! the form is SHA-256.

use sha2::{Digest as _, Sha256};

use crate::request::Digest;

/// A digest that takes fields one by one.
#[derive(Clone, Debug)]
pub struct Fields(Sha256);

impl Fields {
    /// Starts with a label, which names the kind of row and thereby the fields that follow.
    pub fn new(label: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(label);
        hash.update(b"\n");
        Self(hash)
    }

    /// Adds a number, or an absent field.
    #[must_use]
    pub fn number(mut self, number: impl Into<Option<i64>>) -> Self {
        match number.into() {
            None => self.0.update([0]),
            Some(number) => {
                self.0.update([1]);
                self.0.update(number.to_be_bytes());
            }
        }
        self
    }

    /// Adds a text, or an absent field.
    #[must_use]
    pub fn text<'t>(self, text: impl Into<Option<&'t str>>) -> Self {
        self.bytes(text.into().map(str::as_bytes))
    }

    /// Adds a byte string, or an absent field.
    #[must_use]
    pub fn bytes<'b>(mut self, bytes: impl Into<Option<&'b [u8]>>) -> Self {
        match bytes.into() {
            None => self.0.update([0]),
            Some(bytes) => {
                self.0.update([2]);
                self.0.update((bytes.len() as u64).to_be_bytes());
                self.0.update(bytes);
            }
        }
        self
    }

    /// Returns the digest of all added fields.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_differ_have_digests_that_differ() {
        let of = |first: Option<&str>, second: Option<&str>| {
            Fields::new("test").text(first).text(second).finish()
        };
        let all = [
            of(None, None),
            of(Some(""), None),
            of(None, Some("")),
            of(Some("ab"), Some("c")),
            of(Some("a"), Some("bc")),
            Fields::new("test").number(0).number(None).finish(),
            Fields::new("other").text(None).text(None).finish(),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(!all[place + 1..].contains(one), "{place}");
        }
    }

    #[test]
    fn the_canonical_form_can_be_made_by_hand() {
        let by_hand = b"label\n\x01\0\0\0\0\0\0\0\x07\x02\0\0\0\0\0\0\0\x01x\0";
        let made = Fields::new("label").number(7).text("x").text(None).finish();
        assert_eq!(made.0, <[u8; 32]>::from(Sha256::digest(by_hand)));
    }
}

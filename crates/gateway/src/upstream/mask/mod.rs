//! Hides credentials that an upstream echoes.
//!
//! A [`Masker`] is made for one answer from the credentials that its request carried and forgotten
//! with it, so it has to be cheap to make: it keeps a few literal needles and no automaton. Every
//! byte that belongs to any spelling of a needle becomes `*`; lengths never change, so
//! `Content-Length` stays true. Because all occurrences are covered, overlapping ones too, the
//! outcome does not depend on how an answer is cut into pieces.

mod body;
mod encoded;
mod inspection;
mod needle;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

pub use self::body::MaskedBody;
pub use self::inspection::{InspectedBody, Inspection, masked_compressed};
use self::needle::{Escapes, Fit, Spelling};

/// Shorter values would hide half of every answer, and nobody guards anything with them.
const VALUE_BYTES_MIN: usize = 4;
/// Shorter values are words that the names of ordinary headers are made of.
const NAMED_BYTES_MIN: usize = 8;
/// What a hidden byte becomes.
const MASK: u8 = b'*';

/// Something that must not come back.
#[derive(Clone, Copy)]
pub enum MaskedSecret<'a> {
    /// A credential: found as it is, JSON-escaped, percent-encoded, HTML-escaped, as UTF-16, as
    /// hexadecimal digits, and as base64 or base64url with or without padding, by itself or inside
    /// a longer encoded text. One of fewer than four bytes is left alone; what Basic
    /// authentication makes of it (`user:password` as a value of its own) is long enough.
    Value(&'a [u8]),
    /// A text that is itself an encoding, such as the token after `Basic`: found as it is,
    /// JSON-escaped and percent-encoded.
    Exact(&'a [u8]),
}

/// Hides a set of secrets. Clones share what they look for; it is wiped with the last of them.
#[derive(Clone)]
pub struct Masker(Arc<[Zeroizing<Vec<u8>>]>);

impl Masker {
    /// Costs a few hundred nanoseconds: make one for each answer, keep none.
    pub fn new(secrets: &[MaskedSecret<'_>]) -> Self {
        let mut needles = Vec::with_capacity(secrets.len() * 2);
        let mut add = |needle: Zeroizing<Vec<u8>>| {
            if !needle.is_empty() && !needles.contains(&needle) {
                needles.push(needle);
            }
        };
        for secret in secrets {
            match secret {
                MaskedSecret::Value(value) if value.len() >= VALUE_BYTES_MIN => {
                    encoded::encodings(value).into_iter().for_each(&mut add);
                }
                MaskedSecret::Value(_) => {}
                MaskedSecret::Exact(text) => add(Zeroizing::new(text.to_vec())),
            }
        }
        Self(needles.into())
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes with every secret hidden; borrowed where there was none.
    pub fn mask_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let found = self.occurrences(bytes);
        if found.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut masked = bytes.to_vec();
        hide(&mut masked, &found);
        Cow::Owned(masked)
    }

    /// The value with every secret hidden, or None where there was none.
    pub fn mask_header_value(&self, value: &HeaderValue) -> Option<HeaderValue> {
        match self.mask_bytes(value.as_bytes()) {
            Cow::Borrowed(_) => None,
            // Asterisks can stand in any header value, so this cannot fail; an empty value is
            // what remains safe if it did.
            Cow::Owned(masked) => Some(
                HeaderValue::from_maybe_shared(Bytes::from(masked))
                    .unwrap_or(HeaderValue::from_static("")),
            ),
        }
    }

    /// Hides every secret in the values of these headers, and removes a header that has one in its
    /// name.
    pub fn mask_headers(&self, headers: &mut HeaderMap) {
        if self.is_empty() {
            return;
        }
        let named: Vec<HeaderName> = headers
            .keys()
            .filter(|name| self.is_named_by(name))
            .cloned()
            .collect();
        for name in named {
            headers.remove(name);
        }
        for value in headers.values_mut() {
            if let Some(masked) = self.mask_header_value(value) {
                *value = masked;
            }
        }
    }

    /// Whether a secret stands in a header's name. Names are in lower case however they were sent.
    fn is_named_by(&self, name: &HeaderName) -> bool {
        let name = name.as_str().as_bytes();
        self.0
            .iter()
            .filter(|needle| (NAMED_BYTES_MIN..=name.len()).contains(&needle.len()))
            .any(|needle| {
                let needle = Zeroizing::new(needle.to_ascii_lowercase());
                let mut found = Vec::new();
                needle::find(&needle, name, Escapes::of(name), &mut found);
                !found.is_empty()
            })
    }

    fn occurrences(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if !self.is_empty() {
            let escapes = Escapes::of(text);
            for needle in &*self.0 {
                needle::find(needle, text, escapes, &mut found);
            }
        }
        found
    }

    /// Where the first thing begins that more text could turn into an occurrence; the text's
    /// length if there is none.
    fn undecided_from(&self, text: &[u8]) -> usize {
        let reach = self
            .0
            .iter()
            .map(|needle| needle::spelled_length_max(needle))
            .max();
        let first = text
            .len()
            .saturating_sub(reach.unwrap_or(0).saturating_sub(1));
        (first..text.len())
            .find(|at| {
                let rest = &text[*at..];
                self.0
                    .iter()
                    .filter(|needle| needle::may_begin(needle, rest[0]))
                    .any(|needle| {
                        Spelling::ALL
                            .iter()
                            .any(|way| way.fit(needle, rest) == Fit::Beginning)
                    })
            })
            .unwrap_or(text.len())
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} needles)", self.0.len())
    }
}

fn hide(text: &mut [u8], found: &[Range<usize>]) {
    let length = text.len();
    for range in found {
        if range.start < length {
            text[range.start..range.end.min(length)].fill(MASK);
        }
    }
}

/// Masks a text that arrives in pieces.
struct PieceMasker {
    masker: Masker,
    /// The end of what arrived, as it arrived, as far as it may turn out to be the beginning of a
    /// secret.
    held: Bytes,
    /// How much of the beginning of `held` belongs to a secret that began before it.
    held_masked: usize,
    /// Whether a secret was found.
    has_found: bool,
}

impl PieceMasker {
    fn new(masker: Masker) -> Self {
        Self {
            masker,
            held: Bytes::new(),
            held_masked: 0,
            has_found: false,
        }
    }

    /// Takes a piece and returns what is decided by now: all of it, if no more will come.
    fn push(&mut self, piece: Bytes, is_last: bool) -> Bytes {
        let mut text = self.join(piece);
        let mut found = self.masker.occurrences(&text);
        self.has_found |= !found.is_empty();
        let decided = if is_last {
            text.len()
        } else {
            self.masker.undecided_from(&text)
        };

        // What begins later will be found again, so only what began before reaches into the rest.
        found.retain(|range| range.start < decided);
        let masked_before = std::mem::take(&mut self.held_masked);
        let masked_until = found
            .iter()
            .map(|range| range.end)
            .max()
            .unwrap_or(0)
            .max(masked_before);
        self.held = text.split_off(decided);
        self.held_masked = masked_until.saturating_sub(decided);

        if masked_before > 0 {
            found.push(0..masked_before);
        }
        if found.is_empty() || text.is_empty() {
            return text;
        }
        let mut masked = BytesMut::from(text);
        hide(&mut masked, &found);
        masked.freeze()
    }

    fn join(&mut self, piece: Bytes) -> Bytes {
        if self.held.is_empty() {
            return piece;
        }
        let mut text = BytesMut::with_capacity(self.held.len() + piece.len());
        text.extend_from_slice(&self.held);
        text.extend_from_slice(&piece);
        text.freeze()
    }
}

#[cfg(test)]
mod tests;

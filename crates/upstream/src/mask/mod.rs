//! Hides credentials that an upstream echoes.
//!
//! A [`Masker`] is made for one answer from the credentials that its request carried and forgotten
//! with it, so it has to be cheap to make: it keeps a few literal needles and no automaton. A needle is
//! found where its characters follow one another in any reading of the text ([`reader`]), so escapes may
//! be mixed and nested. Every byte that belongs to any spelling of a needle becomes `*`; lengths never
//! change, so `Content-Length` stays true. Because all occurrences are covered, overlapping ones too,
//! the outcome does not depend on how an answer is cut into pieces.

mod body;
mod encoded;
mod few;
mod inspection;
mod named;
mod needle;
mod needles;
mod reader;
mod sieve;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

pub use self::body::MaskedBody;
pub use self::inspection::{InspectedBody, Inspection, Polled, masked_compressed};
use self::needle::Needle;
use self::needles::{Decided, Needles};

/// Shorter values would hide half of every answer, and nobody guards anything with them.
const VALUE_BYTES_MIN: usize = 4;
/// Shorter values are words that the names of ordinary headers are made of.
const NAMED_BYTES_MIN: usize = 8;
/// What a hidden byte becomes.
const MASK: u8 = b'*';

/// Something that must not come back.
#[derive(Clone, Copy)]
pub enum MaskedSecret<'a> {
    /// A credential: found as it is, as hexadecimal digits, and as base64 or base64url with or
    /// without padding, by itself or inside a longer encoded text, in one line or several; each of
    /// these with any of its characters escaped, and as UTF-16 or UTF-32. One of fewer than four bytes
    /// is left alone; what Basic authentication makes of it (`user:password` as a value of its own) is
    /// long enough.
    Value(&'a [u8]),
    /// A text that is itself an encoding, such as the token after `Basic`: found as it is, and with
    /// any of its characters escaped.
    Exact(&'a [u8]),
}

/// Hides a set of secrets. Clones share what they look for; it is wiped with the last of them.
#[derive(Clone)]
pub struct Masker(Arc<Needles>);

impl Masker {
    /// Costs a few hundred nanoseconds: make one for each answer, keep none.
    pub fn new(secrets: &[MaskedSecret<'_>]) -> Self {
        let mut needles: Vec<Needle> = Vec::with_capacity(secrets.len() * 2);
        let mut add = |needle: Needle| {
            let is_known = |known: &Needle| known.text() == needle.text();
            if !needle.text().is_empty() && !needles.iter().any(is_known) {
                needles.push(needle);
            }
        };
        for secret in secrets {
            match secret {
                MaskedSecret::Value(value) if value.len() >= VALUE_BYTES_MIN => {
                    encoded::encodings(value).into_iter().for_each(&mut add);
                }
                MaskedSecret::Value(_) => {}
                MaskedSecret::Exact(text) => {
                    add(Needle::new(Zeroizing::new(text.to_vec()), false));
                }
            }
        }
        Self(Arc::new(Needles::new(needles)))
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
    fn mask_header_value(&self, value: &HeaderValue) -> Option<HeaderValue> {
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
        let in_names = self.in_names();
        let named: Vec<HeaderName> = headers
            .keys()
            .filter(|name| !in_names.occurrences(name.as_str().as_bytes()).is_empty())
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

    /// What is looked for in the names of headers, which are in lower case however they were sent.
    fn in_names(&self) -> Needles {
        let long = self
            .0
            .iter()
            .filter(|needle| needle.text().len() >= NAMED_BYTES_MIN);
        Needles::new(long.map(Needle::to_lowercase).collect())
    }

    fn occurrences(&self, text: &[u8]) -> Vec<Range<usize>> {
        self.0.occurrences(text)
    }

    fn decided(&self, text: &[u8]) -> Decided {
        self.0.decided(text)
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
    /// The end of what has passed, where a secret that continues after it may have begun.
    passed: Bytes,
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
            passed: Bytes::new(),
            held: Bytes::new(),
            held_masked: 0,
            has_found: false,
        }
    }

    /// Takes a piece and returns what is decided by now: all of it, if no more will come.
    fn push(&mut self, piece: Bytes, is_last: bool) -> Bytes {
        let passed = self.passed.len();
        let mut text = self.join(piece);
        let mut found = self.masker.occurrences(&text);
        found.retain(|range| range.end > passed);
        self.has_found |= !found.is_empty();
        let Decided {
            until,
            context_from,
        } = if is_last {
            Decided {
                until: text.len(),
                context_from: text.len(),
            }
        } else {
            self.masker.decided(&text)
        };
        let until = until.max(passed);

        // What begins later will be found again, so only what began before reaches into the rest.
        found.retain(|range| range.start < until);
        let masked_before = std::mem::take(&mut self.held_masked);
        if masked_before > 0 {
            found.push(passed..passed + masked_before);
        }
        let masked_until = found.iter().map(|range| range.end).max().unwrap_or(0);
        self.held = text.split_off(until);
        self.held_masked = masked_until.saturating_sub(until);
        self.passed = text.slice(context_from.min(until)..);
        if found.is_empty() || text.is_empty() {
            return text.split_off(passed);
        }
        let mut masked = BytesMut::from(text);
        hide(&mut masked, &found);
        masked.freeze().split_off(passed)
    }

    fn join(&mut self, piece: Bytes) -> Bytes {
        if self.held.is_empty() && self.passed.is_empty() {
            return piece;
        }
        let passed = std::mem::take(&mut self.passed);
        let length = passed.len() + self.held.len() + piece.len();
        let mut text = BytesMut::with_capacity(length);
        text.extend_from_slice(&passed);
        text.extend_from_slice(&self.held);
        text.extend_from_slice(&piece);
        text.freeze()
    }
}

#[cfg(test)]
mod tests;

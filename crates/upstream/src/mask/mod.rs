//! Hides credentials that an upstream echoes.
//!
//! A [`Masker`] is made for one response from the credentials of its request and dropped with it, so it
//! has to be cheap to make: it keeps a few literal patterns and no automaton. A pattern matches if its
//! characters follow one another in any reading of the text ([`reader`]), so escapes may be mixed and
//! nested. Every byte of every spelling of a pattern becomes `*`. Lengths never change, so
//! `Content-Length` stays true. Because all occurrences are hidden, including overlapping ones, the result
//! does not depend on how a response is cut into pieces.

mod body;
mod encoded;
mod few;
mod inspection;
mod named;
mod pattern;
mod patterns;
mod prefilter;
mod reader;
mod sampler;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use self::pattern::{Kind, Pattern};
use self::patterns::{Decided, Patterns};

pub use self::body::MaskedBody;
pub use self::inspection::{InspectedBody, Inspection, Polled, masked_compressed};

/// Shorter values would hide half of every response, and protect nothing.
const VALUE_BYTES_MIN: usize = 4;
/// Shorter values are words that appear in the names of ordinary headers.
const NAMED_BYTES_MIN: usize = 8;
/// The replacement for a hidden byte.
const MASK: u8 = b'*';

/// A secret that must not reach the agent.
#[derive(Clone, Copy)]
pub enum MaskedSecret<'a> {
    /// A credential. It is found as it is, in hexadecimal digits, and in base64 or base64url with or
    /// without padding, by itself or inside a longer encoded text, in one line or several; each of these
    /// with any of its characters escaped, and in UTF-16 or UTF-32. A short word, see
    /// [`is_hidden_everywhere`], remains where it is a part of a longer one. A value of fewer than four bytes
    /// is not hidden; its form in Basic authentication (`user:password`, a value of its own) is long enough.
    Value(&'a [u8]),
    /// A text that is itself an encoding, such as the token after `Basic`. It is found as it is, and with
    /// any of its characters escaped.
    Exact(&'a [u8]),
}

/// Returns whether a credential is hidden wherever an upstream echoes it. Words of fewer than eight bytes are not:
/// in the middle of other words they would garble responses.
pub fn is_hidden_everywhere(value: &[u8]) -> bool {
    value.len() >= VALUE_BYTES_MIN && !encoded::is_short_word(value)
}

/// Hides a set of secrets. Clones share the patterns, which are wiped with the last clone.
#[derive(Clone)]
pub struct Masker(Arc<Patterns>);

impl Masker {
    /// Takes a few hundred nanoseconds: create one for each response and keep none.
    pub fn new(secrets: &[MaskedSecret<'_>]) -> Self {
        let mut patterns: Vec<Pattern> = Vec::with_capacity(secrets.len() * 2);
        let mut add = |pattern: Pattern| {
            let is_known = |known: &Pattern| known.text() == pattern.text();
            if !pattern.text().is_empty() && !patterns.iter().any(is_known) {
                patterns.push(pattern);
            }
        };
        for secret in secrets {
            match secret {
                MaskedSecret::Value(value) if value.len() >= VALUE_BYTES_MIN => {
                    encoded::encodings(value).into_iter().for_each(&mut add);
                }
                MaskedSecret::Value(_) => {}
                MaskedSecret::Exact(text) => {
                    add(Pattern::new(Zeroizing::new((*text).into()), Kind::Text));
                }
            }
        }
        Self(Arc::new(Patterns::new(patterns)))
    }

    /// Returns whether there are no secrets to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the bytes with every secret hidden; borrowed if there is none.
    pub fn mask_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let found = self.occurrences(bytes);
        if found.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut masked = bytes.to_vec();
        hide(&mut masked, &found);
        Cow::Owned(masked)
    }

    /// Returns the value with every secret hidden, or `None` if there is none.
    fn mask_header_value(&self, value: &HeaderValue) -> Option<HeaderValue> {
        match self.mask_bytes(value.as_bytes()) {
            Cow::Borrowed(_) => None,
            // Asterisks are valid in any header value, so this cannot fail; if it did, an empty value
            // would be safe.
            Cow::Owned(masked) => Some(
                HeaderValue::from_maybe_shared(Bytes::from(masked))
                    .unwrap_or(HeaderValue::from_static("")),
            ),
        }
    }

    /// Hides every secret in the values of these headers, and removes headers with a secret in their
    /// name.
    pub fn mask_headers(&self, headers: &mut HeaderMap) {
        if self.is_empty() {
            return;
        }
        let longest = headers.keys().map(|name| name.as_str().len()).max();
        let in_names = self.in_names(longest.unwrap_or(0));
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

    /// Returns the patterns for the names of headers, which are always in lower case, as far as they can be in a
    /// name of this length. No spelling of a pattern is shorter than the pattern.
    fn in_names(&self, longest: usize) -> Patterns {
        let lengths = NAMED_BYTES_MIN..=longest;
        let long = self
            .0
            .iter()
            .filter(|pattern| lengths.contains(&pattern.text().len()));
        Patterns::new(long.map(Pattern::to_lowercase).collect())
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
        write!(f, "Masker({} patterns)", self.0.len())
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
    /// The end of the forwarded text, where a secret that continues after it may begin.
    passed: Bytes,
    /// The unmasked end of what arrived, as far as it may be the beginning of a secret.
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

    /// Returns how many bytes are searched again with the next piece.
    fn kept_bytes(&self) -> usize {
        self.passed.len() + self.held.len()
    }

    /// Masks the next piece and returns the part that is decided: all of it, if it is the last.
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

        // A match that begins later will be found again, so only earlier ones extend into the rest.
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

//! Finds agent keys in a text, in every spelling that a reader of the text could decode.
//!
//! Finds a key in plain text; behind up to three layers of escapes (percent-encoding, JSON and
//! JavaScript escapes, character references, quoted-printable, UTF-16); in base64 and base64url, at any
//! alignment and with line breaks; and as hexadecimal digits. The search takes a few passes over the
//! text and copies it only if it contains escapes.

mod escapes;
mod form;
mod scan;

use memchr::{memchr, memchr_iter, memchr2, memmem};

use escapes::Escapes;
use form::{ENCODED_PREFIXES, MAY_SPELL, hex_value, sextet};

pub use form::{DIGITS, PREFIX};

/// The number of layers of escapes that are decoded: a client, a form and a proxy may each add one.
const LAYERS_MAX: usize = 3;

/// The size from which a text is searched in a single pass, in bytes. In a shorter one, decoding every
/// order of escapes takes at most a few milliseconds.
const LONG_BYTES: usize = 16 * 1024;

/// The distance from the end of a text in which an incomplete key may begin, in bytes: a key of which
/// every character is escaped twice as `\u005c\u0075…` is shorter.
pub const SPELLED_BYTES_MAX: usize = 4096;

/// The length of the longest escape, in bytes. An escape at the end of a text may be incomplete.
const ESCAPE_BYTES_MAX: usize = 12;

/// Two hexadecimal digits for each byte of [`PREFIX`], without the last digit, which may have either
/// case.
const HEX_PREFIX: &[u8] = b"6167745";

/// Returns whether `bytes` contain an agent key in any spelling.
pub fn is_in(bytes: &[u8]) -> bool {
    candidates(bytes).any(|run| {
        let has_escapes = Escapes::ALL
            .iter()
            .any(|escapes| memchr(escapes.lead(), run).is_some());
        if bytes.len() >= LONG_BYTES && has_escapes {
            scan::is_in(run)
        } else {
            in_any_layer(run, LAYERS_MAX, holds)
        }
    })
}

/// Returns the runs of bytes that are long enough for a key and contain only bytes of a spelling.
///
/// Binary data has few of them. No spelling is shorter than the plain key, so one probe per key length
/// is enough to find every run.
fn candidates(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut begin = 0;
    std::iter::from_fn(move || {
        loop {
            let probe = begin + PREFIX.len() + DIGITS - 1;
            let head = bytes.get(begin..=probe)?;
            if let Some(other) = head.iter().rposition(|byte| !MAY_SPELL[usize::from(*byte)]) {
                begin += other + 1;
                continue;
            }
            let end = bytes[probe..]
                .iter()
                .position(|byte| !MAY_SPELL[usize::from(*byte)])
                .map_or(bytes.len(), |length| probe + length);
            let run = &bytes[begin..end];
            begin = end;
            return Some(run);
        }
    })
}

/// Returns whether `bytes` end inside a possible agent key, which later bytes may complete. Counts only
/// keys whose [`PREFIX`] is complete, because the prefix itself is not secret.
pub fn may_be_at_end_of(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(SPELLED_BYTES_MAX)..];
    in_any_layer(without_last_escape(tail), LAYERS_MAX, |text| {
        ends_inside(without_last_escape(text))
    })
}

/// Returns the position of the first plain agent key. Accepts either case: a key in another case is
/// invalid, but it reveals the valid one.
pub fn find_plain(bytes: &[u8]) -> Option<usize> {
    plain_beginnings(bytes).find(|begin| {
        let digits = &bytes[begin + PREFIX.len()..];
        digits.len() >= DIGITS && digits[..DIGITS].iter().all(u8::is_ascii_hexdigit)
    })
}

fn in_any_layer(bytes: &[u8], layers_left: usize, test: fn(&[u8]) -> bool) -> bool {
    if test(bytes) {
        return true;
    }
    layers_left > 0
        && Escapes::ALL.iter().any(|escapes| {
            escapes
                .read(bytes)
                .is_some_and(|inner| in_any_layer(&inner, layers_left - 1, test))
        })
}

fn holds(bytes: &[u8]) -> bool {
    find_plain(bytes).is_some()
        || hex_beginnings(bytes).any(|begin| is_hex_key(&bytes[begin..]) == Match::Whole)
        || in_joined_lines(bytes, |text| {
            encoded_beginnings(text)
                .any(|(begin, bits)| is_encoded_key(&text[begin..], bits) == Match::Whole)
        })
}

fn ends_inside(bytes: &[u8]) -> bool {
    plain_beginnings(bytes).any(|begin| {
        bytes[begin + PREFIX.len()..]
            .iter()
            .all(u8::is_ascii_hexdigit)
    }) || hex_beginnings(bytes).any(|begin| is_hex_key(&bytes[begin..]) == Match::Beginning)
        || in_joined_lines(bytes, |text| {
            encoded_beginnings(text)
                .any(|(begin, bits)| is_encoded_key(&text[begin..], bits) == Match::Beginning)
        })
}

/// Removes an escape at the end of the text, because it may be incomplete.
fn without_last_escape(bytes: &[u8]) -> &[u8] {
    let last = bytes.len().saturating_sub(ESCAPE_BYTES_MAX);
    bytes[last..]
        .iter()
        .rposition(|byte| Escapes::ALL.iter().any(|escapes| escapes.lead() == *byte))
        .map_or(bytes, |at| &bytes[..last + at])
}

/// The beginning of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    /// A whole key.
    Whole,
    /// The beginning of a key, up to the end of the text.
    Beginning,
    /// Something else.
    None,
}

fn plain_beginnings(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let underscore_at = PREFIX.len() - 1;
    memchr_iter(b'_', bytes)
        .filter_map(move |underscore| underscore.checked_sub(underscore_at))
        .filter(|begin| {
            bytes[*begin..*begin + PREFIX.len()].eq_ignore_ascii_case(PREFIX.as_bytes())
        })
}

fn hex_beginnings(bytes: &[u8]) -> impl Iterator<Item = usize> {
    memmem::find_iter(bytes, HEX_PREFIX)
}

/// Matches a key as hexadecimal digits, two per character.
fn is_hex_key(text: &[u8]) -> Match {
    let mut characters = 0;
    for pair in text.chunks(2) {
        let byte = match *pair {
            [high, low] => hex_value(high).zip(hex_value(low)),
            // A single last digit.
            _ => return Match::Beginning,
        };
        let Some((high, low)) = byte else {
            return Match::None;
        };
        if !is_expected(characters, high << 4 | low) {
            return Match::None;
        }
        characters += 1;
        if characters == PREFIX.len() + DIGITS {
            return Match::Whole;
        }
    }
    Match::Beginning
}

fn encoded_beginnings(bytes: &[u8]) -> impl Iterator<Item = (usize, u32)> {
    ENCODED_PREFIXES
        .iter()
        .flat_map(|(prefix, bits)| memmem::find_iter(bytes, prefix).map(move |at| (at, *bits)))
}

/// Matches a key in base64, whose first `skipped_bits` bits belong to the key's `a`.
fn is_encoded_key(text: &[u8], skipped_bits: u32) -> Match {
    let mut bits_to_skip = skipped_bits;
    let (mut buffer, mut buffered): (u32, u32) = (0, 0);
    let mut characters = 1;
    for character in text {
        let Some(sextet) = sextet(*character) else {
            return Match::None;
        };
        buffer = buffer << 6 | u32::from(sextet);
        buffered += 6;
        let skipped = bits_to_skip.min(buffered);
        bits_to_skip -= skipped;
        buffered -= skipped;
        if buffered >= 8 {
            buffered -= 8;
            let [.., byte] = (buffer >> buffered).to_be_bytes();
            if !is_expected(characters, byte) {
                return Match::None;
            }
            characters += 1;
            if characters == PREFIX.len() + DIGITS {
                return Match::Whole;
            }
        }
        buffer &= (1 << buffered) - 1;
    }
    Match::Beginning
}

/// Returns whether a key may have this byte at this position.
fn is_expected(at: usize, byte: u8) -> bool {
    match PREFIX.as_bytes().get(at) {
        Some(prefix) => byte.eq_ignore_ascii_case(prefix),
        None => byte.is_ascii_hexdigit(),
    }
}

/// Applies `test` to the text without white space, because encoders break base64 into lines.
fn in_joined_lines(bytes: &[u8], test: impl Fn(&[u8]) -> bool) -> bool {
    if memchr2(b'\n', b'\r', bytes).is_none() && memchr(b' ', bytes).is_none() {
        return test(bytes);
    }
    let joined: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    test(&joined)
}

#[cfg(test)]
mod tests;

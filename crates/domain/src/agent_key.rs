//! Finding agent keys in a text, whatever way they are spelled in it.
//!
//! A key is found as it is, behind up to three layers of escapes (percent-encoding, JSON and
//! JavaScript escapes, character references, quoted-printable, UTF-16),
//! in base64 and base64url at any alignment and with line breaks, and as hexadecimal digits. The
//! search costs a few passes over the text and copies it only where escapes really occur.

use memchr::{memchr, memchr_iter, memchr2, memmem};

use crate::{spelled_key, unescape::Escapes};

/// The bytes that begin an agent key.
pub const PREFIX: &str = "agt_";

/// The number of hexadecimal digits after [`PREFIX`].
pub const DIGITS: usize = 64;

/// How many layers of escapes are read: a client, a form and a proxy may each add one.
const LAYERS_MAX: usize = 3;

/// From how many bytes on a text is read in one pass. In a shorter one, reading every order of escapes
/// by itself costs no more than some milliseconds.
const LONG_BYTES: usize = 16 * 1024;

/// How far before the end of a text a key can begin that the text does not hold whole: a key of
/// which every character is escaped twice as `\u005c\u0075…` is shorter.
pub const SPELLED_BYTES_MAX: usize = 4096;

/// The longest escape, in bytes. What one at the end of a text stands for may not be known yet.
const ESCAPE_BYTES_MAX: usize = 12;

/// Base64 characters of the encoded prefix that no neighboring byte changes, for each of the three
/// alignments, and how many bits of their first character belong to what comes before the `g`.
pub(crate) const ENCODED_PREFIXES: [(&[u8], u32); 3] = [(b"YWd0X", 8), (b"FndF", 4), (b"hZ3Rf", 6)];

/// Two hexadecimal digits for each byte of [`PREFIX`], less the last digit, which either case may
/// have.
const HEX_PREFIX: &[u8] = b"6167745";

/// The bytes that the spelling of a key may have: base64 characters, among them letters and digits,
/// what escapes are made of, and white space.
pub(crate) const MAY_SPELL: [bool; 256] = {
    let mut may_spell = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        may_spell[byte as usize] = byte.is_ascii_alphanumeric()
            || byte.is_ascii_whitespace()
            || matches!(byte, b'+' | b'/' | b'-' | b'_')
            || matches!(
                byte,
                0 | b'%' | b'\\' | b'&' | b'=' | b'#' | b';' | b'{' | b'}'
            );
        byte += 1;
    }
    may_spell
};

/// Whether `bytes` hold an agent key in any spelling.
pub fn is_in(bytes: &[u8]) -> bool {
    candidates(bytes).any(|run| {
        let has_escapes = Escapes::ALL
            .iter()
            .any(|escapes| memchr(escapes.lead(), run).is_some());
        if bytes.len() >= LONG_BYTES && has_escapes {
            spelled_key::is_in(run)
        } else {
            in_any_layer(run, LAYERS_MAX, holds)
        }
    })
}

/// The parts of a text that are long enough for a key and made only of bytes that a spelling of one
/// may have. They are few in binary data. No spelling is shorter than the key itself, so that a part
/// is looked for only around every such distance.
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

/// Whether `bytes` end inside what may become an agent key when more of the text arrives. Only a
/// key of which [`PREFIX`] is complete counts: the prefix itself is not a secret.
pub fn may_be_at_end_of(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(SPELLED_BYTES_MAX)..];
    in_any_layer(without_last_escape(tail), LAYERS_MAX, |text| {
        ends_inside(without_last_escape(text))
    })
}

/// Where the first agent key that is spelled plainly begins. Letters of either case count: a key in
/// another case opens nothing, but it reveals the one that does.
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

/// The text without an escape at its end, which may go on.
fn without_last_escape(bytes: &[u8]) -> &[u8] {
    let last = bytes.len().saturating_sub(ESCAPE_BYTES_MAX);
    bytes[last..]
        .iter()
        .rposition(|byte| Escapes::ALL.iter().any(|escapes| escapes.lead() == *byte))
        .map_or(bytes, |at| &bytes[..last + at])
}

/// What a text begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    /// A whole key.
    Whole,
    /// The beginning of a key, and then the text ends.
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

/// A key as hexadecimal digits, two for each of its characters.
fn is_hex_key(text: &[u8]) -> Match {
    let mut characters = 0;
    for pair in text.chunks(2) {
        let byte = match *pair {
            [high, low] => hex_value(high).zip(hex_value(low)),
            // A last digit by itself.
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

/// A key in base64, from where the first `skipped_bits` bits belong to its `a`.
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

/// Whether a key may have this byte at this place.
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

/// The value of a base64 or base64url character.
pub(crate) fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// The value of a hexadecimal digit.
pub(crate) fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
#[path = "agent_key_tests.rs"]
mod tests;

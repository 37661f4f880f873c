//! The encodings of a secret. Each is searched for as a text of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memchr2;
use zeroize::Zeroizing;

use super::pattern::{Kind, Pattern, Text, is_of_word};

/// About how many encodings a value has.
const PATTERNS_MAX: usize = 16;

/// A shorter piece of base64 could also be an ordinary word.
const INNER_CHARS_MIN: usize = 8;

/// Shorter values, such as `admin`, also occur in ordinary words, so they are hidden only by themselves.
const ANYWHERE_BYTES_MIN: usize = 8;

/// How many bytes base64 encodes together.
const BASE64_GROUP_BYTES: usize = 3;

/// Bits in a base64 character, and in a byte.
const CHARACTER_BITS: usize = 6;
const BYTE_BITS: usize = 8;

/// Returns every encoding of `value` that a response may contain, including `value` itself. Some may be
/// equal.
pub(super) fn encodings(value: &[u8]) -> Vec<Pattern> {
    let mut in_lines = Vec::with_capacity(PATTERNS_MAX);
    // The padded forms contain the unpadded ones.
    let whole = base64(value, 0);
    in_lines.extend(url_safe(&whole));
    in_lines.extend(inside_base64(&whole, value.len(), 0));
    in_lines.push(whole);
    for bytes_before in 1..BASE64_GROUP_BYTES {
        let encoded = base64(value, bytes_before);
        in_lines.extend(inside_base64(&encoded, value.len(), bytes_before));
    }
    in_lines.extend([
        hex(value, b"0123456789abcdef"),
        hex(value, b"0123456789ABCDEF"),
    ]);
    let mut all: Vec<Pattern> = Vec::with_capacity(PATTERNS_MAX);
    all.extend(
        in_lines
            .into_iter()
            .map(|text| Pattern::new(text, Kind::Lines)),
    );
    let kind = if is_short_word(value) {
        Kind::Word
    } else {
        Kind::Text
    };
    all.push(Pattern::new(Zeroizing::new(value.into()), kind));
    all.extend(
        wide(value)
            .into_iter()
            .map(|text| Pattern::new(text, Kind::Text)),
    );
    all
}

/// Returns whether a value is hidden only where it is not a part of a longer word.
pub(super) fn is_short_word(value: &[u8]) -> bool {
    value.len() < ANYWHERE_BYTES_MIN && value.iter().all(|byte| is_of_word(*byte))
}

/// Returns `value` in hexadecimal digits. One function writes both cases, because the crate `hex` takes
/// several times as long.
fn hex(value: &[u8], digits: &[u8; 16]) -> Text {
    let mut text = Zeroizing::new(vec![0; 2 * value.len()].into_boxed_slice());
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(value) {
        *pair = [
            digits[usize::from(byte >> 4)],
            digits[usize::from(byte & 0xf)],
        ];
    }
    text
}

/// Returns `value` in base64, without padding, as it is encoded if it follows so many bytes.
fn base64(value: &[u8], bytes_before: usize) -> Text {
    let mut plain = Zeroizing::new(vec![0; bytes_before + value.len()].into_boxed_slice());
    plain[bytes_before..].copy_from_slice(value);
    let encoded = STANDARD_NO_PAD.encode(&*plain);
    Zeroizing::new(encoded.into_bytes().into_boxed_slice())
}

/// Returns base64 in the other alphabet, base64url; `None` if it is the same.
fn url_safe(encoded: &[u8]) -> Option<Text> {
    memchr2(b'+', b'/', encoded)?;
    let mut text = Zeroizing::new(Box::<[u8]>::from(encoded));
    for character in text.iter_mut() {
        match character {
            b'+' => *character = b'-',
            b'/' => *character = b'_',
            _ => {}
        }
    }
    Some(text)
}

/// Returns the characters of `encoded` that a value of this length alone determines if it follows
/// `bytes_before` other bytes, modulo three, in both alphabets. Echoed headers are encoded together with
/// their names.
fn inside_base64(encoded: &[u8], length: usize, bytes_before: usize) -> Vec<Text> {
    let begin = (bytes_before * BYTE_BITS).div_ceil(CHARACTER_BITS);
    let end = (bytes_before + length) * BYTE_BITS / CHARACTER_BITS;
    if end < begin + INNER_CHARS_MIN {
        return Vec::new();
    }
    let inside = &encoded[begin..end];
    let mut all = vec![Zeroizing::new(Box::from(inside))];
    all.extend(url_safe(inside));
    all
}

/// Returns UTF-16 and UTF-32 in both byte orders, for a text that is not ASCII. In an ASCII text only
/// zeros are between the characters, which readers skip.
fn wide(value: &[u8]) -> Vec<Text> {
    let Some(text) = std::str::from_utf8(value)
        .ok()
        .filter(|text| !text.is_ascii())
    else {
        return Vec::new();
    };
    let units = text.encode_utf16();
    let characters = text.chars().map(u32::from);
    vec![
        Zeroizing::new(units.clone().flat_map(u16::to_le_bytes).collect()),
        Zeroizing::new(units.flat_map(u16::to_be_bytes).collect()),
        Zeroizing::new(characters.clone().flat_map(u32::to_le_bytes).collect()),
        Zeroizing::new(characters.flat_map(u32::to_be_bytes).collect()),
    ]
}

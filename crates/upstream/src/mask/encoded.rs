//! The encodings of a secret. Each is searched for as a text of its own.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::pattern::{Kind, Pattern, is_of_word};

/// A shorter piece of base64 could also be an ordinary word.
const INNER_CHARS_MIN: usize = 8;

/// Shorter values, such as `admin`, also occur in ordinary words, so they are hidden only by themselves.
const ANYWHERE_BYTES_MIN: usize = 8;

/// Bits in a base64 character, and in a byte.
const CHARACTER_BITS: usize = 6;
const BYTE_BITS: usize = 8;

/// Returns every encoding of `value` that a response may contain, including `value` itself. Some may be
/// equal.
pub(super) fn encodings(value: &[u8]) -> Vec<Pattern> {
    let in_lines = [
        // The padded forms contain the unpadded ones.
        Zeroizing::new(STANDARD_NO_PAD.encode(value).into_bytes()),
        Zeroizing::new(URL_SAFE_NO_PAD.encode(value).into_bytes()),
        Zeroizing::new(hex::encode(value).into_bytes()),
        Zeroizing::new(hex::encode_upper(value).into_bytes()),
    ];
    let inside = (0..3).flat_map(|bytes_before| inside_base64(value, bytes_before));
    let in_lines = in_lines.into_iter().chain(inside);
    let mut all: Vec<Pattern> = in_lines
        .map(|text| Pattern::new(text, Kind::Lines))
        .collect();
    let kind = if is_short_word(value) {
        Kind::Word
    } else {
        Kind::Text
    };
    all.push(Pattern::new(Zeroizing::new(value.to_vec()), kind));
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

/// Returns the base64 characters that `value` alone determines if it follows `bytes_before` other bytes,
/// modulo three, in both alphabets. Echoed headers are encoded together with their names.
fn inside_base64(value: &[u8], bytes_before: usize) -> Vec<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes_before + value.len()));
    text.resize(bytes_before, 0);
    text.extend_from_slice(value);
    let begin = (bytes_before * BYTE_BITS).div_ceil(CHARACTER_BITS);
    let end = text.len() * BYTE_BITS / CHARACTER_BITS;
    if end < begin + INNER_CHARS_MIN {
        return Vec::new();
    }
    [
        Zeroizing::new(STANDARD_NO_PAD.encode(&*text)),
        Zeroizing::new(URL_SAFE_NO_PAD.encode(&*text)),
    ]
    .into_iter()
    .map(|encoded| Zeroizing::new(encoded.as_bytes()[begin..end].to_vec()))
    .collect()
}

/// Returns UTF-16 and UTF-32 in both byte orders, for a text that is not ASCII. In an ASCII text only
/// zeros are between the characters, which readers skip.
fn wide(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
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

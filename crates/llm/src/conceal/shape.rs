//! Secrets that are recognized by their form, whatever they are called.

use gaiterguard_domain::redact;
use gaiterguard_domain::secret_shape::{self, JSON_WEB_TOKEN_START, PEM_START};

/// The shortest key of a known format, with its beginning, in bytes. Real keys are longer: the shortest
/// are AWS access keys, with 20.
const KEY_BYTES_MIN: usize = 16;

/// The fewest bytes of a key after its known beginning. AWS access keys have 16 there, and one that is
/// cut has fewer. Words such as `sk-learn` have less.
const KEY_REST_BYTES_MIN: usize = 12;

/// The shortest header of a JSON Web Token, in bytes. It names an algorithm, and `{"alg":""}` alone takes
/// 14 bytes in base64. Ten include one that is cut.
const TOKEN_HEADER_BYTES_MIN: usize = 10;

/// Replaces every word that is a key or a token.
pub(super) fn without_keys(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (gap, after) = split_where(rest, is_key_byte);
        let (word, after) = split_where(after, |byte| !is_key_byte(byte));
        shown.push_str(gap);
        shown.push_str(if is_key(word) { redact::MASK } else { word });
        rest = after;
    }
    shown
}

/// Splits a text at its first byte that passes a test. Only tests for ASCII may be used.
fn split_where(text: &str, is_split: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().position(is_split).unwrap_or(text.len()))
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_key(word: &str) -> bool {
    let is_long = |rest: &str| rest.len() >= KEY_REST_BYTES_MIN;
    let has_digit = |rest: &str| rest.bytes().any(|byte| byte.is_ascii_digit());
    // A key may follow an escape such as `%20`, whose digits belong to the word.
    let inside = secret_shape::anywhere().filter_map(|start| Some(word.split_once(start)?.1));
    let starts = secret_shape::at_start().filter_map(|start| word.strip_prefix(start));
    let mut rests = starts.chain(inside);
    word.len() >= KEY_BYTES_MIN
        && (rests.any(|rest| is_long(rest) && has_digit(rest)) || is_json_web_token(word))
}

/// Whether a word is a JSON Web Token (RFC 7519): two JSON objects in base64, and a signature.
fn is_json_web_token(word: &str) -> bool {
    let mut parts = word.split('.');
    let mut is_object = |bytes_min: usize| {
        parts
            .next()
            .is_some_and(|part| part.starts_with(JSON_WEB_TOKEN_START) && part.len() >= bytes_min)
    };
    is_object(TOKEN_HEADER_BYTES_MIN) && is_object(JSON_WEB_TOKEN_START.len())
}

/// Replaces private keys in PEM (RFC 7468) up to the end that has the same label. Without such an end,
/// everything that follows is replaced.
pub(super) fn without_private_keys(text: &str) -> String {
    const DASHES: &str = "-----";
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, block)) = rest.split_once(PEM_START) {
        shown.push_str(before);
        let label = block.split(DASHES).next().unwrap_or_default().trim();
        if label.contains("PRIVATE KEY") {
            shown.push_str(redact::MASK);
            let end = block.find(&format!("{DASHES}END {label}{DASHES}"));
            rest = end.map_or("", |at| &block[at..]);
        } else {
            shown.push_str(PEM_START);
            rest = block;
        }
    }
    shown.push_str(rest);
    shown
}

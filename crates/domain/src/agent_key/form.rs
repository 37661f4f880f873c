//! The form of an agent key, in plain text and in base64.

/// The bytes that begin an agent key.
pub const PREFIX: &str = "agt_";

/// The number of hexadecimal digits after [`PREFIX`].
pub const DIGITS: usize = 64;

/// The base64 characters of the encoded prefix that do not depend on neighboring bytes, for each of the
/// three alignments, and how many bits of the first one belong to what comes before the `g`.
pub(super) const ENCODED_PREFIXES: [(&[u8], u32); 3] = [(b"YWd0X", 8), (b"FndF", 4), (b"hZ3Rf", 6)];

/// The bytes that a spelling of a key may contain: base64 characters (which include letters and
/// digits), the characters of escapes, and white space.
pub(super) const MAY_SPELL: [bool; 256] = {
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

/// Returns the value of a base64 or base64url character.
pub(super) fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Returns the value of a hexadecimal digit.
pub(super) fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

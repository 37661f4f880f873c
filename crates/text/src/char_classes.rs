//! The character classes of a text, found in one pass so that several checks can skip it.

/// The classes of the characters in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CharClasses(u16);

const AT: u16 = 1;
const COLON: u16 = 1 << 1;
const DOT: u16 = 1 << 2;
const DIGIT: u16 = 1 << 3;
const OTHER_THAN_CAPITAL: u16 = 1 << 4;
const BRACKET: u16 = 1 << 5;
const SPACE: u16 = 1 << 6;
const NOT_BASE64: u16 = 1 << 7;
const EQUALS: u16 = 1 << 8;
const NOT_PLAIN: u16 = 1 << 9;

/// The signs that each byte stands for.
const OF_BYTE: [u16; 256] = {
    let mut of_byte = [0; 256];
    let mut at = 0;
    while at < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "it counts up to 255")]
        let byte = at as u8;
        of_byte[at] = signs(byte);
        at += 1;
    }
    of_byte
};

const fn signs(byte: u8) -> u16 {
    // White space may surround it.
    let is_base64 = byte.is_ascii_alphanumeric()
        || byte.is_ascii_whitespace()
        || matches!(byte, b'+' | b'-' | b'/' | b'_' | b'=' | 0x0b);
    let mut signs = match byte {
        b'@' => AT,
        b':' => COLON,
        b'.' => DOT,
        b'0'..=b'9' => DIGIT,
        b'{' | b'[' => BRACKET,
        b' ' => SPACE,
        b'=' => EQUALS,
        b'\t' | b'\n' | b'\r' => 0,
        0..0x20 | 0x7f.. => NOT_PLAIN,
        _ => 0,
    };
    if !byte.is_ascii_uppercase() {
        signs |= OTHER_THAN_CAPITAL;
    }
    // So may characters that are not ASCII.
    if byte.is_ascii() && !is_base64 {
        signs |= NOT_BASE64;
    }
    signs
}

impl CharClasses {
    pub fn of(text: &str) -> Self {
        text.bytes().fold(Self::default(), Self::with)
    }

    /// Adds the class of one more byte.
    #[must_use]
    pub fn with(self, byte: u8) -> Self {
        Self(self.0 | OF_BYTE[usize::from(byte)])
    }

    fn has(self, sign: u16) -> bool {
        self.0 & sign != 0
    }

    pub fn has_at(self) -> bool {
        self.has(AT)
    }

    pub fn has_digit(self) -> bool {
        self.has(DIGIT)
    }

    pub fn has_space(self) -> bool {
        self.has(SPACE)
    }

    /// Whether it may hold an address on the web, which has a colon or a full stop.
    pub fn may_have_host(self) -> bool {
        self.has(COLON | DOT)
    }

    /// Whether there is nothing but capitals A to Z.
    pub fn is_capitals(self) -> bool {
        !self.has(OTHER_THAN_CAPITAL)
    }

    /// Whether a list or a map of JSON may be in it.
    pub fn may_be_json(self) -> bool {
        self.has(BRACKET)
    }

    /// Whether it may be base64 as a whole, with anything behind a sign of equality.
    pub fn may_be_base64(self) -> bool {
        !self.has(SPACE) && (!self.has(NOT_BASE64) || self.has(EQUALS))
    }

    /// Whether it may hold hidden characters: it has control characters, or others than ASCII.
    pub fn may_hide(self) -> bool {
        self.has(NOT_PLAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_classes_of_its_characters() {
        let classes = CharClasses::of("ann@x.example 7");
        assert!(classes.has_at() && classes.has_digit() && classes.has_space());
        assert!(classes.may_have_host() && !classes.is_capitals() && !classes.may_be_base64());
        let classes = CharClasses::of("ORDER");
        assert!(classes.is_capitals() && !classes.has_at() && !classes.may_have_host());
        assert!(!CharClasses::of("\u{c4}RGER").is_capitals());
    }

    #[test]
    fn what_may_be_wrapped_is_known_by_its_signs() {
        assert!(CharClasses::of("aGVsbG8gd29ybGQ=").may_be_base64());
        assert!(CharClasses::of("\t\u{b}aGVsbG8gd29ybGQ\u{a0}\n").may_be_base64());
        assert!(!CharClasses::of("ann@example").may_be_base64());
        assert!(CharClasses::of(" {\"a\":1}").may_be_json() && !CharClasses::of("a").may_be_json());
    }

    #[test]
    fn what_is_not_seen_may_hide() {
        assert!(!CharClasses::of("Two\r\n\tlines").may_hide());
        for text in ["a\u{200b}", "a\0", "a\u{7f}"] {
            assert!(CharClasses::of(text).may_hide(), "{text:?}");
        }
    }
}

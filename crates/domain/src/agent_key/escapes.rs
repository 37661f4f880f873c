//! Decodes the escapes of a text: percent-encoding, JSON and JavaScript escapes, character references,
//! quoted-printable, and the zero bytes of UTF-16.
//!
//! The result is never sent. It shows what a reader of the text might decode. That reader is unknown, so
//! each family of escapes is decoded separately.

use memchr::memchr_iter;

use super::form::hex_value;

/// A family of escapes, which one kind of reader decodes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Escapes {
    /// `%XX` and `%uXXXX`.
    Percent,
    /// `\uXXXX`, `\u{X…}`, `\xXX` and the single-character ones.
    Backslash,
    /// `&#N;`, `&#xN;` and the named references that matter for an agent key.
    Reference,
    /// `=XX` and soft line breaks.
    QuotedPrintable,
    /// The zero bytes between the characters of UTF-16.
    Zeros,
}

impl Escapes {
    pub(super) const ALL: [Self; 5] = [
        Self::Percent,
        Self::Backslash,
        Self::Reference,
        Self::QuotedPrintable,
        Self::Zeros,
    ];

    /// Returns `bytes` with these escapes decoded once, or `None` if there are none. Characters beyond ASCII
    /// become `?`, because no agent key contains one.
    pub(super) fn read(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        let mut copied = 0;
        for at in memchr_iter(self.lead(), bytes) {
            // The lead byte may be part of the previous escape.
            if at < copied {
                continue;
            }
            if let Some((character, length)) = self.at_beginning_of(&bytes[at..]) {
                plain.extend_from_slice(&bytes[copied..at]);
                plain.extend(character);
                copied = at + length;
            }
        }
        if copied == 0 {
            return None;
        }
        plain.extend_from_slice(&bytes[copied..]);
        Some(plain)
    }

    /// Returns the first byte of these escapes.
    pub(super) fn lead(self) -> u8 {
        match self {
            Self::Percent => b'%',
            Self::Backslash => b'\\',
            Self::Reference => b'&',
            Self::QuotedPrintable => b'=',
            Self::Zeros => 0,
        }
    }

    /// Decodes the escape at the beginning of the text; returns its character, if any, and its length.
    fn at_beginning_of(self, text: &[u8]) -> Option<(Option<u8>, usize)> {
        match self {
            Self::Percent => percent(text),
            Self::Backslash => backslash(text),
            Self::Reference => reference(text),
            Self::QuotedPrintable => quoted_printable(text),
            Self::Zeros => Some((None, 1)),
        }
    }
}

fn percent(text: &[u8]) -> Option<(Option<u8>, usize)> {
    match text {
        [_, b'u' | b'U', digits @ ..] => Some((Some(ascii(hex(digits.get(..4)?)?)), 6)),
        [_, digits @ ..] => Some((Some(byte(digits)?), 3)),
        [] => None,
    }
}

fn backslash(text: &[u8]) -> Option<(Option<u8>, usize)> {
    match text.get(1)? {
        b'u' => {
            if text.get(2) == Some(&b'{') {
                let digits = text[3..]
                    .iter()
                    .take(6)
                    .take_while(|digit| **digit != b'}')
                    .count();
                let is_closed = text.get(3 + digits) == Some(&b'}');
                let unit = hex(text.get(3..3 + digits)?)?;
                return is_closed.then_some((Some(ascii(unit)), digits + 4));
            }
            Some((Some(ascii(hex(text.get(2..6)?)?)), 6))
        }
        b'x' => Some((Some(byte(text.get(2..)?)?), 4)),
        b'n' => Some((Some(b'\n'), 2)),
        b'r' => Some((Some(b'\r'), 2)),
        b't' => Some((Some(b'\t'), 2)),
        other @ (b'/' | b'\\' | b'"' | b'\'' | b'_') => Some((Some(*other), 2)),
        // A line continuation.
        b'\n' => Some((None, 2)),
        _ => None,
    }
}

fn reference(text: &[u8]) -> Option<(Option<u8>, usize)> {
    for name in [&b"&lowbar;"[..], b"&UnderBar;"] {
        if text.starts_with(name) {
            return Some((Some(b'_'), name.len()));
        }
    }
    if text.starts_with(b"&amp;") {
        return Some((Some(b'&'), 5));
    }
    if text.get(1) != Some(&b'#') {
        return None;
    }
    let (radix, begin) = match text.get(2)? {
        b'x' | b'X' => (16, 3),
        _ => (10, 2),
    };
    let digits = text[begin..]
        .iter()
        .take(8)
        .take_while(|digit| char::from(**digit).is_digit(radix))
        .count();
    let number = std::str::from_utf8(&text[begin..begin + digits]).ok()?;
    let character = u32::from_str_radix(number, radix).ok()?;
    let end = begin + digits;
    let semicolon = usize::from(text.get(end) == Some(&b';'));
    Some((Some(ascii(character)), end + semicolon))
}

fn quoted_printable(text: &[u8]) -> Option<(Option<u8>, usize)> {
    match text {
        [_, b'\r', b'\n', ..] => Some((None, 3)),
        [_, b'\n', ..] => Some((None, 2)),
        [_, digits @ ..] => Some((Some(byte(digits)?), 3)),
        [] => None,
    }
}

fn byte(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else {
        return None;
    };
    Some(hex_value(*high)? << 4 | hex_value(*low)?)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        Some(number << 4 | u32::from(hex_value(*digit)?))
    })
}

fn ascii(character: u32) -> u8 {
    u8::try_from(character).map_or(b'?', |byte| if byte.is_ascii() { byte } else { b'?' })
}

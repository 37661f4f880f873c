//! One text to look for, and the ways in which it may be spelled.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memmem};

/// The longest spelling of one byte: `\u00XX`.
const ESCAPE_LENGTH_MAX: usize = 6;

/// How much of a needle is searched for before the rest is compared: enough to be rare, and short
/// enough for the searcher to need no preparation.
const HEAD_LENGTH_MAX: usize = 16;

/// How a needle is written down. In each of these ways reading is unambiguous: the escape
/// character always begins an escape, and every other byte stands for itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As it is.
    Plain,
    /// Each byte as it is or as `%XX` in either case, a space also as `+`.
    Percent,
    /// Each character as it is, as `\uXXXX` in either case, or by its short escape.
    Json,
}

/// How a text begins, seen from a needle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// With the whole needle, spelled in this many bytes.
    Whole(usize),
    /// The text is over, and so far it was the needle's beginning.
    Beginning,
    /// With something else.
    None,
}

/// The most bytes that the needle can take.
pub(super) fn spelled_length_max(needle: &[u8]) -> usize {
    needle.len() * ESCAPE_LENGTH_MAX
}

/// Whether a spelling of the needle can begin with this byte: a cheap answer for most places.
#[inline]
pub(super) fn may_begin(needle: &[u8], byte: u8) -> bool {
    needle.first() == Some(&byte) || matches!(byte, b'%' | b'+' | b'\\')
}

/// Adds every occurrence of the needle in any spelling, overlapping ones too. `escapes` is of the
/// same text.
pub(super) fn find(needle: &[u8], text: &[u8], escapes: Escapes, found: &mut Vec<Range<usize>>) {
    if text.len() < needle.len() {
        return;
    }
    find_plain(needle, text, found);
    if let Some(first) = escapes.percent {
        let next = |text: &[u8]| memchr2(b'%', b'+', text);
        find_escaped(
            Spelling::Percent,
            needle,
            text,
            first,
            found,
            next,
            percent_lead,
        );
    }
    if let Some(first) = escapes.json {
        let next = |text: &[u8]| memchr(b'\\', text);
        find_escaped(Spelling::Json, needle, text, first, found, next, json_lead);
    }
}

/// Where a text holds its first escape of each kind. Most texts hold none, and one look tells that
/// for all needles.
#[derive(Clone, Copy)]
pub(super) struct Escapes {
    percent: Option<usize>,
    json: Option<usize>,
}

impl Escapes {
    pub(super) fn of(text: &[u8]) -> Self {
        Self {
            percent: memchr2(b'%', b'+', text),
            json: memchr(b'\\', text),
        }
    }
}

fn find_plain(needle: &[u8], text: &[u8], found: &mut Vec<Range<usize>>) {
    let head = &needle[..needle.len().min(HEAD_LENGTH_MAX)];
    let finder = memmem::Finder::new(head);
    let mut from = 0;
    while let Some(offset) = finder.find(&text[from..]) {
        let start = from + offset;
        if text[start..].starts_with(needle) {
            found.push(start..start + needle.len());
        }
        from = start + 1;
    }
}

/// Occurrences that hold at least one escape. Before the first of its escapes an occurrence is
/// spelled plainly; so from each escape, looking at what it stands for, only the places remain
/// where the needle has that and the text before agrees.
fn find_escaped(
    spelling: Spelling,
    needle: &[u8],
    text: &[u8],
    first: usize,
    found: &mut Vec<Range<usize>>,
    next_escape: impl Fn(&[u8]) -> Option<usize>,
    lead: impl Fn(&[u8]) -> Option<u8>,
) {
    let mut next = Some(first);
    while let Some(escape) = next {
        if let Some(lead) = lead(&text[escape..]) {
            for plain in memchr_iter(lead, needle).take_while(|plain| *plain <= escape) {
                let start = escape - plain;
                if text[start..escape] == needle[..plain]
                    && let Fit::Whole(length) = spelling.fit(needle, &text[start..])
                {
                    found.push(start..start + length);
                }
            }
        }
        let after = escape + 1;
        next = next_escape(&text[after..]).map(|offset| after + offset);
    }
}

/// The byte that a percent escape stands for.
fn percent_lead(text: &[u8]) -> Option<u8> {
    match *text {
        [b'+', ..] => Some(b' '),
        [b'%', high, low, ..] => Some(hex_value(high)? << 4 | hex_value(low)?),
        _ => None,
    }
}

/// The first byte of the character that a JSON escape stands for.
fn json_lead(text: &[u8]) -> Option<u8> {
    match *text.get(1)? {
        b'u' => {
            let digits = text.get(2..6)?;
            let unit = digits.iter().try_fold(0, |unit, digit| {
                Some(unit << 4 | u16::from(hex_value(*digit)?))
            })?;
            Some(utf8_lead(unit))
        }
        b'b' => Some(0x8),
        b'f' => Some(0xc),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        other => Some(other),
    }
}

/// The first byte in UTF-8 of the character that is, or in UTF-16 begins with, this unit.
fn utf8_lead(unit: u16) -> u8 {
    let [high, low] = unit.to_be_bytes();
    match unit {
        0..=0x7f => low,
        0x80..=0x7ff => 0xc0 | high << 2 | low >> 6,
        // Characters beyond the first plane: their first byte takes the topmost bits of the code
        // point, which in a high surrogate are counted from 0x10000.
        0xd800..=0xdbff => {
            let [_, plane] = (((unit - 0xd800) >> 6) + 1).to_be_bytes();
            0xf0 | plane >> 2
        }
        _ => 0xe0 | high >> 4,
    }
}

impl Spelling {
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Percent, Self::Json];

    /// How the text begins if it is spelled this way.
    #[inline]
    pub(super) fn fit(self, needle: &[u8], text: &[u8]) -> Fit {
        match self {
            Self::Plain => prefix_fit(needle, text, <[u8]>::eq),
            Self::Percent => fit_percent(needle, text),
            Self::Json => fit_json(needle, text),
        }
    }
}

fn prefix_fit(spelled: &[u8], text: &[u8], eq: impl Fn(&[u8], &[u8]) -> bool) -> Fit {
    let shared = spelled.len().min(text.len());
    if !eq(&spelled[..shared], &text[..shared]) {
        Fit::None
    } else if shared == spelled.len() {
        Fit::Whole(shared)
    } else {
        Fit::Beginning
    }
}

fn fit_percent(needle: &[u8], text: &[u8]) -> Fit {
    let mut at = 0;
    for &byte in needle {
        match text.get(at) {
            None => return Fit::Beginning,
            Some(b'%') => {
                let spelled = [b'%', hex_digit(byte >> 4), hex_digit(byte & 0xf)];
                match prefix_fit(&spelled, &text[at..], <[u8]>::eq_ignore_ascii_case) {
                    Fit::Whole(length) => at += length,
                    other => return other,
                }
            }
            Some(&plain) if plain == byte || (plain == b'+' && byte == b' ') => at += 1,
            Some(_) => return Fit::None,
        }
    }
    Fit::Whole(at)
}

fn fit_json(needle: &[u8], text: &[u8]) -> Fit {
    let mut at = 0;
    let mut wanted = needle;
    while let Some(&byte) = wanted.first() {
        match text.get(at) {
            None => return Fit::Beginning,
            Some(b'\\') => {
                let Some(character) = first_character(wanted) else {
                    return Fit::None;
                };
                match fit_json_escape(character, &text[at..]) {
                    Fit::Whole(length) => at += length,
                    other => return other,
                }
                wanted = &wanted[character.len_utf8()..];
            }
            Some(&plain) if plain == byte => {
                at += 1;
                wanted = &wanted[1..];
            }
            Some(_) => return Fit::None,
        }
    }
    Fit::Whole(at)
}

fn fit_json_escape(character: char, text: &[u8]) -> Fit {
    let short = match character {
        '"' => Some(b'"'),
        '\\' => Some(b'\\'),
        '/' => Some(b'/'),
        '\u{8}' => Some(b'b'),
        '\u{c}' => Some(b'f'),
        '\n' => Some(b'n'),
        '\r' => Some(b'r'),
        '\t' => Some(b't'),
        _ => None,
    };
    if let Some(letter) = short {
        let fit = prefix_fit(&[b'\\', letter], text, <[u8]>::eq);
        if fit != Fit::None {
            return fit;
        }
    }
    let mut units = [0; 2];
    let mut spelled = [0; 2 * ESCAPE_LENGTH_MAX];
    let mut length = 0;
    for unit in character.encode_utf16(&mut units) {
        let [high, low] = unit.to_be_bytes();
        spelled[length..length + ESCAPE_LENGTH_MAX].copy_from_slice(&[
            b'\\',
            b'u',
            hex_digit(high >> 4),
            hex_digit(high & 0xf),
            hex_digit(low >> 4),
            hex_digit(low & 0xf),
        ]);
        length += ESCAPE_LENGTH_MAX;
    }
    prefix_fit(&spelled[..length], text, <[u8]>::eq_ignore_ascii_case)
}

/// The character that the bytes begin with, if they begin with one in UTF-8.
fn first_character(bytes: &[u8]) -> Option<char> {
    (1..=bytes.len().min(4))
        .find_map(|length| std::str::from_utf8(&bytes[..length]).ok()?.chars().next())
}

fn hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lead_of_a_character_is_its_first_byte() {
        for character in [
            '\0',
            'a',
            '\u{7f}',
            '\u{80}',
            '\u{7ff}',
            '\u{800}',
            '\u{d7ff}',
            '\u{e000}',
            '\u{ffff}',
            '\u{10000}',
            '\u{3ffff}',
            '\u{40000}',
            '\u{10ffff}',
        ] {
            let first_unit = character.encode_utf16(&mut [0; 2])[0];
            let first_byte = character.encode_utf8(&mut [0; 4]).as_bytes()[0];
            assert_eq!(utf8_lead(first_unit), first_byte, "{character:?}");
        }
    }
}

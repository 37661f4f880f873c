//! One text to look for, and the ways in which it may be spelled.

use std::ops::Range;

use memchr::{memchr, memchr2, memmem};

/// The longest spelling of one byte: `\u00XX`.
const ESCAPE_LENGTH_MAX: usize = 6;

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

/// Adds every occurrence of the needle in any spelling, overlapping ones too.
pub(super) fn find(needle: &[u8], text: &[u8], found: &mut Vec<Range<usize>>) {
    if text.len() < needle.len() {
        return;
    }
    find_plain(needle, text, found);
    let has_space = memchr(b' ', needle).is_some();
    let plus = if has_space { b'+' } else { b'%' };
    find_escaped(Spelling::Percent, needle, text, found, |text| {
        memchr2(b'%', plus, text)
    });
    find_escaped(Spelling::Json, needle, text, found, |text| {
        memchr(b'\\', text)
    });
}

fn find_plain(needle: &[u8], text: &[u8], found: &mut Vec<Range<usize>>) {
    let Some(first) = memmem::find(text, needle) else {
        return;
    };
    let finder = memmem::Finder::new(needle);
    let mut next = Some(first);
    while let Some(start) = next {
        found.push(start..start + needle.len());
        next = finder
            .find(&text[start + 1..])
            .map(|offset| start + 1 + offset);
    }
}

/// Occurrences that hold at least one escape. Before the first of its escapes an occurrence is
/// spelled plainly, so it begins less than the needle's length before that.
fn find_escaped(
    spelling: Spelling,
    needle: &[u8],
    text: &[u8],
    found: &mut Vec<Range<usize>>,
    next_escape: impl Fn(&[u8]) -> Option<usize>,
) {
    let mut untried = 0;
    let mut searched = 0;
    while let Some(offset) = next_escape(&text[searched..]) {
        let escape = searched + offset;
        for start in untried.max((escape + 1).saturating_sub(needle.len()))..=escape {
            if let Fit::Whole(length) = spelling.fit(needle, &text[start..]) {
                found.push(start..start + length);
            }
        }
        untried = escape + 1;
        searched = escape + 1;
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

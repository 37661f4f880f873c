//! Finding an agent key in a long text in one pass, however its escapes are nested.
//!
//! Reading every layer of escapes by itself copies the text for every order of their families. This
//! goes from the end of the text to its beginning instead, and notes for every place the characters
//! that may be read there and how much of a key they begin. The work is linear in the text.

use std::cell::Cell;

use crate::agent_key::{DIGITS, ENCODED_PREFIXES, MAY_SPELL, PREFIX, hex_value, sextet};

/// How many readings of one place are kept: the byte itself, and one for every layer of escapes.
const READINGS_MAX: usize = 8;

/// How many bytes one character may be spelled with: `\u0061` of which every character is escaped
/// twice in the same way has 216.
const CHARACTER_BYTES_MAX: usize = 512;

/// How many digits a character reference may have, as in [`crate::unescape`].
const REFERENCE_DIGITS_MAX: usize = 8;

/// How many base64 characters after an encoded prefix belong to nothing but the key, in the
/// alignment that has the fewest.
const ENCODED_DIGITS: u8 = 85;

/// The place in a group of four of the base64 character after each of [`ENCODED_PREFIXES`].
const PLACES_AFTER_PREFIX: [usize; 3] = [1, 2, 0];

/// The named references that matter for a key, without their `&`.
const NAMED: [(&[u8], u8); 3] = [(b"amp;", b'&'), (b"lowbar;", b'_'), (b"UnderBar;", b'_')];

#[expect(clippy::cast_possible_truncation, reason = "64")]
const ALL_DIGITS: u8 = DIGITS as u8;

/// Whether `text` holds an agent key in any spelling.
pub(crate) fn is_in(text: &[u8]) -> bool {
    Scan::new(text).finds_key()
}

pub(crate) struct Scan<'a> {
    text: &'a [u8],
    /// What is known of the places right after the current one; the place `at` is at `at` modulo
    /// [`CHARACTER_BYTES_MAX`].
    places: Vec<Place>,
    /// How many characters have been read: the work done.
    pub(crate) reads: Cell<usize>,
    /// The current place.
    at: usize,
}

/// What may be read at one place of the text.
#[derive(Clone, Copy)]
struct Place {
    readings: [Reading; READINGS_MAX],
    count: usize,
    plain: KeyEnd,
    /// Of a key in hexadecimal digits, two for each character.
    hex: KeyEnd,
    encoded: EncodedEnd,
}

const NO_KEY: KeyEnd = KeyEnd {
    digits: 0,
    prefix: 0,
};

const NO_ENCODED: EncodedEnd = EncodedEnd {
    digits: [0; 4],
    prefixes: [0; 3],
};

static NOTHING: Place = Place {
    readings: [Reading {
        character: 0,
        length: 0,
    }; READINGS_MAX],
    count: 0,
    plain: NO_KEY,
    hex: NO_KEY,
    encoded: NO_ENCODED,
};

/// A character and how many bytes it is spelled with.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reading {
    character: u8,
    length: u16,
}

/// The end of a key that begins at a place.
#[derive(Clone, Copy)]
struct KeyEnd {
    /// How many digits follow, at most [`DIGITS`].
    digits: u8,
    /// A bit for each number of characters of the prefix that come before all digits.
    prefix: u8,
}

/// The end of a key in base64 that begins at a place.
#[derive(Clone, Copy)]
struct EncodedEnd {
    /// How many characters of encoded digits follow, if the first has this place in its group.
    digits: [u8; 4],
    /// For each of [`ENCODED_PREFIXES`], a bit for every place in it from which on it is complete.
    prefixes: [u8; 3],
}

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            places: vec![NOTHING; CHARACTER_BYTES_MAX],
            reads: Cell::new(0),
            at: text.len(),
        }
    }

    pub(crate) fn finds_key(&mut self) -> bool {
        (0..self.text.len()).rev().any(|at| {
            self.at = at;
            let mut place = self.readings_at(at);
            for Reading { character, length } in place.readings.into_iter().take(place.count) {
                let end = at + usize::from(length);
                let next = self.place(end);
                place.plain.add(next.plain.after(character));
                place.encoded.add(next.encoded.after(character));
                let Some(high) = hex_value(character) else {
                    continue;
                };
                if let Some((low, end)) = self.digit(end) {
                    let pair = self.place(end).hex.after(high << 4 | low);
                    place.hex.add(pair);
                }
            }
            let slot = at % CHARACTER_BYTES_MAX;
            self.places[slot] = place;
            place.plain.is_key() || place.hex.is_key() || place.encoded.is_key()
        })
    }

    /// The characters that may be read at this place; those after it are known.
    fn readings_at(&self, at: usize) -> Place {
        let mut place = NOTHING;
        place.add(self.text[at], 1);
        let mut next = 0;
        while next < place.count {
            let Reading { character, length } = place.readings[next];
            next += 1;
            if !matches!(character, b'%' | b'\\' | b'&' | b'=' | 0) {
                continue;
            }
            self.reads.update(|reads| reads + 1);
            self.read_escape(&mut place, at, character, at + usize::from(length));
        }
        place
    }

    /// Adds what an escape that begins with `lead` and continues at `rest` stands for.
    fn read_escape(&self, place: &mut Place, at: usize, lead: u8, rest: usize) {
        match lead {
            b'%' => {
                self.add_number(place, at, rest, 2);
                if let Some(digits) = self.skip(rest, b'u').or_else(|| self.skip(rest, b'U')) {
                    self.add_number(place, at, digits, 4);
                }
            }
            b'\\' => self.read_backslash(place, at, rest),
            b'&' => self.read_reference(place, at, rest),
            b'=' => {
                self.add_number(place, at, rest, 2);
                let line_feed = self.skip(rest, b'\r').unwrap_or(rest);
                if let Some(end) = self.skip(line_feed, b'\n') {
                    self.add_all(place, at, end);
                }
            }
            0 => self.add_all(place, at, rest),
            _ => {}
        }
    }

    fn read_backslash(&self, place: &mut Place, at: usize, rest: usize) {
        for reading in self.place(rest).read() {
            let end = rest + usize::from(reading.length);
            match reading.character {
                b'u' => {
                    self.add_number(place, at, end, 4);
                    if let Some(digits) = self.skip(end, b'{') {
                        self.add_digits(place, at, digits, 16, Some(b'}'));
                    }
                }
                b'x' => self.add_number(place, at, end, 2),
                b'n' | b'r' | b't' => place.add(b'\n', end - at),
                b'\n' => self.add_all(place, at, end),
                other @ (b'/' | b'\\' | b'_') => place.add(other, end - at),
                _ => {}
            }
        }
    }

    fn read_reference(&self, place: &mut Place, at: usize, rest: usize) {
        for (name, character) in NAMED {
            let end = name
                .iter()
                .try_fold(rest, |end, letter| self.skip(end, *letter));
            if let Some(end) = end {
                place.add(character, end - at);
            }
        }
        let Some(number) = self.skip(rest, b'#') else {
            return;
        };
        match self.skip(number, b'x').or_else(|| self.skip(number, b'X')) {
            Some(digits) => self.add_digits(place, at, digits, 16, None),
            None => self.add_digits(place, at, number, 10, None),
        }
    }

    /// Adds the character whose number has exactly this many hexadecimal digits.
    fn add_number(&self, place: &mut Place, at: usize, digits: usize, count: usize) {
        let (mut number, mut end) = (0_u32, digits);
        for _ in 0..count {
            let Some((value, next)) = self.digit(end) else {
                return;
            };
            number = number << 4 | u32::from(value);
            end = next;
        }
        if let Ok(character) = u8::try_from(number) {
            place.add(character, end - at);
        }
    }

    /// Adds the characters whose numbers have some of the digits that follow, up to `close` if there
    /// is one, and else with a semicolon or without.
    fn add_digits(
        &self,
        place: &mut Place,
        at: usize,
        digits: usize,
        radix: u32,
        close: Option<u8>,
    ) {
        let (mut number, mut end) = (0_u32, digits);
        for _ in 0..REFERENCE_DIGITS_MAX {
            let Some((value, next)) = self.digit(end) else {
                return;
            };
            number = number * radix + u32::from(value);
            let Ok(character) = u8::try_from(number) else {
                return;
            };
            end = next;
            let closed = self.skip(end, close.unwrap_or(b';'));
            if let Some(end) = closed.or(close.is_none().then_some(end)) {
                place.add(character, end - at);
            }
        }
    }

    /// Adds what is read at `end`, because what is between stands for nothing.
    fn add_all(&self, place: &mut Place, at: usize, end: usize) {
        for reading in self.place(end).read() {
            place.add(reading.character, end - at + usize::from(reading.length));
        }
    }

    fn skip(&self, at: usize, character: u8) -> Option<usize> {
        self.reads.update(|reads| reads + 1);
        self.place(at)
            .read()
            .find(|reading| reading.character == character)
            .map(|reading| at + usize::from(reading.length))
    }

    fn digit(&self, at: usize) -> Option<(u8, usize)> {
        self.reads.update(|reads| reads + 1);
        self.place(at).read().find_map(|reading| {
            Some((
                hex_value(reading.character)?,
                at + usize::from(reading.length),
            ))
        })
    }

    /// What is known of a place after the current one: nothing at the end of the text, or farther
    /// away than one character reaches.
    fn place(&self, at: usize) -> &Place {
        if at < self.text.len() && at - self.at < CHARACTER_BYTES_MAX {
            &self.places[at % CHARACTER_BYTES_MAX]
        } else {
            &NOTHING
        }
    }
}

impl Place {
    fn read(&self) -> impl Iterator<Item = &Reading> {
        self.readings[..self.count].iter()
    }

    fn add(&mut self, character: u8, length: usize) {
        if length >= CHARACTER_BYTES_MAX {
            return;
        }
        let Ok(length) = u16::try_from(length) else {
            return;
        };
        let reading = Reading { character, length };
        if MAY_SPELL[usize::from(character)]
            && self.count < READINGS_MAX
            && !self.readings[..self.count].contains(&reading)
        {
            self.readings[self.count] = reading;
            self.count += 1;
        }
    }
}

impl KeyEnd {
    /// The same with a character before it.
    fn after(self, character: u8) -> Self {
        let digits = if character.is_ascii_hexdigit() {
            ALL_DIGITS.min(self.digits + 1)
        } else {
            0
        };
        let mut prefix = 0;
        if self.digits < ALL_DIGITS && self.prefix == 0 {
            return Self { digits, prefix };
        }
        for (before, expected) in PREFIX.bytes().rev().enumerate() {
            let is_next = if before == 0 {
                self.digits == ALL_DIGITS
            } else {
                self.prefix & 1 << (before - 1) != 0
            };
            if is_next && character.eq_ignore_ascii_case(&expected) {
                prefix |= 1 << before;
            }
        }
        Self { digits, prefix }
    }

    fn add(&mut self, other: Self) {
        self.digits = self.digits.max(other.digits);
        self.prefix |= other.prefix;
    }

    fn is_key(self) -> bool {
        self.prefix & 1 << (PREFIX.len() - 1) != 0
    }
}

impl EncodedEnd {
    /// The same with a character before it. Encoders break base64 into lines.
    fn after(self, character: u8) -> Self {
        if character.is_ascii_whitespace() {
            return self;
        }
        let mut end = NO_ENCODED;
        let Some(sextet) = sextet(character) else {
            return end;
        };
        let places = PLACES_OF_DIGITS[usize::from(sextet)];
        for place in 0..4 {
            if places & 1 << place != 0 {
                let next = self.digits[(place + 1) % 4];
                end.digits[place] = ENCODED_DIGITS.min(next + 1);
            }
        }
        if !self.digits.contains(&ENCODED_DIGITS) && self.prefixes == [0; 3] {
            return end;
        }
        for (which, (prefix, _)) in ENCODED_PREFIXES.iter().enumerate() {
            for (place, expected) in prefix.iter().enumerate() {
                let is_next = if place + 1 == prefix.len() {
                    self.digits[PLACES_AFTER_PREFIX[which]] == ENCODED_DIGITS
                } else {
                    self.prefixes[which] & 1 << (place + 1) != 0
                };
                if is_next && character == *expected {
                    end.prefixes[which] |= 1 << place;
                }
            }
        }
        end
    }

    fn add(&mut self, other: Self) {
        for (digits, others) in self.digits.iter_mut().zip(other.digits) {
            *digits = others.max(*digits);
        }
        for (prefix, others) in self.prefixes.iter_mut().zip(other.prefixes) {
            *prefix |= others;
        }
    }

    fn is_key(self) -> bool {
        self.prefixes.iter().any(|prefix| prefix & 1 != 0)
    }
}

/// For each value of a base64 character, a bit for every place of a group of four where the base64
/// of hexadecimal digits may have it. The `_` of the prefix may lie before the first digit.
const PLACES_OF_DIGITS: [u8; 64] = {
    let mut places = [0; 64];
    let mut sextet = 0;
    while sextet < 64_u8 {
        let first = matches!(sextet, 0x0c..=0x0e | 0x10 | 0x11 | 0x18 | 0x19);
        let second = matches!(sextet & 0x0f, 3 | 4 | 6);
        let third = sextet & 3 <= 1 && matches!(sextet >> 2, 0..=9 | 0x0f);
        let fourth = matches!(sextet, 0x30..=0x39 | 0x01..=0x06 | 0x21..=0x26);
        places[sextet as usize] =
            first as u8 | (second as u8) << 1 | (third as u8) << 2 | (fourth as u8) << 3;
        sextet += 1;
    }
    places
};

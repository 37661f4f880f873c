//! Finds an agent key in a long text in one pass, regardless of how its escapes are nested.
//!
//! Decoding layer by layer copies the text once for every order of escape families. This scan goes from
//! the end of the text to its beginning instead. For every position it records the characters that may
//! be read there, and how much of a key they begin. The work is linear in the length of the text.

use std::cell::Cell;

use super::form::{DIGITS, ENCODED_PREFIXES, MAY_SPELL, PREFIX, hex_value, sextet};

/// The readings that are kept per position: the byte itself, and one per layer of escapes.
const READINGS_MAX: usize = 8;

/// The length limit of one character's spelling, in bytes. `\u0061` with every character escaped twice
/// in the same way has 216.
const CHARACTER_BYTES_MAX: usize = 512;

/// The number of digits that a character reference may have, as in [`super::escapes`].
const REFERENCE_DIGITS_MAX: usize = 8;

/// The base64 characters after an encoded prefix that depend only on the key, in the alignment that
/// has the fewest.
const ENCODED_DIGITS: u8 = 85;

/// The position in a group of four of the base64 character after each of [`ENCODED_PREFIXES`].
const PLACES_AFTER_PREFIX: [usize; 3] = [1, 2, 0];

/// The named references that matter for a key, without their `&`.
const NAMED: [(&[u8], u8); 3] = [(b"amp;", b'&'), (b"lowbar;", b'_'), (b"UnderBar;", b'_')];

#[expect(clippy::cast_possible_truncation, reason = "64")]
const ALL_DIGITS: u8 = DIGITS as u8;

/// Returns whether `text` contains an agent key in any spelling.
pub(super) fn is_in(text: &[u8]) -> bool {
    Scan::new(text).finds_key()
}

pub(super) struct Scan<'a> {
    text: &'a [u8],
    /// The positions after the current one, as a ring: position `at` is at index `at` modulo
    /// [`CHARACTER_BYTES_MAX`].
    places: Vec<Place>,
    /// The number of characters that were read, which measures the work.
    pub(super) reads: Cell<usize>,
    /// The current position.
    at: usize,
}

/// The readings of one position of the text.
#[derive(Clone, Copy)]
struct Place {
    readings: [Reading; READINGS_MAX],
    count: usize,
    plain: KeyEnd,
    /// The end of a key as hexadecimal digits, two per character.
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

/// A character and the length of its spelling, in bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reading {
    character: u8,
    length: u16,
}

/// The end of a key that begins at a position.
#[derive(Clone, Copy)]
struct KeyEnd {
    /// How many digits follow, at most [`DIGITS`].
    digits: u8,
    /// A bit for each number of prefix characters that precede a full set of digits.
    prefix: u8,
}

/// The end of a key in base64 that begins at a position.
#[derive(Clone, Copy)]
struct EncodedEnd {
    /// The number of encoded digits that follow, for each position of the first one in its group.
    digits: [u8; 4],
    /// For each of [`ENCODED_PREFIXES`], a bit per position from which the prefix is complete.
    prefixes: [u8; 3],
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            places: vec![NOTHING; CHARACTER_BYTES_MAX],
            reads: Cell::new(0),
            at: text.len(),
        }
    }

    pub(super) fn finds_key(&mut self) -> bool {
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

    /// Returns the characters that may be read at this position. Later positions are already known.
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

    /// Adds the character of an escape that begins with `lead` and continues at `rest`.
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

    /// Adds a character for each prefix of the digits that follow: if `close` is given, only up to that
    /// character, otherwise with and without a semicolon.
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

    /// Adds the readings at `end`, because the bytes up to there decode to nothing.
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

    /// Returns the readings of a position after the current one: none at the end of the text, or beyond
    /// the reach of one character.
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
    /// Returns the end with one more character in front.
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
    /// Returns the end with one more character in front. Encoders break base64 into lines.
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

/// For each base64 value, a bit per position in a group of four where the encoding of hexadecimal digits
/// may have it. The `_` of the prefix may precede the first digit.
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

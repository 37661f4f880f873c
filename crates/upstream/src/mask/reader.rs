//! Reads text whose characters may be escaped, including escapes inside escapes.
//!
//! It is unknown which parser the text is for, so every family of escapes is read wherever it occurs:
//! percent-encoding, JSON, JavaScript and C escapes, character references, quoted-printable, and the zero
//! bytes of UTF-16 and UTF-32.

use std::cell::Cell;

use super::few::Few;
use super::named::NAMED;

/// How many layers of escapes are read. A client, a form and a proxy may each add one.
pub(super) const LAYERS_MAX: usize = 3;

/// The longest spelling of one character, in bytes. `\u0061` in which every character is spelled the same
/// way has 36.
pub(super) const CHARACTER_BYTES_MAX: usize = 64;

/// How many zero bytes follow an ASCII character in UTF-32.
const ZEROS_MAX: usize = 3;

/// The most digits of a character reference. `&#x10ffff;` needs six, and leading zeros may precede them.
const REFERENCE_DIGITS_MAX: usize = 8;

/// The widest indentation of a continued line. Encoders indent by a few characters at most.
const INDENTATION_MAX: usize = 32;

/// Returns whether an escape can begin with this byte.
#[inline]
pub(super) fn is_lead(byte: u8) -> bool {
    matches!(byte, b'%' | b'+' | b'\\' | b'&' | b'=')
}

/// A possible reading of the text at a position: a character, or nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reading {
    bytes: [u8; 4],
    count: u8,
    /// Where the text continues.
    pub(super) end: usize,
}

impl Reading {
    fn nothing(end: usize) -> Self {
        Self {
            end,
            ..Self::default()
        }
    }

    fn byte(byte: u8, end: usize) -> Self {
        Self {
            bytes: [byte, 0, 0, 0],
            count: 1,
            end,
        }
    }

    /// Returns the character with this number; `None` if there is none.
    fn code_point(number: u32, end: usize) -> Option<Self> {
        Some(Self::character(char::from_u32(number)?, end))
    }

    fn character(character: char, end: usize) -> Self {
        let mut bytes = [0; 4];
        let count = match character.encode_utf8(&mut bytes).len() {
            1 => 1,
            2 => 2,
            3 => 3,
            _ => 4,
        };
        Self { bytes, count, end }
    }

    /// Returns the character in UTF-8, or a single byte of it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.count)]
    }

    fn is(&self, byte: u8) -> bool {
        self.count == 1 && self.bytes[0] == byte
    }

    fn is_blank(&self) -> bool {
        self.is(b' ') || self.is(b'\t')
    }

    pub(super) fn is_line_end(&self) -> bool {
        self.is(b'\n') || self.is(b'\r')
    }
}

/// The most readings of one position. Millions of random spellings in three layers had at most 20.
pub(super) const READINGS_MAX: usize = 24;

/// The different readings of one position.
pub(super) type Readings = Few<Reading, READINGS_MAX>;

/// A text to read.
pub(super) struct Reader<'t> {
    pub(super) text: &'t [u8],
    /// Whether a read reached the end of the text. A `Cell`, because reads take `&self`.
    is_cut: Cell<bool>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            is_cut: Cell::new(false),
        }
    }

    /// Returns whether the end of the text has been reached since the last call, so that more text could
    /// change the result.
    pub(super) fn take_cut(&self) -> bool {
        self.is_cut.take()
    }

    /// Returns the character at this position, if there is no other way to read it.
    #[inline]
    pub(super) fn plain(&self, at: usize) -> Option<u8> {
        let byte = *self.text.get(at)?;
        let is_plain = if is_lead(byte) {
            !self.may_escape(at)
        } else {
            !matches!(byte, 0 | b'\r' | b'\n')
        };
        is_plain.then_some(byte)
    }

    /// Returns whether an escape may begin with the lead at this position, judging by the byte after it.
    #[inline]
    pub(super) fn may_escape(&self, at: usize) -> bool {
        let Some(next) = self.text.get(at + 1).copied() else {
            return true;
        };
        is_lead(next)
            || next == 0
            || match self.text[at] {
                b'%' => next.is_ascii_hexdigit() || next == b'u' || next == b'U',
                b'&' => next.is_ascii_alphabetic() || next == b'#',
                b'=' => next.is_ascii_hexdigit() || next == b'\r' || next == b'\n',
                b'\\' => next.is_ascii(),
                _ => true,
            }
    }

    /// Returns all readings of this position with up to `layers` layers of escapes.
    pub(super) fn read(&self, at: usize, layers: usize) -> Readings {
        let begin = self.after_zeros(at);
        let mut readings = Readings::default();
        let Some(byte) = self.get(begin) else {
            return readings;
        };
        readings.push(Reading::byte(byte, begin + 1));
        if layers == 0 || !is_lead(byte) || !self.may_escape(begin) {
            return readings;
        }
        // The result of an escape may be the lead of another one.
        let mut done = 0;
        for _ in 0..layers {
            let leads = readings;
            for lead in &leads.as_slice()[done..] {
                if let [byte] = *lead.bytes() {
                    self.read_escape(&mut readings, byte, begin, lead.end, layers - 1);
                }
            }
            done = leads.as_slice().len();
            if readings.as_slice().len() == done {
                break;
            }
        }
        readings
    }

    /// Returns the position after a line break that begins with `line_end`: a line feed may follow a
    /// carriage return, and the next line may be indented.
    pub(super) fn after_line_break(&self, line_end: &Reading) -> usize {
        let mut end = line_end.end;
        if line_end.is(b'\r') {
            end = self.skip(end, b'\n', LAYERS_MAX).unwrap_or(end);
        }
        for _ in 0..INDENTATION_MAX {
            let readings = self.read(end, LAYERS_MAX);
            let Some(blank) = readings.as_slice().iter().find(|next| next.is_blank()) else {
                break;
            };
            end = blank.end;
        }
        end
    }

    fn get(&self, at: usize) -> Option<u8> {
        let byte = self.text.get(at).copied();
        if byte.is_none() {
            self.is_cut.set(true);
        }
        byte
    }

    fn after_zeros(&self, at: usize) -> usize {
        let zeros = self.text.get(at..).unwrap_or_default().iter();
        at + zeros.take(ZEROS_MAX).take_while(|byte| **byte == 0).count()
    }

    /// Adds the readings of an escape that begins at `at` with `lead` and continues at `rest`.
    fn read_escape(&self, found: &mut Readings, lead: u8, at: usize, rest: usize, layers: usize) {
        let mut add = |reading: Option<Reading>| {
            if let Some(reading) = reading.filter(|one| one.end - at <= CHARACTER_BYTES_MAX) {
                found.push(reading);
            }
        };
        match lead {
            b'%' => {
                add(self.escaped_byte(rest, layers));
                if let Some(digits) = self.skip_any(rest, b"uU", layers) {
                    add(self.unit(digits, layers));
                }
            }
            b'+' => add(Some(Reading::byte(b' ', rest))),
            b'\\' => {
                for next in self.read(rest, layers).as_slice() {
                    self.read_backslash(&mut add, next, rest, layers);
                }
            }
            b'&' => self.read_reference(&mut add, rest, layers),
            b'=' => {
                add(self.escaped_byte(rest, layers));
                let line_feed = self.skip(rest, b'\r', layers).unwrap_or(rest);
                add(self.skip(line_feed, b'\n', layers).map(Reading::nothing));
            }
            _ => {}
        }
    }

    fn read_backslash(
        &self,
        add: &mut impl FnMut(Option<Reading>),
        next: &Reading,
        rest: usize,
        layers: usize,
    ) {
        let [letter] = *next.bytes() else {
            return;
        };
        let end = next.end;
        let short = match letter {
            b'u' => {
                add(self.unit(end, layers));
                add(self.skip(end, b'{', layers).and_then(|digits| {
                    let (number, end) = self.digits(digits, 16, layers).last()?;
                    Reading::code_point(number, self.skip(end, b'}', layers)?)
                }));
                return;
            }
            b'U' => {
                let number = self.number(end, 8, 16, layers);
                add(number.and_then(|(number, end)| Reading::code_point(number, end)));
                return;
            }
            b'x' => {
                add(self.escaped_byte(end, layers));
                let number = self.number(end, 2, 16, layers);
                add(number.and_then(|(number, end)| Reading::code_point(number, end)));
                return;
            }
            b'0'..=b'7' => {
                let number = self.number(rest, 3, 8, layers);
                add(number.and_then(|(number, end)| {
                    Some(Reading::byte(u8::try_from(number).ok()?, end))
                }));
                return;
            }
            b'\n' => {
                add(Some(Reading::nothing(end)));
                return;
            }
            b'a' => 0x7,
            b'b' => 0x8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 0xb,
            b'f' => 0xc,
            b'r' => b'\r',
            other if other.is_ascii_punctuation() || other == b' ' => other,
            _ => return,
        };
        add(Some(Reading::byte(short, end)));
    }

    fn read_reference(&self, add: &mut impl FnMut(Option<Reading>), rest: usize, layers: usize) {
        if let Some(digits) = self.skip(rest, b'#', layers) {
            let (digits, radix) = match self.skip_any(digits, b"xX", layers) {
                Some(digits) => (digits, 16),
                None => (digits, 10),
            };
            let numbers = self.digits(digits, radix, layers);
            // Leading zeros alone are not a character, and would fill the list of readings.
            for (number, end) in numbers.skip_while(|(number, _)| *number == 0) {
                let Some(character) = char::from_u32(number) else {
                    break;
                };
                // A caller that uses one reading gets the one that includes the semicolon.
                let closed = self.skip(end, b';', layers);
                add(closed.map(|end| Reading::character(character, end)));
                add(Some(Reading::character(character, end)));
            }
            return;
        }
        let Some((first, _)) = self.find(rest, layers, |byte| {
            byte.is_ascii_alphabetic().then_some(byte)
        }) else {
            return;
        };
        for (name, character) in NAMED.iter().filter(|(name, _)| name.as_bytes()[0] == first) {
            let end = name
                .bytes()
                .try_fold(rest, |end, letter| self.skip(end, letter, layers));
            add(end.map(|end| Reading::byte(*character, end)));
        }
    }

    /// Reads a byte that is written as two hexadecimal digits.
    fn escaped_byte(&self, digits: usize, layers: usize) -> Option<Reading> {
        let (number, end) = self.number(digits, 2, 16, layers)?;
        Some(Reading::byte(u8::try_from(number).ok()?, end))
    }

    /// Reads a UTF-16 code unit in four digits, and the next one if the character takes two.
    fn unit(&self, digits: usize, layers: usize) -> Option<Reading> {
        let (high, end) = self.number(digits, 4, 16, layers)?;
        if let Some(character) = char::from_u32(high) {
            return Some(Reading::character(character, end));
        }
        let low = self.skip_any(end, b"\\%", layers)?;
        let low = self.skip_any(low, b"uU", layers)?;
        let (low, end) = self.number(low, 4, 16, layers)?;
        let units = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
        let character = char::decode_utf16(units).next()?.ok()?;
        Some(Reading::character(character, end))
    }

    /// Reads a number of exactly `count` digits.
    fn number(&self, at: usize, count: usize, radix: u32, layers: usize) -> Option<(u32, usize)> {
        let digits = self.digits(at, radix, layers);
        digits
            .take(count)
            .enumerate()
            .last()
            .and_then(|(last, number)| (last + 1 == count).then_some(number))
    }

    /// Returns the numbers of the first digit, the first two digits and so on, and where each ends.
    fn digits(
        &self,
        at: usize,
        radix: u32,
        layers: usize,
    ) -> impl Iterator<Item = (u32, usize)> + '_ {
        let mut so_far = (0_u32, at);
        let digits = std::iter::from_fn(move || {
            let (number, at) = so_far;
            let (digit, end) = self.digit(at, radix, layers)?;
            so_far = (number.checked_mul(radix)?.checked_add(digit)?, end);
            Some(so_far)
        });
        digits.take(REFERENCE_DIGITS_MAX)
    }

    fn digit(&self, at: usize, radix: u32, layers: usize) -> Option<(u32, usize)> {
        self.find(at, layers, |byte| char::from(byte).to_digit(radix))
    }

    fn skip(&self, at: usize, wanted: u8, layers: usize) -> Option<usize> {
        self.skip_any(at, &[wanted], layers)
    }

    fn skip_any(&self, at: usize, wanted: &[u8], layers: usize) -> Option<usize> {
        self.find(at, layers, |byte| wanted.contains(&byte).then_some(()))
            .map(|((), end)| end)
    }

    /// Returns the first reading of a position that `test` accepts, and where it ends.
    fn find<T>(
        &self,
        at: usize,
        layers: usize,
        test: impl Fn(u8) -> Option<T>,
    ) -> Option<(T, usize)> {
        let at = self.after_zeros(at);
        let byte = self.get(at)?;
        if let Some(found) = test(byte) {
            return Some((found, at + 1));
        }
        if layers == 0 || !is_lead(byte) {
            return None;
        }
        self.read(at, layers).as_slice().iter().find_map(|reading| {
            let [byte] = *reading.bytes() else {
                return None;
            };
            Some((test(byte)?, reading.end))
        })
    }
}

//! Reads JSON, borrowing from the text where possible.

use thiserror::Error;

use super::{DEPTH_MAX, Member, Node, VALUES_MAX};
use crate::Arena;

/// The reason why bytes cannot be read as JSON. Offsets are in bytes from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JsonError {
    /// The bytes are not UTF-8.
    #[error("is not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// JSON does not allow this byte.
    #[error("is not JSON at byte {0}")]
    Unexpected(usize),
    /// Lists and maps within one another beyond the limit.
    #[error("nests deeper than {DEPTH_MAX} levels at byte {0}")]
    TooDeep(usize),
    /// More values than the limit.
    #[error("contains more than {VALUES_MAX} values")]
    TooMany,
}

impl<'a> Node<'a> {
    /// Reads one JSON value (RFC 8259) with nothing but white space around it.
    ///
    /// # Errors
    ///
    /// If the bytes are not JSON, nest deeper than [`DEPTH_MAX`], or have more than [`VALUES_MAX`]
    /// values.
    pub fn parse_json(body: &'a [u8], arena: &'a Arena) -> Result<Self, JsonError> {
        let text =
            std::str::from_utf8(body).map_err(|error| JsonError::NotUtf8(error.valid_up_to()))?;
        parse(text, arena)
    }

    /// Reads every JSON value at the beginning of a text, whatever follows them.
    pub(crate) fn leading_json(text: &'a str, arena: &'a Arena) -> Leading<'a> {
        leading(text, arena)
    }

    /// Reads one JSON value from a text, as [`parse_json`](Self::parse_json) does from bytes.
    pub fn of_json(text: &'a str, arena: &'a Arena) -> Result<Self, JsonError> {
        parse(text, arena)
    }

    /// Reads the JSON values of a text with one on each line that is not blank. The limit on values holds
    /// for all lines together.
    pub(crate) fn json_lines(text: &'a str, arena: &'a Arena) -> Result<Vec<Self>, JsonError> {
        let mut values = 0;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines
            .map(|line| parse_counted(line, arena, &mut values))
            .collect()
    }
}

fn parse<'a>(text: &'a str, arena: &'a Arena) -> Result<Node<'a>, JsonError> {
    parse_counted(text, arena, &mut 0)
}

/// Reads one value, and adds the values in it to a count.
fn parse_counted<'a>(
    text: &'a str,
    arena: &'a Arena,
    values: &mut usize,
) -> Result<Node<'a>, JsonError> {
    let mut reader = Reader {
        values: *values,
        ..Reader::of(text, arena)
    };
    let node = reader.value(0)?;
    *values = reader.values;
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.unexpected()),
    }
}

/// The values that a text begins with.
#[derive(Debug)]
pub(crate) struct Leading<'a> {
    /// The values.
    pub(crate) values: Vec<Node<'a>>,
    /// Where the last one ends, in bytes.
    pub(crate) end: usize,
    /// How far the text was read.
    pub(crate) reached: usize,
}

/// Reads the values at the start of a text, up to where it is no longer JSON. Many servers use the first
/// and ignore the rest.
fn leading<'a>(text: &'a str, arena: &'a Arena) -> Leading<'a> {
    let mut reader = Reader::of(text, arena);
    let (mut values, mut end) = (Vec::new(), 0);
    while reader.peek().is_some()
        && let Ok(value) = reader.value(0)
    {
        values.push(value);
        end = reader.at;
    }
    let reached = reader.at;
    Leading {
        values,
        end,
        reached,
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    values: usize,
    arena: &'a Arena,
    /// Items of the lists that are still open. Each list takes its own off the end when it closes,
    /// so that it comes into the arena once and in its exact size.
    items: Vec<Node<'a>>,
    /// The same for maps.
    members: Vec<Member<'a>>,
    /// The decoded start of a string with escapes.
    spelled: String,
}

impl<'a> Reader<'a> {
    fn of(text: &'a str, arena: &'a Arena) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            values: 0,
            arena,
            items: Vec::new(),
            members: Vec::new(),
            spelled: String::new(),
        }
    }

    fn unexpected(&self) -> JsonError {
        JsonError::Unexpected(self.at)
    }

    /// Returns the next byte other than white space, without consuming it.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, JsonError> {
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(JsonError::TooMany);
        }
        match self.peek() {
            Some(b'"') => self.string().map(Node::Text).ok_or(self.unexpected()),
            Some(b'{') => self.map(depth + 1),
            Some(b'[') => self.list(depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Node::Bool(true)),
            Some(b'f') => self.word("false", Node::Bool(false)),
            Some(b'n') => self.word("null", Node::Null),
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self, word: &str, node: Node<'a>) -> Result<Node<'a>, JsonError> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(node)
        } else {
            Err(self.unexpected())
        }
    }

    fn list(&mut self, depth: usize) -> Result<Node<'a>, JsonError> {
        self.open(depth)?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Node::List(&[]));
        }
        let first = self.items.len();
        loop {
            let item = self.value(depth)?;
            self.items.push(item);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    let items = self.arena.list(&self.items[first..]);
                    self.items.truncate(first);
                    return Ok(Node::List(items));
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node<'a>, JsonError> {
        self.open(depth)?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Node::Map(&[]));
        }
        let first = self.members.len();
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected());
            }
            let name = self.string().ok_or(self.unexpected())?;
            if self.peek() != Some(b':') {
                return Err(self.unexpected());
            }
            self.at += 1;
            let value = self.value(depth)?;
            self.members.push((name, value));
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    let members = self.arena.list(&self.members[first..]);
                    self.members.truncate(first);
                    return Ok(Node::Map(members));
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn open(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > DEPTH_MAX {
            return Err(JsonError::TooDeep(self.at));
        }
        self.at += 1;
        Ok(())
    }

    fn number(&mut self) -> Result<Node<'a>, JsonError> {
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Node::Number(&self.text[start..self.at]))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let rest = &self.bytes[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(self.unexpected());
        }
        self.at += digits;
        Ok(())
    }

    /// A string whose opening quote is next; None where it stops being one.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        self.at = start + plain(&self.bytes[start..]);
        match self.bytes.get(self.at)? {
            b'"' => {
                let text = &self.text[start..self.at];
                self.at += 1;
                Some(text)
            }
            b'\\' => self.escaped_string(start),
            _ => None,
        }
    }

    /// The rest of a string that has escapes in it. Apart, so that reading the others stays small.
    #[inline(never)]
    fn escaped_string(&mut self, start: usize) -> Option<&'a str> {
        self.spelled.clear();
        let mut copied = start;
        loop {
            self.spelled.push_str(&self.text[copied..self.at]);
            match self.bytes.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(self.arena.text(&self.spelled));
                }
                b'\\' => {
                    self.at += 1;
                    let escaped = self.escape()?;
                    self.spelled.push(escaped);
                }
                _ => return None,
            }
            copied = self.at;
            self.at += plain(&self.bytes[copied..]);
        }
    }

    fn escape(&mut self) -> Option<char> {
        let escape = *self.bytes.get(self.at)?;
        let c = match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode_escape();
            }
            _ => return None,
        };
        self.at += 1;
        Some(c)
    }

    fn unicode_escape(&mut self) -> Option<char> {
        let high = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high);
        }
        if !self.bytes[self.at..].starts_with(b"\\u") {
            return None;
        }
        self.at += 2;
        let low = self.four_digits()?;
        if !(0xdc00..0xe000).contains(&low) {
            return None;
        }
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self
                .bytes
                .get(self.at)
                .and_then(|byte| char::from(*byte).to_digit(16))?;
            value = value * 16 + digit;
            self.at += 1;
        }
        Some(value)
    }
}

/// How many bytes there are before the next quote, backslash or control character. They are looked at
/// eight at a time.
fn plain(bytes: &[u8]) -> usize {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (number, chunk) in chunks.iter().enumerate() {
        let marks = special(u64::from_le_bytes(*chunk));
        if marks != 0 {
            return 8 * number + marks.trailing_zeros() as usize / 8;
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    8 * chunks.len() + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// The high bit of each byte that is a quote, a backslash or a control character. Bytes above a
/// marked one may be marked wrongly, so only the lowest mark counts.
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(word ^ (ONES * 0x22));
    let backslash = zero(word ^ (ONES * 0x5c));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGHS
}

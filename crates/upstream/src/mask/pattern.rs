//! One text to search for, and its spellings in another text.

use std::ops::Range;

use memchr::{memchr_iter, memrchr2};
use zeroize::Zeroizing;

use super::few::Few;
use super::reader::{CHARACTER_BYTES_MAX, LAYERS_MAX, Reader, Reading};

/// How many characters of a pattern must match before a line break counts as inside it. After fewer, the
/// break is taken for the end of an ordinary line, so that a stream of lines need not wait for the next
/// line. The text after the break is found anyway.
const BEFORE_BREAK_MIN: usize = 3;

/// How many readings of a text are followed at the same time. A pattern that itself looks like an escape
/// has the most: eight with three layers of percent-encoding.
const STATES_MAX: usize = 16;

/// How far before a word the escape may begin that separates it from other text: `\u0022`.
const ESCAPE_BYTES_MAX: usize = 6;

/// The longest character in UTF-8, and the position before it.
const SLOTS: usize = 5;

/// The bytes of a pattern. A boxed slice is wiped once, and a vector twice: its bytes, and then its capacity.
pub(super) type Text = Zeroizing<Box<[u8]>>;

/// A text to search for.
pub(super) struct Pattern {
    text: Text,
    kind: Kind,
}

/// Where in a text a pattern counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anywhere.
    Text,
    /// Anywhere, and broken into lines, as encoders do with base64 and hexadecimal digits.
    Lines,
    /// By itself, and not inside a longer word.
    Word,
}

/// How a pattern matches a text at a position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fit {
    /// The match, if there is one.
    pub(super) whole: Option<Range<usize>>,
    /// The position from which more text could complete or extend a match.
    pub(super) open: Option<usize>,
}

/// A way to read the text up to a position.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct State {
    at: usize,
    /// Where the match begins. It excludes text before a line break that was taken for the end of a line.
    from: usize,
    is_after_break: bool,
}

type States = Few<State, STATES_MAX>;

impl Pattern {
    pub(super) fn new(text: Text, kind: Kind) -> Self {
        Self { text, kind }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn may_break(&self) -> bool {
        self.kind == Kind::Lines
    }

    /// Returns how many bytes before and after an occurrence decide whether it is one.
    pub(super) fn context_bytes(&self) -> usize {
        match self.kind {
            Kind::Word => ESCAPE_BYTES_MAX,
            Kind::Text | Kind::Lines => 0,
        }
    }

    /// Returns the same pattern in lower case.
    pub(super) fn to_lowercase(&self) -> Self {
        Self::new(
            Zeroizing::new(self.text.to_ascii_lowercase().into_boxed_slice()),
            self.kind,
        )
    }

    /// Returns the most bytes that a spelling of the pattern can take.
    pub(super) fn spelled_length_max(&self) -> usize {
        self.text.len() * CHARACTER_BYTES_MAX
    }

    /// Adds every occurrence without escapes that begins in `starts`.
    pub(super) fn find_plain(
        &self,
        text: &[u8],
        starts: Range<usize>,
        found: &mut Vec<Range<usize>>,
    ) {
        let (Some(first), Some(last_start)) =
            (self.text.first(), text.len().checked_sub(self.text.len()))
        else {
            return;
        };
        let end = starts.end.min(last_start + 1);
        let Some(beginnings) = text.get(starts.start..end) else {
            return;
        };
        for offset in memchr_iter(*first, beginnings) {
            let start = starts.start + offset;
            let range = start..start + self.text.len();
            if text[range.clone()] == **self.text && self.may_be_at(text, &range) {
                found.push(range);
            }
        }
    }

    /// Matches the pattern against the text at `start`.
    pub(super) fn fit(&self, reader: &Reader<'_>, start: usize) -> Fit {
        let mut plain = 0;
        while let Some(wanted) = self.text.get(plain) {
            match reader.plain(start + plain) {
                Some(byte) if byte == *wanted => plain += 1,
                Some(_) => return Fit::default(),
                None => return self.fit_from(reader, start, plain),
            }
        }
        self.in_context(
            reader,
            Fit {
                whole: Some(start..start + plain),
                open: None,
            },
        )
    }

    /// Drops a match inside a longer word. At the end of the text, more text could be the rest of the word.
    fn in_context(&self, reader: &Reader<'_>, mut fit: Fit) -> Fit {
        if self.kind != Kind::Word {
            return fit;
        }
        if let Some(range) = &fit.whole
            && range.end == reader.text.len()
        {
            fit.open = Some(fit.open.map_or(range.start, |open| open.min(range.start)));
        }
        fit.whole = fit.whole.filter(|range| self.may_be_at(reader.text, range));
        fit
    }

    /// Returns whether the pattern counts in this part of a text.
    fn may_be_at(&self, text: &[u8], range: &Range<usize>) -> bool {
        self.kind != Kind::Word
            || !(ends_in_word(&text[..range.start])
                || text.get(range.end).is_some_and(|byte| is_of_word(*byte)))
    }

    /// Continues a match after `plain` characters that are spelled plainly; the next one is not.
    fn fit_from(&self, reader: &Reader<'_>, start: usize, plain: usize) -> Fit {
        let mut fit = Fit::default();
        let mut slots = [States::default(); SLOTS];
        slots[plain % SLOTS].push(State {
            at: start + plain,
            from: start,
            is_after_break: false,
        });
        let mut last = plain;
        for (index, wanted) in self.text.iter().enumerate().skip(plain) {
            if index > last {
                return fit;
            }
            let mut states = std::mem::take(&mut slots[index % SLOTS]);
            let mut next = 0;
            while let Some(state) = states.get(next) {
                next += 1;
                let mut forward = |bytes: usize, at: usize| {
                    last = last.max(index + bytes);
                    slots[(index + bytes) % SLOTS].push(State {
                        at,
                        is_after_break: false,
                        ..state
                    });
                };
                if let Some(plain) = reader.plain(state.at) {
                    if plain == *wanted {
                        forward(1, state.at + 1);
                    }
                    continue;
                }
                let readings = reader.read(state.at, LAYERS_MAX);
                if reader.take_cut() {
                    fit.open = Some(fit.open.map_or(state.from, |open| open.min(state.from)));
                }
                for reading in readings.as_slice() {
                    if !reading.bytes().is_empty() {
                        if self.text[index..].starts_with(reading.bytes()) {
                            forward(reading.bytes().len(), reading.end);
                        }
                    } else if index > 0 {
                        states.push(State {
                            at: reading.end,
                            ..state
                        });
                    }
                    let breaks = self.may_break() && index > 0 && !state.is_after_break;
                    if breaks && reading.is_line_end() {
                        states.push(state.after_break(reader, reading, index));
                        // If this reaches the end of the text, so does the next read.
                        reader.take_cut();
                    }
                }
            }
        }
        let ends = slots[self.text.len() % SLOTS].as_slice();
        fit.whole = ends
            .iter()
            .map(|state| state.from..state.at)
            .reduce(|one, other| one.start.min(other.start)..one.end.max(other.end));
        self.in_context(reader, fit)
    }
}

/// Returns whether a byte continues a word or an identifier, such as `contest-5` or `guest_id`.
pub(super) fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Returns whether a text ends inside a word. An escape at its end, whose last character is a letter or a
/// digit, counts as the end of one: what it stands for is not known.
fn ends_in_word(text: &[u8]) -> bool {
    let tail = &text[text.len().saturating_sub(ESCAPE_BYTES_MAX)..];
    tail.last().is_some_and(|byte| is_of_word(*byte))
        && memrchr2(b'\\', b'%', tail).is_none()
        && !matches!(tail, [.., b'=', high, low]
            if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

impl State {
    /// Returns the state after a line break that follows `index` characters of the pattern.
    fn after_break(self, reader: &Reader<'_>, line_end: &Reading, index: usize) -> Self {
        let at = reader.after_line_break(line_end);
        Self {
            at,
            from: if index < BEFORE_BREAK_MIN {
                at
            } else {
                self.from
            },
            is_after_break: true,
        }
    }
}

//! One text to look for, and where it is spelled in another one.

use std::ops::Range;

use memchr::memmem;
use zeroize::Zeroizing;

use super::few::Few;
use super::reader::{CHARACTER_BYTES_MAX, LAYERS_MAX, Reader, Reading};

/// How much of a needle is searched for before the rest is compared: enough to be rare, and short
/// enough for the searcher to need no preparation.
const HEAD_LENGTH_MAX: usize = 16;

/// How many characters of a needle tell that a line break after them is inside it. After fewer of them
/// it is taken for the end of an ordinary line, so that a stream of lines need not wait for the next
/// one; what follows the break is found all the same.
const BEFORE_BREAK_MIN: usize = 3;

/// How many readings of a text are followed at once. A needle that looks like an escape itself has the
/// most: with three layers of percent-encoding, eight.
const STATES_MAX: usize = 16;

/// The longest character in UTF-8, and the place before it.
const SLOTS: usize = 5;

/// A text to look for.
pub(super) struct Needle {
    text: Zeroizing<Vec<u8>>,
    /// Whether it may be broken into lines, as encoders do with base64 and hexadecimal digits.
    may_break: bool,
}

/// How a text looks from a place on, seen from a needle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fit {
    /// Where the needle is, if it is there.
    pub(super) whole: Option<Range<usize>>,
    /// From where on more text could make it the needle, or more of it.
    pub(super) open: Option<usize>,
}

/// A way to read the text up to a place.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct State {
    at: usize,
    /// Where the needle begins. What comes before a break that was taken for the end of a line does
    /// not count.
    from: usize,
    is_after_break: bool,
}

type States = Few<State, STATES_MAX>;

impl Needle {
    pub(super) fn new(text: Zeroizing<Vec<u8>>, may_break: bool) -> Self {
        Self { text, may_break }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn may_break(&self) -> bool {
        self.may_break
    }

    /// The same in lower case.
    pub(super) fn to_lowercase(&self) -> Self {
        Self::new(
            Zeroizing::new(self.text.to_ascii_lowercase()),
            self.may_break,
        )
    }

    /// The most bytes that it can take.
    pub(super) fn spelled_length_max(&self) -> usize {
        self.text.len() * CHARACTER_BYTES_MAX
    }

    /// Adds every occurrence that is spelled plainly.
    pub(super) fn find_plain(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let head = &self.text[..self.text.len().min(HEAD_LENGTH_MAX)];
        let finder = memmem::Finder::new(head);
        let mut from = 0;
        while let Some(offset) = finder.find(&text[from..]) {
            let start = from + offset;
            if text[start..].starts_with(&self.text) {
                found.push(start..start + self.text.len());
            }
            from = start + 1;
        }
    }

    /// How the text looks from `start` on.
    pub(super) fn fit(&self, reader: &Reader<'_>, start: usize) -> Fit {
        let mut plain = 0;
        while let Some(wanted) = self.text.get(plain) {
            match reader.plain(start + plain) {
                Some(byte) if byte == *wanted => plain += 1,
                Some(_) => return Fit::default(),
                None => return self.fit_from(reader, start, plain),
            }
        }
        Fit {
            whole: Some(start..start + plain),
            open: None,
        }
    }

    /// The same where so many characters are spelled plainly, and the next one is not.
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
                    let breaks = self.may_break && index > 0 && !state.is_after_break;
                    if breaks && reading.is_line_end() {
                        states.push(state.after_break(reader, reading, index));
                        // Where this meets the end of the text, so does what is read next.
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
        fit
    }
}

impl State {
    /// The state when the line has been broken after so many characters of the needle.
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

//! A set of patterns and their occurrences in a text.

use std::ops::Range;
use std::sync::OnceLock;

use memchr::{memchr_iter, memchr2_iter, memchr3_iter};

use super::few::Few;
use super::pattern::{Fit, Pattern};
use super::prefilter::Prefilter;
use super::reader::{LAYERS_MAX, READINGS_MAX, Reader, Reading, is_lead};
use super::sampler::{SAMPLE_BYTES, Sampler};

/// A set of patterns.
pub(super) struct Patterns {
    all: Vec<Pattern>,
    /// The length of the shortest pattern, in bytes.
    shortest: usize,
    prefilter: OnceLock<Prefilter>,
    sampler: OnceLock<Sampler>,
}

/// Up to this length of a text, such as the value of a header, making a sampler takes longer than comparing every
/// pattern wherever its first byte is.
const SHORT_TEXT_BYTES_MAX: usize = 256;

/// How much of a text is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decided {
    /// More text cannot change the result before this position.
    pub(super) until: usize,
    /// Text from this position on is needed to find later matches.
    pub(super) context_from: usize,
}

impl Patterns {
    pub(super) fn new(all: Vec<Pattern>) -> Self {
        let lengths = all.iter().map(|pattern| pattern.text().len());
        Self {
            shortest: lengths.min().unwrap_or(0),
            all,
            prefilter: OnceLock::new(),
            sampler: OnceLock::new(),
        }
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Pattern> {
        self.all.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns every occurrence in any spelling, including overlapping ones.
    pub(super) fn occurrences(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        // No spelling of a pattern is shorter than the pattern.
        if self.all.is_empty() || text.len() < self.shortest {
            return found;
        }
        self.find_plain(text, &mut found);
        let search = Search {
            patterns: self,
            reader: Reader::new(text),
        };
        for at in memchr2_iter(b'%', b'+', text).chain(memchr3_iter(b'\\', b'&', b'=', text)) {
            search.at_escape(at, &mut found);
        }
        for at in memchr_iter(0, text) {
            search.at_zero(at, &mut found);
        }
        if self.all.iter().any(Pattern::may_break) {
            for at in memchr2_iter(b'\n', b'\r', text) {
                search.at_line_end(at, &mut found);
            }
        }
        found
    }

    /// Adds every occurrence without escapes.
    fn find_plain(&self, text: &[u8], found: &mut Vec<Range<usize>>) {
        let mut find_in = |starts: Range<usize>| {
            for pattern in &self.all {
                pattern.find_plain(text, starts.clone(), found);
            }
        };
        if text.len() <= SHORT_TEXT_BYTES_MAX || self.shortest < SAMPLE_BYTES {
            return find_in(0..text.len());
        }
        let sampler = self
            .sampler
            .get_or_init(|| Sampler::new(&self.all, self.shortest));
        sampler.for_each_candidate(text, find_in);
    }

    /// Returns how much of the text is decided if more of it will follow.
    pub(super) fn decided(&self, text: &[u8]) -> Decided {
        let mut decided = Decided {
            until: text.len(),
            context_from: text.len(),
        };
        if text.is_empty() || self.all.is_empty() {
            return decided;
        }
        let reader = Reader::new(text);
        let prefilter = self.prefilter();
        let reach = self.all.iter().map(Pattern::spelled_length_max).max();
        let first = text.len().saturating_sub(reach.unwrap_or(0));
        for at in first..text.len() {
            let begins = begins(&reader, prefilter, at);
            if reader.take_cut() {
                decided.until = decided.until.min(at);
                decided.context_from = decided.context_from.min(at);
                break;
            }
            if begins.as_slice().is_empty() {
                continue;
            }
            for pattern in &self.all {
                let first = pattern.text().first();
                if !begins.as_slice().iter().any(|begin| first == Some(begin)) {
                    continue;
                }
                let Fit {
                    open: Some(open), ..
                } = pattern.fit(&reader, at)
                else {
                    continue;
                };
                decided.until = decided.until.min(open);
                decided.context_from = decided.context_from.min(at);
            }
            if decided.until <= at {
                break;
            }
        }
        // The text before a word decides whether it is a whole one.
        let context = self.all.iter().map(Pattern::context_bytes).max();
        let context_from = decided.until.saturating_sub(context.unwrap_or(0));
        decided.context_from = decided.context_from.min(context_from);
        decided
    }

    fn prefilter(&self) -> &Prefilter {
        self.prefilter.get_or_init(|| Prefilter::new(&self.all))
    }
}

/// A search for occurrences that contain an escape. Up to its first escape an occurrence is spelled
/// plainly. So at each escape, a pattern is tried only if it continues with the escaped character and the
/// text before agrees.
struct Search<'n, 't> {
    patterns: &'n Patterns,
    reader: Reader<'t>,
}

impl Search<'_, '_> {
    fn at_escape(&self, at: usize, found: &mut Vec<Range<usize>>) {
        if self.reader.plain(at).is_some() {
            return;
        }
        let readings = self.reader.read(at, LAYERS_MAX);
        // The first reading is the lead itself.
        for reading in readings.as_slice().iter().skip(1) {
            match reading.bytes() {
                [] => self.continued(at, reading.end, found),
                [first] => self.beginnings(at, *first, self.reader.plain(reading.end), true, found),
                [first, ..] => self.beginnings(at, *first, None, true, found),
            }
            if reading.is_line_end() {
                self.broken(at, reading, found);
            }
        }
    }

    fn at_zero(&self, at: usize, found: &mut Vec<Range<usize>>) {
        if at > 0 && self.reader.text[at - 1] != 0 {
            self.continued(at, at, found);
        }
    }

    fn at_line_end(&self, at: usize, found: &mut Vec<Range<usize>>) {
        let readings = self.reader.read(at, 0);
        for reading in readings.as_slice() {
            self.broken(at, reading, found);
        }
    }

    fn broken(&self, at: usize, line_end: &Reading, found: &mut Vec<Range<usize>>) {
        self.continued(at, self.reader.after_line_break(line_end), found);
    }

    /// Handles a position `at` that means nothing, after which a pattern continues at `next`.
    fn continued(&self, at: usize, next: usize, found: &mut Vec<Range<usize>>) {
        let mut firsts = Few::<u8, READINGS_MAX>::default();
        for reading in self.reader.read(next, LAYERS_MAX).as_slice() {
            if let [first, ..] = reading.bytes() {
                firsts.push(*first);
            }
        }
        for first in firsts.as_slice() {
            self.beginnings(at, *first, None, false, found);
        }
    }

    /// Tries patterns of which a part, plainly spelled, is before `at`, and which continue with `next`,
    /// and then with `after` if that is known. Unless `may_begin_here`, the position means nothing, and a
    /// part before it is required.
    fn beginnings(
        &self,
        at: usize,
        next: u8,
        after: Option<u8>,
        may_begin_here: bool,
        found: &mut Vec<Range<usize>>,
    ) {
        let prefilter = self.patterns.prefilter();
        let text = self.reader.text;
        let before = at.checked_sub(1).map(|before| text[before]);
        let begins = may_begin_here && prefilter.may_begin_with(next);
        let continues = before.is_some_and(|before| prefilter.may_hold(before, next));
        if !(begins || continues) || !prefilter.may_continue(next, after) {
            return;
        }
        for pattern in self.patterns.iter() {
            let wanted = pattern.text();
            for plain in memchr_iter(next, wanted).take_while(|plain| *plain <= at) {
                let start = at - plain;
                if (plain > 0 || may_begin_here)
                    && text[start..at] == wanted[..plain]
                    && let Some(range) = pattern.fit(&self.reader, start).whole
                {
                    found.push(range);
                }
            }
        }
    }
}

/// Returns the bytes with which a pattern may begin at a position.
fn begins(reader: &Reader<'_>, prefilter: &Prefilter, at: usize) -> Few<u8, READINGS_MAX> {
    let mut begins = Few::default();
    let may_begin = |byte: u8, next: usize| {
        prefilter.may_begin_with(byte) && prefilter.may_continue(byte, reader.plain(next))
    };
    let byte = reader.text[at];
    if !is_lead(byte) || reader.plain(at).is_some() {
        if may_begin(byte, at + 1) {
            begins.push(byte);
        }
        return begins;
    }
    for reading in reader.read(at, LAYERS_MAX).as_slice() {
        match *reading.bytes() {
            [] => {}
            [byte] if !may_begin(byte, reading.end) => {}
            [byte, ..] => begins.push(byte),
        }
    }
    begins
}

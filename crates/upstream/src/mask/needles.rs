//! Everything that is looked for in a text, and where it occurs.

use std::ops::Range;
use std::sync::OnceLock;

use memchr::{memchr_iter, memchr2_iter, memchr3_iter};

use super::few::Few;
use super::needle::{Fit, Needle};
use super::reader::{LAYERS_MAX, Reader, Reading, is_lead};
use super::sieve::Sieve;

/// A set of needles.
pub(super) struct Needles {
    all: Vec<Needle>,
    sieve: OnceLock<Sieve>,
}

/// How much of a text is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decided {
    /// More text cannot change what is before this place.
    pub(super) until: usize,
    /// From here on the text belongs to what may be found later.
    pub(super) context_from: usize,
}

impl Needles {
    pub(super) fn new(all: Vec<Needle>) -> Self {
        Self {
            all,
            sieve: OnceLock::new(),
        }
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Needle> {
        self.all.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Every occurrence in any spelling, overlapping ones too.
    pub(super) fn occurrences(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for needle in &self.all {
            needle.find_plain(text, &mut found);
        }
        let search = Search {
            needles: self,
            reader: Reader::new(text),
        };
        for at in memchr2_iter(b'%', b'+', text).chain(memchr3_iter(b'\\', b'&', b'=', text)) {
            search.at_escape(at, &mut found);
        }
        for at in memchr_iter(0, text) {
            search.at_zero(at, &mut found);
        }
        if self.all.iter().any(Needle::may_break) {
            for at in memchr2_iter(b'\n', b'\r', text) {
                search.at_line_end(at, &mut found);
            }
        }
        found
    }

    /// How much of the text is decided, if more of it is to come.
    pub(super) fn decided(&self, text: &[u8]) -> Decided {
        let mut decided = Decided {
            until: text.len(),
            context_from: text.len(),
        };
        if text.is_empty() || self.all.is_empty() {
            return decided;
        }
        let reader = Reader::new(text);
        let sieve = self.sieve();
        let reach = self.all.iter().map(Needle::spelled_length_max).max();
        let first = text.len().saturating_sub(reach.unwrap_or(0));
        for at in first..text.len() {
            let begins = begins(&reader, sieve, at);
            if reader.take_cut() {
                decided.until = decided.until.min(at);
                decided.context_from = decided.context_from.min(at);
                break;
            }
            if begins.as_slice().is_empty() {
                continue;
            }
            for needle in &self.all {
                let first = needle.text().first();
                if !begins.as_slice().iter().any(|begin| first == Some(begin)) {
                    continue;
                }
                let Fit {
                    open: Some(open), ..
                } = needle.fit(&reader, at)
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
        decided
    }

    fn sieve(&self) -> &Sieve {
        self.sieve.get_or_init(|| Sieve::new(&self.all))
    }
}

/// A search for occurrences that are not spelled plainly throughout. Before the first place that is not
/// plain an occurrence is. So from each such place, looking at what it stands for, only the beginnings
/// remain where the needle continues with that and the text before agrees.
struct Search<'n, 't> {
    needles: &'n Needles,
    reader: Reader<'t>,
}

impl Search<'_, '_> {
    fn at_escape(&self, at: usize, found: &mut Vec<Range<usize>>) {
        if self.reader.plain(at).is_some() {
            return;
        }
        let readings = self.reader.read(at, LAYERS_MAX);
        // The first one is the lead itself.
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

    /// Where what is at `at` stands for nothing, and a needle continues with what is at `next`.
    fn continued(&self, at: usize, next: usize, found: &mut Vec<Range<usize>>) {
        let mut firsts = Few::<u8, 4>::default();
        for reading in self.reader.read(next, LAYERS_MAX).as_slice() {
            if let [first, ..] = reading.bytes() {
                firsts.push(*first);
            }
        }
        for first in firsts.as_slice() {
            self.beginnings(at, *first, None, false, found);
        }
    }

    /// Looks for needles of which a part, plainly spelled, is before `at`, and which continue with
    /// `next`, and then with `after` if that is known.
    fn beginnings(
        &self,
        at: usize,
        next: u8,
        after: Option<u8>,
        may_begin_here: bool,
        found: &mut Vec<Range<usize>>,
    ) {
        let sieve = self.needles.sieve();
        let text = self.reader.text;
        let before = at.checked_sub(1).map(|before| text[before]);
        let begins = may_begin_here && sieve.may_begin_with(next);
        let continues = before.is_some_and(|before| sieve.may_hold(before, next));
        if !(begins || continues) || !sieve.may_continue(next, after) {
            return;
        }
        for needle in self.needles.iter() {
            let wanted = needle.text();
            for plain in memchr_iter(next, wanted).take_while(|plain| *plain <= at) {
                let start = at - plain;
                if (plain > 0 || may_begin_here)
                    && text[start..at] == wanted[..plain]
                    && let Some(range) = needle.fit(&self.reader, start).whole
                {
                    found.push(range);
                }
            }
        }
    }
}

/// The bytes that needles may begin with at a place.
fn begins(reader: &Reader<'_>, sieve: &Sieve, at: usize) -> Few<u8, 4> {
    let mut begins = Few::default();
    let may_begin = |byte: u8, next: usize| {
        sieve.may_begin_with(byte) && sieve.may_continue(byte, reader.plain(next))
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

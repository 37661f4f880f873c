//! The words, numbers, addresses, identifiers and dates in an intent.

use std::borrow::Cow;
use std::cell::OnceCell;

use gaiterguard_domain::effect::Effect;
use gaiterguard_text::char_classes::CharClasses;
use gaiterguard_text::pairs::Pairs;
use gaiterguard_text::words::{self, Stem, Stems, stem};

use crate::effect_set::EffectSet;
use crate::lexicon;

/// The stated purpose of a request. Most requests are reads, which are not compared with their intent, so
/// it is parsed on first use.
#[derive(Debug)]
pub(crate) struct Intent<'a> {
    text: &'a str,
    intent_words: OnceCell<IntentWords<'a>>,
}

impl<'a> Intent<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            intent_words: OnceCell::new(),
        }
    }

    pub(crate) fn words(&self) -> &IntentWords<'a> {
        self.intent_words.get_or_init(|| IntentWords::of(self.text))
    }
}

/// An intent, taken apart once so that everything in a request can be looked up in it.
#[derive(Debug, Default)]
pub(crate) struct IntentWords<'a> {
    text: &'a str,
    words: Vec<IntentWord<'a>>,
    pairs: Pairs,
    stems: Stems,
    concepts: u64,
    asked: EffectSet,
    looks: bool,
    orders: bool,
    numbers: Vec<f64>,
    /// Whole numbers and the stem of the word before them, as in "issue 17".
    numbered: Vec<(Stem, &'a str)>,
    emails: Vec<&'a str>,
    identifiers: Vec<&'a str>,
    hosts: Vec<&'a str>,
    dates: Vec<Date>,
}

/// A word of an intent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IntentWord<'a> {
    pub(crate) text: &'a str,
    pub(crate) stem: Stem,
    /// Whether it begins a clause: a mark such as a comma separates it from the word before.
    pub(crate) begins_clause: bool,
}

/// A day; the year where it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: Option<u16>,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Whether a byte is one of the marks between clauses.
fn is_clause_mark(byte: u8) -> bool {
    matches!(byte, b',' | b'.' | b';' | b':' | b'!' | b'?' | b'\n')
}

/// About how many bytes of an intent a word takes: an English word has some five letters, and a
/// space.
const WORD_BYTES: usize = 6;

impl<'a> IntentWords<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let mut intent_words = Self {
            text,
            pairs: Pairs::of(text),
            ..Self::default()
        };
        intent_words.stems.reserve(text.len() / WORD_BYTES);
        intent_words.words.reserve(text.len() / WORD_BYTES);
        let mut before = None;
        let mut may_be_order = true;
        let mut end_before = 0;
        for word in words::of_text(text) {
            let stem = stem(word);
            let start = word.as_ptr().addr() - text.as_ptr().addr();
            intent_words.words.push(IntentWord {
                text: word,
                stem,
                begins_clause: text.as_bytes()[end_before..start]
                    .iter()
                    .any(|byte| is_clause_mark(*byte)),
            });
            end_before = start + word.len();
            let said = lexicon::said(stem);
            intent_words.orders |= (may_be_order || !said.is_ambiguous) && !said.asked.is_empty();
            intent_words.stems.insert(stem);
            intent_words.concepts |= lexicon::concepts(stem);
            intent_words.asked.extend(said.asked);
            intent_words.looks |= said.looks;
            may_be_order = said.leads_to_order;
            if word.bytes().all(|byte| byte.is_ascii_digit()) {
                intent_words
                    .numbered
                    .push((before.unwrap_or_default(), word));
            }
            before = Some(stem);
        }
        intent_words.read_tokens();
        intent_words
    }

    /// Everything that is not just words: it is cut at white space.
    fn read_tokens(&mut self) {
        let mut month: Option<u8> = None;
        let mut day: Option<u8> = None;
        // Words written in capitals are often codes of bookings and symbols.
        let mut capitals = Vec::new();
        for token in self.text.split_whitespace() {
            let token = trim(token);
            let classes = CharClasses::of(token);
            if classes.is_capitals() && token.len() >= 3 {
                capitals.push(token);
            }
            let named = month_named(token);
            if let Some(number) = named {
                month = Some(number);
                if let Some(day) = day.take() {
                    self.dates.push(Date {
                        year: None,
                        month: number,
                        day,
                    });
                }
                continue;
            }
            if classes.has_at() && token.len() > 1 {
                if token.trim_start_matches('@').contains('@') {
                    self.emails.push(token);
                }
                self.identifiers.push(token.trim_start_matches('@'));
            } else if classes.may_have_host() && is_host(token) {
                self.hosts.push(host_of(token));
            }
            if !classes.has_digit() {
                month = None;
                continue;
            }
            if let Some(date) = Date::read(token) {
                self.dates.push(date);
                continue;
            }
            let ordinal = ["st", "nd", "rd", "th"]
                .iter()
                .find_map(|ending| token.strip_suffix(ending));
            if let Ok(number) = ordinal.unwrap_or(token).parse::<u16>() {
                match (month, u8::try_from(number)) {
                    (Some(month), Ok(day @ 1..=31)) => {
                        self.dates.push(Date {
                            year: None,
                            month,
                            day,
                        });
                        continue;
                    }
                    _ if number > 1900
                        && number < 2200
                        && self.dates.last().is_some_and(|date| date.year.is_none()) =>
                    {
                        if let Some(date) = self.dates.last_mut() {
                            date.year = Some(number);
                        }
                        continue;
                    }
                    (_, Ok(1..=31)) => day = u8::try_from(number).ok(),
                    _ => day = None,
                }
            }
            // Read as a number, a code such as `4e98712` is infinite, and every amount is as near to that.
            // Amounts are compared in cents too.
            if let Some(number) = number(token).filter(|number| (number * 100.0).is_finite()) {
                self.numbers.push(number);
            }
            if token.len() >= 3 && token.bytes().any(|byte| byte.is_ascii_alphabetic())
                || token.len() >= 6
            {
                self.identifiers.push(token.trim_start_matches('#'));
            }
        }
        self.identifiers.extend(capitals);
    }

    /// The words, in order.
    pub(crate) fn words(&self) -> impl Iterator<Item = IntentWord<'a>> {
        self.words.iter().copied()
    }

    /// The stems of the words, in order.
    pub(crate) fn stems(&self) -> impl Iterator<Item = Stem> {
        self.words.iter().map(|word| word.stem)
    }

    /// Whether there are no words.
    pub(crate) fn is_empty(&self) -> bool {
        self.stems.is_empty()
    }

    pub(crate) fn has(&self, stem: Stem) -> bool {
        self.stems.contains(&stem)
    }

    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.has(stem(word))
    }

    pub(crate) fn concepts(&self) -> u64 {
        self.concepts
    }

    /// Whether it asks for an effect of this kind.
    pub(crate) fn asks_for(&self, effect: Effect) -> bool {
        self.asked.contains(effect)
    }

    /// Whether it asks to look at something and for nothing to be done.
    pub(crate) fn only_looks(&self) -> bool {
        self.looks && !self.orders
    }

    pub(crate) fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    pub(crate) fn emails(&self) -> &[&'a str] {
        &self.emails
    }

    pub(crate) fn identifiers(&self) -> &[&'a str] {
        &self.identifiers
    }

    pub(crate) fn dates(&self) -> &[Date] {
        &self.dates
    }

    /// Whether it contains this text as whole words, whatever the case.
    pub(crate) fn names(&self, literal: &str) -> bool {
        let literal = literal.trim_start_matches(['#', '@', '$']);
        if literal.is_empty() || !self.pairs.may_hold(literal) {
            return false;
        }
        let (haystack, pattern) = (self.text.as_bytes(), literal.as_bytes());
        let (lower, upper) = (
            pattern[0].to_ascii_lowercase(),
            pattern[0].to_ascii_uppercase(),
        );
        // The ends are checked first: a run of one letter would be compared at each of its letters.
        memchr::memchr2_iter(lower, upper, haystack).any(|at| {
            let end = at + pattern.len();
            bounded(haystack, at.checked_sub(1))
                && bounded(haystack, Some(end))
                && haystack
                    .get(at..end)
                    .is_some_and(|found| found.eq_ignore_ascii_case(pattern))
        })
    }

    /// Whether the intent names this host, or a host or an e-mail address that contains it.
    pub(crate) fn names_host(&self, host: &str) -> bool {
        let host = host.trim_start_matches("www.");
        self.hosts.iter().chain(&self.emails).any(|known| {
            let known = known.to_ascii_lowercase();
            known.match_indices(host).any(|(at, _)| {
                // Whole labels: `pal.example` is not in `paypal.example`.
                let before = known[..at].chars().next_back();
                let after = known[at + host.len()..].chars().next();
                matches!(before, None | Some('.' | '@')) && matches!(after, None | Some('.'))
            })
        }) || self.names(host)
    }

    /// Whether it gives any whole number.
    pub(crate) fn has_numbered(&self) -> bool {
        !self.numbered.is_empty()
    }

    /// The number that the intent gives after a word, if it gives only others than this one.
    pub(crate) fn other_number(&self, after: Stem, number: &str) -> Option<&'a str> {
        let mut other = None;
        for (word, given) in &self.numbered {
            if *word == after {
                if *given == number {
                    return None;
                }
                other = Some(*given);
            }
        }
        other
    }
}

/// Whether a name could end here.
fn bounded(text: &[u8], at: Option<usize>) -> bool {
    at.and_then(|at| text.get(at))
        .is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
}

/// A token without the marks of the sentence around it.
fn trim(token: &str) -> &str {
    token
        .trim_matches(|c: char| {
            !c.is_alphanumeric() && !matches!(c, '#' | '@' | '$' | '€' | '£' | '_' | '/')
        })
        .trim_end_matches(['/', '_', '\''])
}

/// The month that a word names, in full or by its first three letters.
fn month_named(word: &str) -> Option<u8> {
    let start = word.as_bytes().first_chunk::<3>()?.map(|byte| byte | 0x20);
    let at = MONTHS
        .iter()
        .position(|name| name.as_bytes().first_chunk() == Some(&start))?;
    let is_whole = word.len() == 3 || MONTHS[at].eq_ignore_ascii_case(word);
    is_whole.then(|| u8::try_from(at + 1).ok()).flatten()
}

/// An amount as people write it: with a sign of money, thousands' commas, a percent sign.
pub(crate) fn number(token: &str) -> Option<f64> {
    let bare = token
        .trim_start_matches(['$', '€', '£', '#'])
        .trim_end_matches(['$', '€', '£', '%', '.']);
    if !bare.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = if bare.contains(',') {
        Cow::Owned(bare.replace(',', ""))
    } else {
        Cow::Borrowed(bare)
    };
    match digits.strip_suffix(['k', 'K']) {
        Some(thousands) => thousands.parse::<f64>().ok().map(|value| value * 1000.0),
        None => digits.parse().ok(),
    }
}

fn is_host(token: &str) -> bool {
    token.contains("://")
        || token.starts_with("www.")
        || token.rsplit_once('.').is_some_and(|(name, last)| {
            last.len() >= 2
                && last.bytes().all(|byte| byte.is_ascii_alphabetic())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        })
}

/// The host of an address, with or without its scheme.
pub(crate) fn host_of(address: &str) -> &str {
    let behind = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = behind.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

impl Date {
    /// A date as `2024-05-20`, with anything behind it, or `12/24/2026`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut pieces = text.splitn(3, ['-', '/']);
        let (first, second, third) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let third: &str = &third[..third.bytes().take_while(u8::is_ascii_digit).count()];
        let (year, month, day) = if first.len() == 4 {
            (first, second, third)
        } else if third.len() == 4 {
            (third, first, second)
        } else {
            return None;
        };
        let date = Self {
            year: Some(year.parse().ok()?),
            month: month.parse().ok()?,
            day: day.parse().ok()?,
        };
        ((1..=12).contains(&date.month) && (1..=31).contains(&date.day)).then_some(date)
    }

    /// Whether the two may be the same day.
    pub(crate) fn may_be(self, other: Self) -> bool {
        let same_year = self.year.is_none() || other.year.is_none() || self.year == other.year;
        same_year && self.month == other.month && self.day == other.day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_is_taken_apart() {
        let intent = "Refund $1,200.50 to bob@x.example for order #W9284598 on May 15th, 2024, then \
             close issue 17 and say 'Thanks for waiting' at www.shop.example";
        let intent_words = IntentWords::of(intent);
        assert!(intent_words.numbers().contains(&1200.5));
        assert_eq!(intent_words.emails(), ["bob@x.example"]);
        assert!(intent_words.identifiers().contains(&"W9284598"));
        let day = Date {
            year: Some(2024),
            month: 5,
            day: 15,
        };
        assert_eq!(intent_words.dates(), [day]);
        assert!(intent_words.names("#w9284598") && !intent_words.names("W928459"));
        assert!(intent_words.names_host("shop.example") && intent_words.names_host("x.example"));
        assert!(!intent_words.names_host("hop.example") && !intent_words.names_host("shop.exam"));
        assert_eq!(intent_words.other_number(stem("issues"), "18"), Some("17"));
        assert_eq!(intent_words.other_number(stem("issues"), "17"), None);
        assert!(intent_words.asks_for(Effect::Pay) && !intent_words.only_looks());
        assert!(IntentWords::of("How many unread mails are there?").only_looks());
        assert_eq!(IntentWords::of("Pay 20 for 4e98712").numbers(), [20.0]);
    }

    #[test]
    fn dates_are_read_as_people_and_programs_write_them() {
        let day = Date {
            year: Some(2026),
            month: 12,
            day: 24,
        };
        for text in ["2026-12-24", "2026-12-24T10:00:00Z", "12/24/2026"] {
            assert_eq!(Date::read(text), Some(day), "{text}");
        }
        assert_eq!(Date::read("2026-13-24"), None);
        assert!(day.may_be(Date { year: None, ..day }));
    }
}

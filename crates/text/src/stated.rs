//! The quantities that an intent states, in digits or in words, each with the words around it.

use crate::quantities;

/// The seconds of a day.
pub const DAY: f64 = 86_400.0;

/// A unit of time: its name, the words for it, its abbreviations after digits, and its seconds. A month and a year have
/// more than one length.
struct Unit {
    name: &'static str,
    words: &'static str,
    short: &'static str,
    seconds: (f64, f64),
}

/// The units of time, from the shortest to the longest.
const UNITS: [Unit; 9] = [
    Unit {
        name: "millisecond",
        words: "millisecond milliseconds millis milli msec msecs ms",
        short: "ms",
        seconds: (0.001, 0.001),
    },
    Unit {
        name: "second",
        words: "second seconds sec secs sekunde sekunden seconde secondes segundo segundos",
        short: "s",
        seconds: (1.0, 1.0),
    },
    Unit {
        name: "minute",
        words: "minute minutes min mins minuten minuto minutos",
        short: "m",
        seconds: (60.0, 60.0),
    },
    Unit {
        name: "hour",
        words: "hour hours hr hrs stunde stunden heure heures hora horas",
        short: "h",
        seconds: (3600.0, 3600.0),
    },
    Unit {
        name: "day",
        words: "day days tag tage tagen jour jours día días dia dias",
        short: "d",
        seconds: (DAY, DAY),
    },
    Unit {
        name: "week",
        words: "week weeks wk wks woche wochen semaine semaines semana semanas",
        short: "w",
        seconds: (7.0 * DAY, 7.0 * DAY),
    },
    Unit {
        name: "fortnight",
        words: "fortnight fortnights",
        short: "",
        seconds: (14.0 * DAY, 14.0 * DAY),
    },
    Unit {
        name: "month",
        words: "month months monat monate monaten mois mes meses",
        short: "mo",
        seconds: (28.0 * DAY, 31.0 * DAY),
    },
    Unit {
        name: "year",
        words: "year years yr yrs jahr jahre jahren año años",
        short: "y",
        seconds: (360.0 * DAY, 366.0 * DAY),
    },
];

/// A length of time in seconds, from the least to the most that it may be.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

impl Span {
    fn plus(self, other: Self) -> Self {
        Self {
            least: self.least + other.least,
            most: self.most + other.most,
        }
    }

    /// Whether two lengths may be the same, with a small difference for rounding.
    pub fn may_be(self, other: Self) -> bool {
        const ROUNDING: f64 = 1.05;
        self.least <= other.most * ROUNDING && other.least <= self.most * ROUNDING
    }
}

/// The length of so many of a unit that a word names.
pub fn span(number: f64, unit: &str) -> Option<Span> {
    let unit = UNITS.iter().find(|known| known.name == unit)?;
    let (least, most) = unit.seconds;
    Some(Span {
        least: number * least,
        most: number * most,
    })
}

/// The name of the unit of time that a word in lower case names.
pub fn unit_named(word: &str) -> Option<&'static str> {
    let unit = UNITS
        .iter()
        .find(|unit| unit.words.split(' ').any(|known| known == word))?;
    Some(unit.name)
}

/// Reads numbers with their units, without spaces between or with: `1h30m`, `90 days`, `3600s`.
pub fn compact(text: &str) -> Option<Span> {
    let mut rest = text.trim();
    let mut sum: Option<Span> = None;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let behind = rest[digits..].trim_start();
        let letters = behind
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(behind.len());
        let unit = &behind[..letters];
        let known = UNITS
            .iter()
            .find(|known| !unit.is_empty() && known.short == unit)
            .map(|known| known.name)
            .or_else(|| unit_named(unit))?;
        let one = span(number, known)?;
        sum = Some(sum.map_or(one, |sum| sum.plus(one)));
        rest = behind[letters..].trim_start();
    }
    sum
}

/// Says a length of time as people do: `a year`, `10 minutes`, `about 1.5 hours`.
pub fn spoken(seconds: f64) -> String {
    const SPOKEN: [(&str, f64); 6] = [
        ("year", 365.0 * DAY),
        ("month", 30.0 * DAY),
        ("day", DAY),
        ("hour", 3600.0),
        ("minute", 60.0),
        ("second", 1.0),
    ];
    let exact = SPOKEN.iter().find(|(_, length)| {
        let count = seconds / length;
        count >= 1.0 && (count - count.round()).abs() < 1e-9 && *length != 30.0 * DAY
    });
    if let Some((unit, length)) = exact.filter(|(_, length)| seconds / length < 1000.0) {
        return counted(seconds / length, unit);
    }
    let rough = SPOKEN.iter().find(|(_, length)| seconds / length >= 1.0);
    let (unit, length) = rough.unwrap_or(&("second", 1.0));
    let count = (seconds / length * 10.0).round() / 10.0;
    format!("about {}", counted(count, unit))
}

/// So many of a unit: `an hour`, `2 hours`.
pub fn counted(count: f64, unit: &str) -> String {
    match (count, unit) {
        (1.0, "hour") => "an hour".to_owned(),
        (1.0, _) => format!("a {unit}"),
        _ => format!("{count} {unit}s"),
    }
}

/// A length of time by ISO 8601, as in `P7D` and `PT2H30M`.
pub fn iso(text: &str) -> Option<Span> {
    let body = text.strip_prefix('P')?;
    let (days, clock) = body.split_once('T').unwrap_or((body, ""));
    let mut spelled = String::new();
    for (part, units) in [(days, "y mo w d"), (clock, "h m s")] {
        for c in part.chars() {
            let lower = c.to_ascii_lowercase();
            let is_month = lower == 'm' && units.starts_with('y');
            if is_month {
                spelled.push_str("mo");
            } else if c.is_ascii_digit() || c == '.' || units.contains(lower) {
                spelled.push(lower);
            } else {
                return None;
            }
        }
    }
    (!spelled.is_empty()).then(|| compact(&spelled)).flatten()
}

/// A number that is a time of this century in seconds or milliseconds since 1970.
pub fn time_of_number(number: f64) -> Option<f64> {
    match number {
        1e9..4.2e9 => Some(number),
        1e12..4.2e12 => Some(number / 1000.0),
        _ => None,
    }
}

/// The only length of time in a query or an expression, and the part that gives it: `date_add('month', -10, …)`,
/// `interval '10 years'`, `now-90d`, `ago(30d)`.
pub fn in_query(written: &str) -> Option<(Span, String)> {
    const CALLS: &[&str] = &[
        "date_add(",
        "dateadd(",
        "date_sub(",
        "datesub(",
        "timestampadd(",
        "timestamp_sub(",
        "timestamp_add(",
    ];
    let text = &written.to_lowercase();
    let mut found: Vec<(Span, String)> = Vec::new();
    let is_mark = |c: char| matches!(c, '\'' | '"' | ' ' | '(');
    for call in CALLS {
        for (at, _) in text.match_indices(call) {
            let own = &text[at + call.len()..];
            let mut args = own.split(',');
            let (unit, count) = (args.next().unwrap_or(""), args.next().unwrap_or(""));
            let unit = unit_named(unit.trim_matches(is_mark));
            let number = count.trim().parse::<f64>().ok();
            if let (Some(unit), Some(number)) = (unit, number)
                && let Some(span) = span(number.abs(), unit)
            {
                let length = own
                    .match_indices(',')
                    .nth(1)
                    .map_or(own.len(), |(at, _)| at);
                let end = at + call.len() + length;
                found.push((span, text[at..end].to_owned()));
            }
        }
    }
    for (at, word) in text.match_indices("interval ") {
        let own = &text[at + word.len()..];
        let mut words = own.split(is_mark).filter(|word| !word.is_empty());
        let (number, unit) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let unit = unit.trim_matches(|c: char| !c.is_alphabetic());
        if let (Some(unit), Ok(count)) = (unit_named(unit), number.parse::<f64>())
            && let Some(span) = span(count.abs(), unit)
        {
            found.push((span, format!("interval {number} {unit}s")));
        }
    }
    for start in ["now-", "now+", "ago("] {
        for (at, _) in text.match_indices(start) {
            let own = &text[at + start.len()..];
            let end = own
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(own.len());
            // In date math, `M` is a month and `m` a minute.
            let is_month = written
                .get(at + start.len()..at + start.len() + end)
                .is_some_and(|part| part.ends_with('M'));
            let length = if is_month {
                format!("{}o", &own[..end])
            } else {
                own[..end].to_owned()
            };
            if let Some(span) = compact(&length) {
                found.push((span, text[at..at + start.len() + end].to_owned()));
            }
        }
    }
    let first = found.first()?.0;
    let is_same = found.iter().all(|(span, _)| span.may_be(first));
    found.pop().filter(|_| is_same)
}

/// Says a length. A month and a year have more than one.
pub fn spoken_of(span: Span) -> String {
    let (least, most) = (span.least / DAY, span.most / DAY);
    let years = most / 366.0;
    let months = most / 31.0;
    let is_whole = |count: f64| count >= 1.0 && (count - count.round()).abs() < 1e-6;
    if is_whole(years) && least < most {
        counted(years, "year")
    } else if is_whole(months) && least < most {
        counted(months, "month")
    } else {
        spoken(most * DAY)
    }
}

/// How a quantity limits others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It is exactly that.
    Exactly,
    /// It is at most that.
    AtMost,
    /// It is at least that.
    AtLeast,
}

/// A quantity that the intent states.
#[derive(Debug)]
pub struct Stated<'a> {
    /// The number; negative after a sign.
    pub number: f64,
    /// As the intent has it, with its unit if it is a time.
    pub phrase: &'a str,
    /// Its length, if it is a time.
    pub span: Option<Span>,
    /// How it limits others.
    pub bound: Bound,
    /// The words before it in lower case, the nearest first.
    pub before: Vec<String>,
    /// The words after it, in lower case.
    pub after: Vec<String>,
    /// Whether it is one end of a range or one of several choices.
    pub is_range: bool,
    /// Whether it is joined to the next word, as in `two-hour`.
    pub is_joined: bool,
}

/// The words that are kept on each side.
const WORDS_AROUND: usize = 4;

/// The most quantities that are read. An intent with more is a list whose items each fit something.
const STATED_MAX: usize = 12;

struct Token<'a> {
    text: &'a str,
    lower: String,
    start: usize,
    end: usize,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(char::is_alphanumeric).map(|n| n + at) {
        let mut end = start;
        let mut rest = text[start..].chars().peekable();
        while let Some(c) = rest.next() {
            let joins = matches!(c, '.' | ',')
                && text[..end].ends_with(|c: char| c.is_ascii_digit())
                && rest.peek().is_some_and(char::is_ascii_digit);
            if !c.is_alphanumeric() && !joins {
                break;
            }
            end += c.len_utf8();
        }
        tokens.push(Token {
            text: &text[start..end],
            lower: text[start..end].to_lowercase(),
            start,
            end,
        });
        at = end;
    }
    tokens
}

/// A number in digits, as people write it.
fn digits(token: &str) -> Option<f64> {
    if !token.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let is_grouped = token
        .split(',')
        .skip(1)
        .all(|group| group.split('.').next().is_some_and(|one| one.len() == 3));
    let plain = if is_grouped {
        token.replace(',', "")
    } else {
        token.replace(',', ".")
    };
    plain.parse().ok()
}

/// Returns the number that begins at a token, and how many tokens it has.
fn number_at(tokens: &[Token<'_>], text: &str) -> Option<(f64, usize)> {
    const ARTICLES: &[&str] = &[
        "a", "an", "ein", "eine", "einen", "un", "une", "una", "um", "uma",
    ];
    let word = |at: usize| tokens.get(at).map_or("", |token| token.lower.as_str());
    let adjoins = |at: usize| {
        tokens.get(at).is_some_and(|token| {
            matches!(
                &text[tokens[at - 1].end..token.start],
                " " | "-" | " and " | "\u{a0}"
            )
        })
    };
    if let Some(number) = digits(word(0)) {
        return Some((number, 1));
    }
    let scale = |word: &str| match word {
        "dozen" => Some(12.0),
        "hundred" => Some(100.0),
        "thousand" => Some(1000.0),
        _ => None,
    };
    let is_article = ARTICLES.contains(&word(0));
    if word(0) == "half" && ARTICLES.contains(&word(1)) {
        if let Some(scale) = scale(word(2)) {
            return Some((scale / 2.0, 3));
        }
        return unit_named(word(2)).map(|_| (0.5, 2));
    }
    if is_article {
        if let Some(scale) = scale(word(1)) {
            return Some((scale, 2));
        }
        return unit_named(word(1)).map(|_| (1.0, 1));
    }
    let first = quantities::written(word(0)).or_else(|| scale(word(0)))?;
    let (mut number, mut taken) = (first, 1);
    let is_tens = (20.0..100.0).contains(&first) && first % 10.0 == 0.0;
    if is_tens
        && adjoins(1)
        && let Some(ones) = quantities::written(word(1)).filter(|ones| *ones < 10.0)
    {
        (number, taken) = (first + ones, 2);
    }
    if adjoins(taken)
        && let Some(scale) = scale(word(taken))
    {
        (number, taken) = (number * scale, taken + 1);
    }
    Some((number, taken))
}

/// Returns the quantities that an intent states.
pub fn in_intent(text: &str) -> Vec<Stated<'_>> {
    let tokens = tokens(text);
    let mut found: Vec<Stated<'_>> = Vec::new();
    let mut at = 0;
    // The number of the last token of the quantity before.
    let mut last = usize::MAX;
    while at < tokens.len() && found.len() < STATED_MAX {
        let token = &tokens[at];
        let before = &text[..token.start];
        let one = token
            .text
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| compact(&token.lower))
            .flatten();
        let (mut number, mut width, mut length) = match (one, number_at(&tokens[at..], text)) {
            (Some(length), _) => (length.least, 1, Some(length)),
            (None, Some((number, width))) => (number, width, None),
            (None, None) => {
                at += 1;
                continue;
            }
        };
        let behind = &text[tokens[at + width - 1].end..];
        // Codes, dates, versions, times of day, amounts of money and shares are read elsewhere.
        let sign = before.ends_with(['-', '−'])
            && before[..before.len() - before.chars().next_back().map_or(0, char::len_utf8)]
                .chars()
                .next_back()
                .is_none_or(|c| c.is_whitespace() || c == '(');
        let is_digits = token.text.starts_with(|c: char| c.is_ascii_digit());
        let is_code = before.ends_with(['#', '/', ':', '_', '@', '.', '$', '€', '£', '¥', '+'])
            || before.ends_with(['-', '−']) && !sign
            || behind.starts_with(['/', ':', '_', '@', '%', '€', '$', '£'])
            || behind.trim_start().starts_with('%');
        let next = tokens.get(at + width);
        let gap = next.map_or("", |next| &text[tokens[at + width - 1].end..next.start]);
        if length.is_none()
            && matches!(gap, " " | "-" | "\u{a0}" | "‑")
            && let Some(unit) = next.and_then(|next| unit_named(&next.lower))
        {
            length = span(number, unit);
            width += 1;
            // `an hour and a half`
            let end: Vec<&str> = tokens[at + width..]
                .iter()
                .take(3)
                .map(|token| token.lower.as_str())
                .collect();
            if end == ["and", "a", "half"] {
                number += 0.5;
                length = span(number, unit);
                width += 3;
            }
        }
        let is_joined = gap == "-" && length.is_none();
        let is_choice = |word: Option<&Token<'_>>| {
            word.is_some_and(|word| matches!(word.lower.as_str(), "to" | "or" | "bis"))
        };
        let is_number = |at: usize| {
            tokens
                .get(at..)
                .is_some_and(|rest| number_at(rest, text).is_some_and(|(_, _)| !rest.is_empty()))
        };
        let is_range = is_choice(tokens.get(at + width)) && is_number(at + width + 1)
            || at >= 2 && is_choice(tokens.get(at - 1)) && last == at - 2
            || matches!(gap, "-" | "–" | " - " | " – ") && is_number(at + width);
        // `two-factor` is not a count.
        let is_word = is_joined && !is_range;
        if is_code
            || is_word
            || is_digits && behind.starts_with('-') && is_range && length.is_none()
        {
            at += width;
            continue;
        }
        let before: Vec<String> = tokens[..at]
            .iter()
            .rev()
            .take(WORDS_AROUND)
            .map(|token| token.lower.clone())
            .collect();
        let after: Vec<String> = tokens[at + width..]
            .iter()
            .take(WORDS_AROUND)
            .map(|token| token.lower.clone())
            .collect();
        let end = tokens[at + width - 1].end;
        // `2 hours 30 minutes`
        if let (Some(length), Some(known)) = (length, found.last_mut())
            && let Some(other) = known.span
            && last != usize::MAX
            && (last + 1 == at || last + 2 == at && tokens[at - 1].lower == "and")
            && other.least > length.most
        {
            let start = known.phrase.as_ptr().addr() - text.as_ptr().addr();
            known.span = Some(other.plus(length));
            known.phrase = &text[start..end];
            known.after = after;
        } else {
            let start = if sign {
                token.start
                    - text[..token.start]
                        .chars()
                        .next_back()
                        .map_or(0, char::len_utf8)
            } else {
                token.start
            };
            found.push(Stated {
                number: if sign { -number } else { number },
                phrase: &text[start..end],
                span: length,
                bound: bound(&before),
                before,
                after,
                is_range,
                is_joined: length.is_some() && (gap == "-" || gap == "‑"),
            });
        }
        at += width;
        last = at - 1;
    }
    if found.len() == STATED_MAX {
        found.clear();
    }
    found
}

/// How the words before a quantity, the nearest first, limit it.
fn bound(before: &[String]) -> Bound {
    let pair = |second: &str, first: &str| {
        before.first().is_some_and(|word| word == first)
            && before.get(1).is_some_and(|word| word == second)
    };
    let first = before.first().map_or("", String::as_str);
    if pair("up", "to")
        || pair("at", "most")
        || pair("no", "longer")
        || matches!(first, "maximum" | "max" | "within" | "under" | "below")
        || first == "than"
            && before
                .get(1)
                .is_some_and(|word| matches!(word.as_str(), "less" | "fewer" | "shorter"))
        || first == "than"
            && before
                .get(2)
                .is_some_and(|word| word == "no" || word == "not")
    {
        Bound::AtMost
    } else if pair("at", "least")
        || matches!(first, "minimum" | "min" | "over" | "above")
        || first == "than"
            && before
                .get(1)
                .is_some_and(|word| matches!(word.as_str(), "more" | "longer"))
    {
        Bound::AtLeast
    } else {
        Bound::Exactly
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_words_and_in_digits() {
        let read = |text: &str| -> Vec<(f64, String)> {
            in_intent(text)
                .into_iter()
                .map(|one| {
                    let number = one.span.map_or(one.number, |span| span.least);
                    (number, one.phrase.to_owned())
                })
                .collect()
        };
        for (text, number, phrase) in [
            ("Invite two guests", 2.0, "two"),
            ("Order a dozen eggs", 12.0, "a dozen"),
            ("Order half a dozen eggs", 6.0, "half a dozen"),
            ("Seat twenty-one people", 21.0, "twenty-one"),
            ("Send two hundred flyers", 200.0, "two hundred"),
            ("Open it for two hours", 7200.0, "two hours"),
            ("Open it for half an hour", 1800.0, "half an hour"),
            (
                "Open it for an hour and a half",
                5400.0,
                "an hour and a half",
            ),
            ("A 30-minute pass", 1800.0, "30-minute"),
            ("Lock it for 1h30m", 5400.0, "1h30m"),
            (
                "Lock it for 2 hours and 30 minutes",
                9000.0,
                "2 hours and 30 minutes",
            ),
            ("Set it to -21 degrees", -21.0, "-21"),
        ] {
            assert_eq!(read(text), [(number, phrase.to_owned())], "{text}");
        }
        for text in [
            "Turn on two-factor login",
            "Merge C-12 on 2026-12-24 at 10:30",
            "Pay $20 for #17 with 5% off",
            "A guest of the house",
        ] {
            assert_eq!(read(text), [], "{text}");
        }
    }

    #[test]
    fn lengths_of_time_are_said_as_people_say_them() {
        for (seconds, expected) in [
            (31_536_000.0, "a year"),
            (604_800.0, "7 days"),
            (604.8, "about 10.1 minutes"),
            (3600.0, "an hour"),
            (5400.0, "90 minutes"),
        ] {
            assert_eq!(spoken(seconds), expected);
        }
    }
}

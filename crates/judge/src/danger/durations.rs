//! Lengths of time that contradict the one in the intent.

use gaiterguard_text::stated::{
    self, Bound, DAY, Span, Stated, counted, in_query, iso, spoken, spoken_of, time_of_number,
};

use super::codes::description_of;
use super::past;
use super::scene::{Scene, Value, last_part, words_of};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::intent::Date;

/// Words in the names of lengths of time after which something ends.
const ENDS: &[&str] = list![
    expires expiry expiration expire expiring exp ttl lifetime lifespan validity valid retention
    retain until maxage
];

/// Words in the names of other lengths of time.
const LASTS: &[&str] = list![
    timeout delay interval duration period term age wait snooze mute length window lease cooldown
    grace hold freeze pause silence spent worked logged
];

/// Words in the names of lengths of time up to now.
const LOOKS_BACK: &[&str] = list![
    lookback back requested history
];

/// Names of lengths of time in seconds by their standards (RFC 6749, RFC 9111), and by custom.
const IN_SECONDS: &[&str] = list![
    expiresin maxage ttl lifespan lifetime
];

/// Names of units in a name, a description or a value next to a number, and the units that they are.
const SHORT_UNITS: &[(&[&str], &str)] = &[
    (&["ms", "millis", "msec", "msecs"], "millisecond"),
    (&["s", "sec", "secs"], "second"),
    (&["mins"], "minute"),
    (&["h", "hr", "hrs"], "hour"),
    (&["d"], "day"),
];

/// Words before a length of time for which, or after which, something is.
const LEADS: &[&str] = list![
    for after within in to of lasting lasts is at be only just exactly valid about approximately
    next most least than as most maximum log book track record
];

/// Words around a length of time that is not one that a request sets.
const ELSEWHERE_BEFORE: &[&str] = list![
    last past previous every since each first another additional extra
];
const ELSEWHERE_AFTER: &[&str] = list![
    ago late earlier before later more longer old older early apart
];

/// Beginnings of words of an intent that changes a length that was another one.
const COMPUTED: &[&str] = list![
    exten prolong postpon length shorten renew push another
];

/// Words of an intent for a time at which something begins or ends.
const AT_A_TIME: &[&str] = list![
    tomorrow tonight midnight noon monday tuesday wednesday thursday friday saturday sunday until
    till starting start starts from next begin begins beginning am pm
];

/// How a value gives a length of time.
enum Given {
    /// A length after which something ends, or another one.
    Length { ends: bool },
    /// A time at which something ends.
    Time,
    /// A length in a query.
    Query,
}

/// A length of time in a request.
struct Reading<'s, 'a> {
    value: &'s Value<'a>,
    given: Given,
    span: Span,
    /// Other lengths that it may be, if its unit is only a custom.
    others: Vec<Span>,
    says: String,
}

impl Reading<'_, '_> {
    fn fits(&self, stated: &Stated<'_>) -> bool {
        let Some(span) = stated.span else {
            return false;
        };
        let mut spans = self.others.iter().chain([&self.span]);
        let is_query = matches!(self.given, Given::Query);
        spans.any(|own| {
            own.may_be(span)
                || !is_query
                    && match stated.bound {
                        Bound::Exactly => false,
                        Bound::AtMost => own.least <= span.most,
                        Bound::AtLeast => own.most >= span.least,
                    }
        })
    }
}

/// Returns a length of time other than the one that the intent says.
pub(super) fn another(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() || scene.says(COMPUTED) {
        return None;
    }
    let times: Vec<&Stated<'_>> = scene
        .stated()
        .iter()
        .filter(|one| one.span.is_some())
        .collect();
    if times.is_empty() || times.iter().any(|one| one.is_range) {
        return None;
    }
    let readings: Vec<Reading<'_, '_>> = scene
        .values
        .iter()
        .filter_map(|value| read(scene, value))
        .collect();
    if readings.is_empty() {
        return None;
    }
    let open: Vec<&Stated<'_>> = times
        .iter()
        .copied()
        .filter(|one| !readings.iter().any(|reading| reading.fits(one)))
        .filter(|one| !is_elsewhere(scene, one, &readings))
        .collect();
    readings.iter().find_map(|reading| {
        if times.iter().any(|one| reading.fits(one)) {
            return None;
        }
        let one = open.iter().find(|one| relates(scene, reading, one))?;
        Some(reading.value.danger(format!(
            "The intent says “{}”, but {}.",
            shown(one.phrase),
            reading.says
        )))
    })
}

/// Whether a value that is not read as a length of time gives what the intent states.
fn is_elsewhere(scene: &Scene<'_>, one: &Stated<'_>, readings: &[Reading<'_, '_>]) -> bool {
    const MESSAGES: &[&str] = list![text body message content html subject query q];
    let Some(span) = one.span else { return false };
    let phrase = one.phrase.to_lowercase();
    scene.values.iter().any(|value| {
        if readings
            .iter()
            .any(|reading| std::ptr::eq(reading.value, value))
        {
            return false;
        }
        let number = value.text.parse::<f64>().ok();
        let fits = number.filter(|number| *number > 0.0).is_some_and(|number| {
            (number - one.number).abs() < 1e-9
                || UNITS
                    .iter()
                    .any(|unit| stated::span(number, unit).is_some_and(|own| own.may_be(span)))
        });
        let is_said = value.is_named(MESSAGES) && value.text.contains(&phrase);
        fits || is_said
            || value.leaf.kind == LeafKind::Text
                && stated::compact(&value.text).is_some_and(|own| own.may_be(span))
    })
}

const UNITS: [&str; 8] = [
    "millisecond",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
];

/// The unit that a word of a name is.
fn unit_of(word: &str) -> Option<&'static str> {
    let short = SHORT_UNITS
        .iter()
        .find(|(words, _)| words.contains(&word))
        .map(|(_, unit)| *unit);
    short.or_else(|| stated::unit_named(word))
}

/// Whether a length of time in the intent is about a value.
fn relates(scene: &Scene<'_>, reading: &Reading<'_, '_>, one: &Stated<'_>) -> bool {
    const GIVEN: &[&str] = list![
        access key token link session pass code invite invitation lease grant share url credential
        credentials cookie certificate secret badge
    ];
    let first = one.before.first().map_or("", String::as_str);
    let next = one.after.first().map_or("", String::as_str);
    if matches!(reading.given, Given::Query) {
        return true;
    }
    let is_kept = reading
        .value
        .is_named(&["retention", "retain", "age", "keep"]);
    if reading.value.is_named(LOOKS_BACK) {
        return matches!(first, "last" | "past" | "previous");
    }
    if ELSEWHERE_BEFORE.contains(&first) || !is_kept && ELSEWHERE_AFTER.contains(&next) {
        return false;
    }
    let leads = LEADS.contains(&first) || one.is_joined;
    let named: Vec<String> = reading
        .value
        .name
        .iter()
        .filter(|word| unit_of(word).is_none())
        .cloned()
        .collect();
    let is_mentioned = scene.mentions(&named);
    let is_about_end = || {
        one.after
            .iter()
            .take(3)
            .any(|word| GIVEN.contains(&word.as_str()))
            || scene.says(list![
                expir valid ttl lifetime lifespan retention retain keep temporar short liv
            ])
    };
    match reading.given {
        Given::Query => true,
        Given::Time => first == "for" || leads && is_about_end() || is_mentioned && leads,
        Given::Length { ends: true } => {
            matches!(first, "for" | "after" | "within") || is_about_end() || is_mentioned
        }
        Given::Length { ends: false } => {
            let is_for = matches!(first, "for" | "log" | "book" | "track" | "record")
                && (named.is_empty()
                    || reading.value.is_in(list![
                        duration period snooze mute length lease term pause silence spent worked logged
                    ]));
            leads && (is_for || is_mentioned)
        }
    }
}

/// Reads a value as a length of time.
fn read<'s, 'a>(scene: &'s Scene<'_>, value: &'s Value<'a>) -> Option<Reading<'s, 'a>> {
    let name = shown(last_part(value.leaf.found.name));
    let text = value.leaf.found.value;
    // `{"lease": {"value": 3, "unit": "months"}}` says one name earlier what the number is.
    let is_amount = value.is_named(list![
        value amount duration length number interval period time quantity
    ]);
    let is_named = |words: &[&str]| value.is_named(words) || is_amount && value.is_in(words);
    let ends = is_named(ENDS) || is_one_word(value, IN_SECONDS);
    let lasts = is_named(LASTS) || is_named(LOOKS_BACK);
    let own_unit = value.name.iter().rev().find_map(|word| unit_of(word));
    let number = text.parse::<f64>().ok();
    let number = number.filter(|number| number.is_finite() && *number > 0.0);
    if let Some(number) = number {
        if let Some(time) = time_of_number(number).filter(|_| ends) {
            return at_time(scene, value, time, 3600.0);
        }
        // `day` alone is one of a month.
        let is_length = ends
            || lasts
            || value.name.iter().all(|word| {
                unit_of(word).is_some() && (word.ends_with('s') || value.name.len() > 1)
            });
        // `ids`, `per_day`, `max_hours` and similar names are not lengths.
        let unit = if is_length {
            own_unit
                .or_else(|| unit_next_to(scene, value))
                .or_else(|| unit_documented(scene, value))
        } else if is_amount {
            unit_next_to(scene, value)
        } else {
            None
        };
        if value.name.is_empty() || value.is_named(list![per id index]) {
            return None;
        }
        if let Some(unit) = unit {
            let span = stated::span(number, unit)?;
            let said = counted(number, unit);
            let most = spoken(span.most);
            let says = if most == said || matches!(unit, "month" | "year") {
                format!("“{name}” is {said}")
            } else {
                format!("“{name}” is {text} {unit}s, {most}")
            };
            return Some(Reading {
                value,
                given: Given::Length { ends },
                span,
                others: Vec::new(),
                says,
            });
        }
        if !is_one_word(value, IN_SECONDS) {
            return None;
        }
        let span = stated::span(number, "second")?;
        return Some(Reading {
            value,
            given: Given::Length { ends: true },
            span,
            others: UNITS
                .iter()
                .filter_map(|unit| stated::span(number, unit))
                .collect(),
            says: format!("“{name}” is {text} seconds, {}", spoken(span.most)),
        });
    }
    if value.leaf.kind != LeafKind::Text {
        return None;
    }
    let length = iso(text).or_else(|| stated::compact(&value.text).filter(|_| ends || lasts));
    if let Some(span) = length {
        // `5m` is five minutes or five months.
        let month = value
            .text
            .strip_suffix('m')
            .filter(|_| !text.starts_with('P'));
        let month = month.and_then(|number| stated::span(number.parse().ok()?, "month"));
        return Some(Reading {
            value,
            given: Given::Length { ends },
            span,
            others: month.into_iter().collect(),
            says: format!("“{name}” is “{}”, {}", shown(text), spoken_of(span)),
        });
    }
    if ends && Date::read(text).is_some() {
        let (time, has_time) = time_of(text)?;
        return at_time(scene, value, time, if has_time { 3600.0 } else { DAY });
    }
    let (span, part) = in_query(text)?;
    Some(Reading {
        value,
        given: Given::Query,
        span,
        others: Vec::new(),
        says: format!("“{name}” has “{}”, {}", shown(&part), spoken_of(span)),
    })
}

/// Whether the name of a value, written as one word, is one of these or ends in one.
fn is_one_word(value: &Value<'_>, words: &[&str]) -> bool {
    let name = value.name.concat();
    words.iter().any(|word| name.ends_with(word))
}

/// The unit that is named next to a number: `{"value": 30, "unit": "days"}`.
fn unit_next_to(scene: &Scene<'_>, value: &Value<'_>) -> Option<&'static str> {
    let mut numbers = scene
        .siblings(value)
        .filter(|one| one.text.parse::<f64>().is_ok());
    let unit = scene
        .siblings(value)
        .find(|one| one.is_named(&["unit", "units", "timeunit"]) && one.leaf.kind == LeafKind::Text)
        .filter(|_| numbers.next().is_some() && numbers.next().is_none())?;
    unit_of(&unit.text)
}

/// The only unit that the document names for a value.
fn unit_documented(scene: &Scene<'_>, value: &Value<'_>) -> Option<&'static str> {
    let description = description_of(scene.compared.descriptions, value.leaf.found.evidence)?;
    let words: Vec<String> = words_of(description);
    let mut units = words
        .iter()
        .filter(|word| word.len() > 1)
        .filter_map(|word| unit_of(word));
    let first = units.next()?;
    units.all(|other| other == first).then_some(first)
}

/// A time that something ends at, as the length from now or from when it begins.
fn at_time<'s, 'a>(
    scene: &Scene<'_>,
    value: &'s Value<'a>,
    time: f64,
    tolerance: f64,
) -> Option<Reading<'s, 'a>> {
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact")]
    let arrived = scene.compared.arrived? as f64;
    if scene.has(AT_A_TIME) || !scene.compared.intent_words.dates().is_empty() {
        return None;
    }
    // With another time in the request, the length may begin there.
    let others = scene.values.iter().filter(|one| !std::ptr::eq(*one, value));
    let has_other = others.into_iter().any(|one| {
        let number = one.text.parse::<f64>().ok();
        number.and_then(time_of_number).is_some() || time_of(one.leaf.found.value).is_some()
    });
    let length = time - arrived;
    if has_other || length <= 0.0 {
        return None;
    }
    // Clocks and time zones differ.
    let zone = if value.text.ends_with('z') || value.leaf.kind == LeafKind::Number {
        0.0
    } else {
        14.0 * 3600.0
    };
    let slack = tolerance + zone + length * 0.1;
    Some(Reading {
        value,
        given: Given::Time,
        span: Span {
            least: length - slack,
            most: length + slack,
        },
        others: Vec::new(),
        says: format!(
            "“{}” is {}, {} after the request",
            shown(last_part(value.leaf.found.name)),
            shown(value.leaf.found.value),
            rounded(length)
        ),
    })
}

/// Says about how long it is.
fn rounded(seconds: f64) -> String {
    let said = spoken(if seconds > 2.0 * DAY {
        (seconds / DAY).round() * DAY
    } else {
        seconds
    });
    if said.starts_with("about") {
        said
    } else {
        format!("about {said}")
    }
}

/// A time in seconds since 1970, and whether it has a time of day.
fn time_of(text: &str) -> Option<(f64, bool)> {
    let days = past::days(Date::read(text)?)?;
    #[expect(clippy::cast_precision_loss, reason = "days since 1970 are few")]
    let day = days as f64 * DAY;
    let Some((_, clock)) = text.split_once(['T', 't', ' ']) else {
        return Some((day, false));
    };
    let mut parts = clock.splitn(3, ':');
    let mut number = || parts.next()?.get(..2)?.parse::<f64>().ok();
    let seconds = number()? * 3600.0 + number()? * 60.0;
    Some((day + seconds, true))
}

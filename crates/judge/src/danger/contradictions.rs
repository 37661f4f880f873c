//! Values that contradict what the intent names: another environment, another host, another day, another frequency, or
//! more than the right to read.

use gaiterguard_domain::effect::Effect;

use super::scene::{Scene, Value, has_any, last_part, words_of};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::intent::{Date, host_of};
use crate::signal;

/// Words for environments in which nothing is lost.
const TRIAL: &[&str] = list![
    staging stage dev development sandbox uat preview nonprod preprod testing
];

/// Words for the environment that people depend on.
const LIVE: &[&str] = &["prod", "production", "live", "prd"];

/// Words in the names of values that say which environment, or in the path before one.
const ENVIRONMENT: &[&str] = list![
    env environment environments target targets stage stages tier cluster clusters namespace
    namespaces deployment database db instance host profile workspace branch region slot machine
    inventory
];

/// Returns the live environment where the intent names one for trials.
pub(super) fn environment(scene: &Scene<'_>) -> Option<Finding> {
    let trial = scene
        .intent
        .iter()
        .find(|word| TRIAL.contains(&word.as_str()))?;
    if !scene.changes() || scene.has(LIVE) {
        return None;
    }
    let sentence = |named: &str| {
        format!(
            "The intent says “{trial}”, but the request names “{}”.",
            shown(named)
        )
    };
    let is_live = |text: &str| has_any(&words_of(text), LIVE) && !has_any(&words_of(text), TRIAL);
    let value = scene.values.iter().find(|value| {
        value.leaf.kind == LeafKind::Text
            && !value.is_prose()
            && !value.text.contains(char::is_whitespace)
            && value.is_in(ENVIRONMENT)
            && is_live(value.leaf.found.value)
    });
    if let Some(value) = value {
        return Some(value.danger(sentence(value.leaf.found.value)));
    }
    let mut texts = scene.compared.route.texts();
    // `live` in a path is often a kind of video.
    let text = texts.find(|text| {
        let words = words_of(text);
        words.len() <= 3 && is_live(text) && !words.iter().any(|word| word == "live")
    })?;
    Some(Finding::new(signal::DANGER, "path", sentence(text)))
}

/// Phrases of an intent that gives no more than the right to read.
const READS_ONLY: &[&str] = &[
    "read-only",
    "read only",
    "readonly",
    "view-only",
    "view only",
    "viewonly",
    "only read",
    "only view",
    "just read",
    "just view",
    "only look",
];

/// Words in the names of rights to do more than to read.
const WRITES: &[&str] = list![
    push write edit modify upload delete admin manage update create reshare share invite editor
    writer owner full maintain publish
];

/// Returns a right to do more than to read, where the intent gives no more than that.
pub(super) fn more_than_reading(scene: &Scene<'_>) -> Option<Finding> {
    let said = READS_ONLY
        .iter()
        .find(|phrase| scene.intent_text.contains(*phrase))?;
    if !scene.changes() {
        return None;
    }
    let value = scene.values.iter().find(|value| {
        let is_switch = value.says_yes() && value.is_named(WRITES);
        let is_right = value.leaf.kind == LeafKind::Text
            && !value.is_prose()
            && !value.is_named(&["name", "title", "key"])
            && value.text.len() <= 40
            && has_any(&words_of(value.leaf.found.value), WRITES)
            && value.is_in(list![
                access permission permissions right rights role roles scope scopes level mode
                grant grants privilege privileges capabilities acl
            ]);
        is_switch || is_right
    })?;
    Some(value.finding(
        signal::DANGER_ACCESS,
        format!("The intent says “{said}”, but {}.", value.shown()),
    ))
}

/// Returns a link to a host other than the one that the intent names.
pub(super) fn another_host(scene: &Scene<'_>) -> Option<Finding> {
    const FILES: &[&str] = list![
        pdf csv md txt json xml yaml yml html js ts py rs png jpg xlsx xls docx doc zip log sql sh
        go java ics
    ];
    let named: Vec<String> = scene
        .compared
        .intent
        .split_whitespace()
        .map(|token| host_of(token.trim_matches(|c: char| !c.is_alphanumeric())).to_lowercase())
        .filter(|host| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            host.rsplit_once('.').is_some_and(|(before, last)| {
                last.len() >= 2
                    && last.bytes().all(|byte| byte.is_ascii_alphabetic())
                    && !FILES.contains(&last)
                    && before.len() >= 3
            }) && host.chars().all(is_plain)
        })
        .collect();
    let first = named.first().filter(|_| scene.changes())?;
    let is_used = |host: &str| {
        let mut values = scene.values.iter();
        values.any(|value| value.text.contains(host)) || scene.compared.request.path.contains(host)
    };
    if named.iter().any(|host| is_used(host)) {
        return None;
    }
    let links = &scene.compared.fields.links;
    let link = links.iter().find(|link| {
        let host = host_of(link.value).to_lowercase();
        !host.is_empty()
            && !named.iter().any(|named| {
                host == *named
                    || host.ends_with(&format!(".{named}"))
                    || named.ends_with(&format!(".{host}"))
            })
    })?;
    Some(Finding::new(
        signal::DANGER,
        link.evidence,
        format!(
            "The intent names “{}”, but the request names “{}”.",
            shown(first),
            shown(host_of(link.value))
        ),
    ))
}

/// Words of an intent for days that depend on the current one, or for several days.
const RELATIVE: &[&str] = list![
    today tomorrow tonight yesterday next last week weekend day days month until since before after
    through between instead originally moved later earlier
];

/// Words in the names of days that are not what an intent is about.
const OTHER_DAYS: &[&str] = list![
    created updated issued modified birth born dob signed invoice order ordered received now
    timestamp sent as version requested
];

const MONTHS: &[&str] = list![
    January February March April May June July August September October November December
];

fn spoken(date: Date) -> String {
    let month = MONTHS
        .get(usize::from(date.month).saturating_sub(1))
        .unwrap_or(&"");
    format!("{} {month}", date.day)
}

/// Returns a day other than the only one that the intent names.
pub(super) fn another_day(scene: &Scene<'_>) -> Option<Finding> {
    let (first, others) = scene.compared.intent_words.dates().split_first()?;
    let is_one = others.iter().all(|other| other.may_be(*first));
    if !scene.changes() || !is_one || scene.has(RELATIVE) {
        return None;
    }
    let days: Vec<(&Value<'_>, Date)> = scene
        .values
        .iter()
        .filter(|value| value.leaf.kind == LeafKind::Text && value.text.len() <= 40)
        .filter(|value| !value.is_named(OTHER_DAYS))
        .filter_map(|value| Some((value, Date::read(&value.text)?)))
        .collect();
    let (value, day) = days.first()?;
    let is_single = days.iter().all(|(_, other)| other.may_be(*day));
    // A neighboring day may be the same in another time zone, or the day after the last.
    let is_near = first.month == day.month && first.day.abs_diff(day.day) <= 1
        || first.day.abs_diff(day.day) >= 27;
    let same_year = first.year.is_none() || first.year == day.year;
    (is_single && !(is_near && same_year)).then(|| {
        value.danger(format!(
            "The intent says {}, but “{}” is {}.",
            spoken(*first),
            shown(last_part(value.leaf.found.name)),
            shown(
                value
                    .leaf
                    .found
                    .value
                    .get(..10)
                    .unwrap_or(value.leaf.found.value)
            ),
        ))
    })
}

/// Returns a span of time that is far longer than the one day that the intent names.
pub(super) fn longer_time(scene: &Scene<'_>) -> Option<Finding> {
    const DAYS_MIN: i64 = 32;
    let (first, others) = scene.compared.intent_words.dates().split_first()?;
    let is_one = others.iter().all(|other| other.may_be(*first));
    let spans = [
        "since", "until", "before", "after", "through", "older", "all", "every",
    ];
    if !is_one
        || scene.has(&spans)
        || !matches!(
            scene.effect,
            Effect::Delete | Effect::Change | Effect::Create
        )
    {
        return None;
    }
    let is_date = |value: &&Value<'_>, words: &[&str]| {
        value.is_named(words) && Date::read(&value.text).is_some()
    };
    let end = scene
        .values
        .iter()
        .find(|value| is_date(value, list![stop end until to before lte lt max]))?;
    let start = scene
        .siblings(end)
        .find(|value| is_date(value, list![start from since begin after gte gt min]))?;
    let number = |value: &Value<'_>| {
        let date = Date::read(&value.text)?;
        Some(i64::from(date.year?) * 365 + i64::from(date.month) * 30 + i64::from(date.day))
    };
    let days = number(end)? - number(start)?;
    let day = |value: &Value<'_>| shown(value.leaf.found.value.get(..10).unwrap_or_default());
    (days >= DAYS_MIN).then(|| {
        start.danger(format!(
            "It covers {} to {}, but the intent names only {}.",
            day(start),
            day(end),
            spoken(*first)
        ))
    })
}

/// How often something is done, in hours between, by the words for it.
const OFTEN: &[(&[&str], f64)] = &[
    (&["every hour", "hourly", "once an hour", "per hour"], 1.0),
    (
        &["four times a day", "4 times a day", "four times daily"],
        6.0,
    ),
    (
        &["three times a day", "3 times a day", "three times daily"],
        8.0,
    ),
    (&["twice a day", "twice daily", "two times a day"], 12.0),
    (
        &[
            "once a day",
            "once daily",
            "every day",
            "daily",
            "each day",
            "every morning",
            "every evening",
            "every night",
        ],
        24.0,
    ),
    (
        &[
            "once a week",
            "once weekly",
            "every week",
            "weekly",
            "each week",
            "per week",
        ],
        168.0,
    ),
    (
        &[
            "every two weeks",
            "biweekly",
            "fortnightly",
            "every other week",
        ],
        336.0,
    ),
    (
        &[
            "once a month",
            "every month",
            "monthly",
            "each month",
            "per month",
        ],
        720.0,
    ),
    (&["every quarter", "quarterly"], 2160.0),
    (&["once a year", "every year", "yearly", "annually"], 8760.0),
];

/// Codes for how often, by the hours between.
const OFTEN_CODES: &[(&[&str], f64)] = &[
    (&["hourly", "qh", "1h", "pt1h"], 1.0),
    (&["qid", "4x/day", "pt6h"], 6.0),
    (&["tid", "3x/day", "pt8h"], 8.0),
    (&["bid", "2x/day", "pt12h"], 12.0),
    (
        &[
            "daily",
            "qd",
            "od",
            "day",
            "1d",
            "p1d",
            "every_day",
            "freq=daily",
        ],
        24.0,
    ),
    (
        &[
            "weekly",
            "week",
            "1w",
            "p1w",
            "p7d",
            "every_week",
            "freq=weekly",
        ],
        168.0,
    ),
    (&["biweekly", "p2w", "2w", "fortnightly"], 336.0),
    (&["monthly", "month", "1m", "p1m", "freq=monthly"], 720.0),
    (&["quarterly", "quarter", "p3m"], 2160.0),
    (
        &["yearly", "year", "annual", "annually", "p1y", "freq=yearly"],
        8760.0,
    ),
];

/// Words in the names of values that say how often.
const FREQUENCY: &[&str] = list![
    frequency freq recurrence recurring rrule interval cadence repeat repeats cycle every dosing
];

/// Returns a frequency other than the one that the intent says.
pub(super) fn another_frequency(scene: &Scene<'_>) -> Option<Finding> {
    let said: Vec<(&str, f64)> = OFTEN
        .iter()
        .flat_map(|(phrases, hours)| phrases.iter().map(|phrase| (*phrase, *hours)))
        .filter(|(phrase, _)| says_phrase(&scene.intent_text, phrase))
        .collect();
    let (phrase, _) = *said.first()?;
    // `twice daily` says `daily` as well.
    let is_said = |given: f64| said.iter().any(|(_, hours)| (hours - given).abs() < 0.5);
    scene.values.iter().find_map(|value| {
        if !value.is_named(FREQUENCY) || value.leaf.kind != LeafKind::Text {
            return None;
        }
        let given = hours_of(&value.text)?;
        (!is_said(given)).then(|| {
            value.danger(format!(
                "{}, but the intent says “{phrase}”.",
                value.shown()
            ))
        })
    })
}

fn says_phrase(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, _)| {
        let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        is_end(text[..at].chars().next_back()) && is_end(text[at + phrase.len()..].chars().next())
    })
}

fn hours_of(text: &str) -> Option<f64> {
    let text = text.trim();
    let known = OFTEN_CODES.iter().find(|(codes, _)| {
        codes.contains(&text)
            || codes.iter().any(|code| {
                code.starts_with("freq=") && text.contains(code) && !text.contains("interval=")
            })
    });
    if let Some((_, hours)) = known {
        return Some(*hours);
    }
    // `q8h`: every eight hours.
    let hours = text.strip_prefix('q')?.strip_suffix('h')?;
    hours.parse().ok().filter(|hours| *hours > 0.0)
}

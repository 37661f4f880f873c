//! Times and durations, written as people read them.
//!
//! A number is a time or a duration only if its name says so. The number itself is always shown, so that
//! an approver can compare it with the request.

use jiff::Timestamp;

use crate::value::Value;
use crate::words::{is_in, spaced};

/// Last words of names whose whole numbers are points in time.
const TIMES: &str = "at date deadline epoch exp expiration expires expiry time timestamp ts until";

/// Last words of names that give a duration without its unit.
const DURATIONS: &str = "duration interval timeout ttl";

/// The seconds since the epoch of the years 2000 to 2100. Other numbers are not points in time.
const EPOCH_SECONDS: std::ops::Range<i64> = 946_684_800..4_102_444_800;

/// The milliseconds from which a duration is written in larger units: shorter ones are read as they are.
const READABLE_FROM_MS: i64 = 60_000;

/// The number from which a duration is hard to read in any unit.
const LIKELY_MS: i64 = 1_000_000;

/// Returns a time or a duration with a readable form next to it; `None` for any other value.
pub(crate) fn shown(value: &Value) -> Option<String> {
    let raw = &value.text;
    let is_whole = !raw.is_empty() && raw.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = raw.parse().ok().filter(|_| is_whole)?;
    let name = spaced(value.name());
    let last = name.rsplit(' ').next().unwrap_or_default();
    if let Some((unit, ms)) = unit_of(last) {
        let own = format!("{raw} {unit}");
        let readable = duration(number.checked_mul(ms)?)?;
        return (readable != own).then(|| format!("{own} ({readable})"));
    }
    if is_in(DURATIONS, last) || is_in_seconds(&name) {
        let meaning = value.meaning.as_deref().unwrap_or_default();
        return match documented_unit(meaning) {
            Some((unit, ms)) => {
                let own = format!("{raw} {unit}");
                let readable = duration(number.checked_mul(ms)?).filter(|one| *one != own);
                Some(readable.map_or(own.clone(), |readable| format!("{own} ({readable})")))
            }
            None if number < LIKELY_MS && is_in_seconds(&name) => {
                let readable = duration(number.checked_mul(1000)?);
                Some(readable.map_or(format!("{raw} s"), |readable| {
                    format!("{raw} s ({readable})")
                }))
            }
            // Nothing says the unit, so neither does this.
            None if number >= LIKELY_MS => Some(format!("{raw} ({} if in ms)", duration(number)?)),
            None => None,
        };
    }
    is_in(TIMES, last).then(|| instant(raw, number)).flatten()
}

/// Whether the protocols that a name comes from count in seconds: the TTL of DNS, `expires_in` of OAuth, `max-age` of
/// HTTP.
fn is_in_seconds(name: &str) -> bool {
    is_in("ttl", name.rsplit(' ').next().unwrap_or_default())
        || name.ends_with("expires in")
        || name.ends_with("max age")
}

/// Returns the time that older interfaces write as `/Date(1767225600000)/`.
pub(crate) fn of_ticks(text: &str) -> Option<String> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let end = inner
        .rfind(['+', '-'])
        .filter(|at| *at > 0)
        .unwrap_or(inner.len());
    let ms: i64 = inner[..end].parse().ok()?;
    let time = Timestamp::from_millisecond(ms).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// Returns the unit that a word names, and how many milliseconds it has.
fn unit_of(word: &str) -> Option<(&'static str, i64)> {
    match word {
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => Some(("ms", 1)),
        "sec" | "secs" | "second" | "seconds" => Some(("s", 1000)),
        "minutes" | "mins" => Some(("min", 60_000)),
        _ => None,
    }
}

/// Returns the only unit that a description names.
fn documented_unit(meaning: &str) -> Option<(&'static str, i64)> {
    let meaning = meaning.to_ascii_lowercase();
    let mut units = meaning
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter_map(unit_of);
    let first = units.next()?;
    units.all(|unit| unit == first).then_some(first)
}

/// Writes a duration in its two largest units. `None` if the raw number is as easy to read.
fn duration(ms: i64) -> Option<String> {
    if ms < READABLE_FROM_MS {
        return None;
    }
    let parts = [
        (86_400_000, "day"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1000, "s"),
        (1, "ms"),
    ];
    let mut rest = ms;
    let mut shown = Vec::new();
    for (size, unit) in parts {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            let ending = if unit == "day" && count != 1 { "s" } else { "" };
            shown.push(format!("{count} {unit}{ending}"));
        }
    }
    // A duration of many units would not be exact with fewer of them, and not readable with all.
    (shown.len() <= 3).then(|| shown.join(" "))
}

/// Writes a point in time that is given in seconds or milliseconds since the epoch.
fn instant(raw: &str, number: i64) -> Option<String> {
    let seconds = if EPOCH_SECONDS.contains(&number) {
        number
    } else {
        Some(number / 1000).filter(|seconds| EPOCH_SECONDS.contains(seconds))?
    };
    let time = Timestamp::from_second(seconds).ok()?;
    Some(format!("{raw} ({})", time.strftime("%Y-%m-%d %H:%M UTC")))
}

#[cfg(test)]
mod tests {
    use gaiterguard_judge::Role;

    use super::*;

    fn shown_as(name: &str, text: &str, meaning: Option<&str>) -> Option<String> {
        shown(&Value {
            location: format!("body/{name}"),
            names: vec![name.to_owned()],
            text: text.to_owned(),
            rest: None,
            currency: None,
            role: Role::None,
            meaning: meaning.map(str::to_owned),
        })
    }

    #[test]
    fn a_name_with_a_unit_makes_a_number_readable() {
        for (name, text, meaning, expected) in [
            (
                "dnd_end_time",
                "1763395200",
                None,
                "1763395200 (2025-11-17 16:00 UTC)",
            ),
            (
                "expiresAt",
                "1763395200000",
                None,
                "1763395200000 (2025-11-17 16:00 UTC)",
            ),
            (
                "delete_message_seconds",
                "604800",
                None,
                "604800 s (7 days)",
            ),
            ("durationMs", "25200000", None, "25200000 ms (7 h)"),
            ("idle_minutes", "90", None, "90 min (1 h 30 min)"),
            (
                "duration",
                "25200000",
                Some("The duration in milliseconds."),
                "25200000 ms (7 h)",
            ),
            ("duration", "25200000", None, "25200000 (7 h if in ms)"),
        ] {
            assert_eq!(
                shown_as(name, text, meaning).as_deref(),
                Some(expected),
                "{name}"
            );
        }
    }

    #[test]
    fn a_number_whose_name_says_nothing_is_not_guessed() {
        for (name, text, meaning) in [
            ("order_number", "1763395200", None),
            ("duration", "3600", None),
            ("duration", "3600", Some("In seconds, not milliseconds.")),
            ("length", "25200000", None),
            ("update", "1763395200", None),
            ("time", "10", None),
            ("time", "23:10", None),
            ("timeout_seconds", "30", None),
            ("expires_at", "2025-11-17", None),
            ("seconds", "9223372036854775807", None),
            ("expires_at", "99999999999999999999", None),
        ] {
            assert_eq!(shown_as(name, text, meaning), None, "{name} {text}");
        }
    }
}

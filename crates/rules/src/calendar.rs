//! The parts of an instant, in a time zone.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// A time zone.
pub(crate) type Zone = TimeZone;

/// A component of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CalendarPart {
    Year,
    /// From 0.
    Month,
    /// From 1.
    DayOfMonthFromOne,
    /// From 0.
    DayOfMonth,
    /// From 0, which is Sunday.
    DayOfWeek,
    /// From 0.
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

/// The functions and what they ask for.
const FUNCTIONS: [(&str, CalendarPart); 10] = [
    ("getFullYear", CalendarPart::Year),
    ("getMonth", CalendarPart::Month),
    ("getDate", CalendarPart::DayOfMonthFromOne),
    ("getDayOfMonth", CalendarPart::DayOfMonth),
    ("getDayOfWeek", CalendarPart::DayOfWeek),
    ("getDayOfYear", CalendarPart::DayOfYear),
    ("getHours", CalendarPart::Hours),
    ("getMinutes", CalendarPart::Minutes),
    ("getSeconds", CalendarPart::Seconds),
    ("getMilliseconds", CalendarPart::Milliseconds),
];

impl CalendarPart {
    /// Returns the component that a function with this name selects.
    pub(crate) fn of_function(name: &str) -> Option<Self> {
        FUNCTIONS
            .into_iter()
            .find_map(|(function, part)| (function == name).then_some(part))
    }

    /// The part of an instant as it is in a zone.
    pub(crate) fn of(self, at: Timestamp, zone: &Zone) -> i64 {
        let local: Zoned = at.to_zoned(zone.clone());
        match self {
            Self::Year => local.year().into(),
            Self::Month => i64::from(local.month()) - 1,
            Self::DayOfMonthFromOne => local.day().into(),
            Self::DayOfMonth => i64::from(local.day()) - 1,
            Self::DayOfWeek => local.weekday().to_sunday_zero_offset().into(),
            Self::DayOfYear => i64::from(local.day_of_year()) - 1,
            Self::Hours => local.hour().into(),
            Self::Minutes => local.minute().into(),
            Self::Seconds => local.second().into(),
            Self::Milliseconds => local.millisecond().into(),
        }
    }
}

/// A zone by its IANA name, or an offset such as `+02:00`.
pub(crate) fn zone(name: &str) -> Option<Zone> {
    if name.eq_ignore_ascii_case("utc") {
        return Some(TimeZone::UTC);
    }
    offset(name).or_else(|| TimeZone::get(name).ok())
}

fn offset(name: &str) -> Option<Zone> {
    let (sign, digits) = match name.as_bytes().first()? {
        b'+' => (1, &name[1..]),
        b'-' => (-1, &name[1..]),
        b'0'..=b'9' => (1, name),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let hours: i32 = hours.parse().ok().filter(|hours| *hours < 24)?;
    let minutes: i32 = minutes.parse().ok().filter(|minutes| *minutes < 60)?;
    let seconds = sign * (hours * 3600 + minutes * 60);
    Some(jiff::tz::Offset::from_seconds(seconds).ok()?.to_time_zone())
}

/// An instant as RFC 3339 writes it.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// A time span: decimal numbers with a unit each, such as `24h`, `1h30m` or `-1.5s`.
pub(crate) fn span(text: &str) -> Option<SignedDuration> {
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut sum = SignedDuration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let nanoseconds: i64 = match unit {
            "h" => 3_600_000_000_000,
            "m" => 60_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "us" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        sum = sum.checked_add(amount(number, nanoseconds)?)?;
        rest = tail;
    }
    if is_negative {
        sum.checked_neg()
    } else {
        Some(sum)
    }
}

fn amount(number: &str, unit_nanoseconds: i64) -> Option<SignedDuration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole: i64 = whole.parse().ok()?;
    let nanoseconds = i128::from(whole) * i128::from(unit_nanoseconds);
    let digits = &fraction[..fraction.len().min(9)];
    let numerator: i64 = digits.parse().ok()?;
    let denominator = 10_i128.pow(u32::try_from(digits.len()).ok()?);
    let fraction = i128::from(numerator) * i128::from(unit_nanoseconds) / denominator;
    let nanoseconds = nanoseconds.checked_add(fraction)?;
    let seconds = i64::try_from(nanoseconds / 1_000_000_000).ok()?;
    let rest = i32::try_from(nanoseconds % 1_000_000_000).ok()?;
    Some(SignedDuration::new(seconds, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_cel_writes_them() {
        assert_eq!(span("24h"), Some(SignedDuration::from_hours(24)));
        assert_eq!(span("1h30m"), Some(SignedDuration::from_mins(90)));
        assert_eq!(span("-1.5s"), Some(SignedDuration::from_millis(-1500)));
        assert_eq!(
            span("2ms1us1ns"),
            Some(SignedDuration::from_nanos(2_001_001))
        );
        for bad in [
            "",
            "-",
            "5",
            "h",
            "5d",
            "1.2.3s",
            "+1s",
            "99999999999999999999h",
        ] {
            assert_eq!(span(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_instant_is_taken_apart_where_it_is() {
        let at = time("2024-03-31T22:30:05.007Z").unwrap();
        let utc = zone("UTC").unwrap();
        let berlin = zone("Europe/Berlin").unwrap();
        let fixed = zone("-02:30").unwrap();
        assert_eq!(CalendarPart::Hours.of(at, &utc), 22);
        assert_eq!(CalendarPart::Hours.of(at, &berlin), 0);
        assert_eq!(CalendarPart::Hours.of(at, &fixed), 20);
        assert_eq!(CalendarPart::DayOfWeek.of(at, &utc), 0);
        assert_eq!(CalendarPart::DayOfWeek.of(at, &berlin), 1);
        assert_eq!(CalendarPart::Month.of(at, &utc), 2);
        assert_eq!(CalendarPart::DayOfMonth.of(at, &utc), 30);
        assert_eq!(CalendarPart::DayOfMonthFromOne.of(at, &utc), 31);
        assert_eq!(CalendarPart::DayOfYear.of(at, &utc), 90);
        assert_eq!(CalendarPart::Year.of(at, &utc), 2024);
        assert_eq!(CalendarPart::Minutes.of(at, &fixed), 0);
        assert_eq!(CalendarPart::Seconds.of(at, &utc), 5);
        assert_eq!(CalendarPart::Milliseconds.of(at, &utc), 7);
        assert!(zone("Mars/Olympus").is_none());
        assert!(zone("+25:00").is_none());
    }
}

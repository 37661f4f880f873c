//! Times that have passed.

use super::scene::{Scene, last_part};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::intent::Date;

/// Words in the names of values that say when something is done.
const WHEN: &[&str] = list![
    schedule scheduled send publish deliver delivery run execute execution
];

/// The words after them: a time, and not a name.
const TIME: &[&str] = &["at", "on", "time", "date", "for"];

/// Times this far in the past are mistakes; clocks and time zones differ by less.
const PAST_DAYS: i64 = 1;

/// Returns a time at which something is to be done, and which has passed.
pub(super) fn is_past(scene: &Scene<'_>) -> Option<Finding> {
    const SECONDS_OF_DAY: i64 = 86_400;
    let today = scene.compared.arrived?.div_euclid(SECONDS_OF_DAY);
    let value = scene.values.iter().find(|value| {
        let is_when =
            value.is_named(WHEN) && value.is_named(TIME) || value.is_named(&["scheduled"]);
        is_when
            && value.leaf.kind == LeafKind::Text
            && Date::read(&value.text)
                .and_then(days)
                .is_some_and(|day| day < today - PAST_DAYS)
    })?;
    Some(value.danger(format!(
        "“{}” is {}, which has passed.",
        shown(last_part(value.leaf.found.name)),
        shown(value.leaf.found.value)
    )))
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar; `None` without a year.
pub(super) fn days(date: Date) -> Option<i64> {
    let (month, day) = (i64::from(date.month), i64::from(date.day));
    // A year that begins in March has its leap day at its end.
    let year = i64::from(date.year?) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    Some(era * 146_097 + of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (text, expected) in [
            ("1970-01-01", 0),
            ("2000-03-01", 11_017),
            ("2026-12-01", 20_788),
        ] {
            assert_eq!(Date::read(text).and_then(days), Some(expected), "{text}");
        }
    }
}

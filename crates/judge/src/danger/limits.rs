//! Limits that are removed.

use super::scene::{Scene, Value};
use crate::field::LeafKind;
use crate::finding::Finding;

/// Words in the names of limits.
const LIMIT: &[&str] = list![
    limit limits cap quota ceiling budget maximum max allowance
];

/// Words in the names of ends.
const END: &[&str] = list![
    end ends until expires expiry expiration expire
];

/// Words in the names of numbers that only shape a response.
const OF_RESPONSE: &[&str] = list![
    page offset results length tokens retries
];

/// Values without a limit.
const UNLIMITED: &[&str] = &[
    "unlimited",
    "infinite",
    "infinity",
    "never",
    "none",
    "no_limit",
    "nolimit",
    "-1",
    "forever",
    "no limit",
];

/// Beginnings of words of an intent that asks for no limit.
const ASKS_FOR_NONE: &[&str] = list![
    unlimit uncap lift never permanent forever indefinit without zero open remov endless
];

/// Words of an intent that names a time.
const TIMES: &[&str] = list![
    am day days evening hour hours minute minutes month months morning night noon pm today tomorrow
    tonight until week weekend weeks year quarter
];

/// The days of the week, in the order of a mask's bits.
const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// A mask of seven days.
const EVERY_DAY: &str = "127";

/// Returns a limit that is removed.
pub(super) fn removed(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() || scene.says(ASKS_FOR_NONE) || scene.has(&["no"]) {
        return None;
    }
    scene.values.iter().find_map(|value| {
        if value.is_prose() || value.is_named(OF_RESPONSE) {
            return None;
        }
        let is_unlimited = UNLIMITED.contains(&&*value.text) && value.leaf.kind != LeafKind::Null;
        let is_null = value.leaf.kind == LeafKind::Null;
        if value.is_named(END) && (is_unlimited || is_null) && names_time(scene) {
            return Some(value.danger(format!(
                "It has no end ({}), but the intent names one.",
                value.shown()
            )));
        }
        if !value.is_named(LIMIT) || value.name.last().is_some_and(|last| last == "id") {
            return None;
        }
        let is_zero = value.text == "0" && value.leaf.kind == LeafKind::Number;
        (is_unlimited || is_zero || is_null && scene.mentions(&value.name)).then(|| {
            let what = if is_zero {
                "It may remove a limit"
            } else {
                "It removes a limit"
            };
            value.danger(format!(
                "{what}: {}, which the intent does not ask for.",
                value.shown()
            ))
        })
    })
}

/// Returns a permission for every day, or for the whole day, where the intent names some.
pub(super) fn every_day(scene: &Scene<'_>) -> Option<Finding> {
    let named = DAYS.iter().filter(|day| scene.says(&[*day])).count();
    let days = scene.values.iter().find(|value| {
        value.text == EVERY_DAY && value.is_named(&["day", "days", "weekday", "weekdays"])
    });
    if let Some(value) = days.filter(|_| (1..7).contains(&named)) {
        return Some(value.danger(format!(
            "It applies every day ({}), but the intent names only some days.",
            value.shown()
        )));
    }
    let is_time = |value: &&Value<'_>| value.is_named(&["time", "hour", "hours", "minute"]);
    let until = scene
        .values
        .iter()
        .filter(is_time)
        .find(|value| value.is_named(&["until", "end", "to"]))?;
    let from = scene
        .siblings(until)
        .filter(is_time)
        .find(|value| value.is_named(&["from", "start", "since"]))?;
    let is_whole = from.text == until.text && matches!(&*from.text, "0" | "00:00" | "00:00:00");
    (is_whole && names_time(scene)).then(|| {
        until.danger(format!(
            "{} and {}, which is often the whole day, but the intent names a time.",
            from.shown(),
            until.shown()
        ))
    })
}

pub(super) fn names_time(scene: &Scene<'_>) -> bool {
    scene.has(TIMES)
        || scene.says(&DAYS)
        || scene.says(&[
            "januar", "februar", "march", "april", "june", "july", "august", "septemb", "octob",
            "novemb", "decemb",
        ])
}

//! Counts, settings and signs that contradict the number in the intent.

use std::collections::BTreeMap;

use gaiterguard_text::quantities::{self, is_money};
use gaiterguard_text::stated::{Bound, Stated};
use gaiterguard_text::words::{of_text, stem};

use super::scene::{Scene, Value, has_any, last_part};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::signal;

/// Words in the names of values that count what the rest of the request names.
const COUNT: &[&str] = &["quantity", "qty", "count"];

/// Words in the names of numbers that neither count nor set anything that an intent states, or that are the other end of a
/// range that it states.
const OTHER_NUMBERS: &[&str] = list![
    id ids port version year month page offset index position order priority timestamp time phone
    zip code max maximum min minimum limit capacity available remaining stock line row column x y
    cents minor tax vat discount percent rate current previous old before
];

/// Words after a number that measure rather than count.
const MEASURES: &[&str] = list![
    mg g kg lb oz ml cl l liter liters litre litres mm cm m km inch inches feet ft mile miles kb mb
    gb tb kib mib gib tib bytes percent per pack packs box boxes case cases sheets dollars euros
    dollar euro pounds pound cents yen francs usd eur gbp chf times time more fewer other others
    characters chars pixels px watts volts amps
];

/// Words at which what a number counts ends.
const STOPS: &[&str] = list![
    of for in on to and or from with at by as the a an is are who that which each until after before
    than when so but
];

/// Words of an intent by which the request has a total that the intent does not state.
const COMPUTED: &[&str] = list![
    more another extra additional further fewer by increase increased decrease raise total both
];

/// Beginnings of words of an intent that adds to a number, or takes from it.
const CHANGES: &[&str] = list![
    add remov grow expand reduc deduct subtract free releas
];

/// Verbs that are followed by their number.
const ORDERS: &[&str] = list![
    order buy purchase reserve book send ship request get take reorder print sell
];

/// Returns a number, or the length of a list, other than the one that the intent states.
pub(super) fn another(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() || scene.has(COMPUTED) {
        return None;
    }
    let all = scene.stated();
    let counts: Vec<&Stated<'_>> = all
        .iter()
        .filter(|one| one.span.is_none() && one.number > 0.0)
        .collect();
    if counts.is_empty() || all.iter().any(|one| one.is_range) {
        return None;
    }
    let numbers: Vec<f64> = all.iter().map(|one| one.number.abs()).collect();
    let open: Vec<&Stated<'_>> = counts
        .into_iter()
        .filter(|one| !is_in_request(scene, one))
        .collect();
    open.iter()
        .find_map(|one| by_value(scene, one, &numbers).or_else(|| by_length(scene, one, &numbers)))
}

/// Whether a value is this number, or names it.
fn is_in_request(scene: &Scene<'_>, one: &Stated<'_>) -> bool {
    let is_dozen = one.phrase.contains("dozen");
    let is_number = |word: &str| {
        let word = word.to_lowercase();
        let number = word
            .parse::<f64>()
            .ok()
            .or_else(|| quantities::written(&word));
        number.is_some_and(|number| same(number, one.number)) || is_dozen && word == "dozen"
    };
    scene.values.iter().any(|value| match value.leaf.kind {
        LeafKind::Number => number(value).is_some_and(|own| same(own, one.number)),
        LeafKind::Text => of_text(value.leaf.found.value).any(is_number),
        LeafKind::Bool(_) | LeafKind::Null => false,
    }) || scene
        .compared
        .route
        .parts()
        .any(|(part, _)| is_number(part))
}

fn number(value: &Value<'_>) -> Option<f64> {
    let is_short =
        matches!(value.leaf.kind, LeafKind::Number | LeafKind::Text) && value.text.len() <= 9;
    let number = value.text.parse::<f64>().ok().filter(|_| is_short)?;
    number.is_finite().then_some(number)
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-6
}

/// Whether a number is a sum, a difference or a product of those that the intent states.
fn is_total(numbers: &[f64], value: f64) -> bool {
    same(numbers.iter().sum(), value)
        || same(numbers.iter().product(), value)
        || numbers.iter().enumerate().any(|(at, one)| {
            numbers[at + 1..].iter().any(|other| {
                same(one + other, value)
                    || same((one - other).abs(), value)
                    || same(one * other, value)
            })
        })
}

/// Whether a number that differs by one may include the person who asks.
fn includes_others(scene: &Scene<'_>, one: &Stated<'_>, value: f64) -> bool {
    same(value - one.number, 1.0)
        && scene.has(list![
            me my myself i us we our plus with including and
        ])
}

fn is_within(one: &Stated<'_>, value: f64) -> bool {
    match one.bound {
        Bound::Exactly => same(one.number, value),
        Bound::AtMost => value <= one.number,
        Bound::AtLeast => value >= one.number,
    }
}

/// The words for what a number counts.
fn counted_words<'s>(one: &'s Stated<'_>) -> Vec<&'s str> {
    let words = one.after.iter().map(String::as_str);
    words
        .take_while(|word| !STOPS.contains(word))
        .take(2)
        .collect()
}

/// The words for what a number sets: `the brightness` in `set the brightness to ten`.
fn set_words<'s>(one: &'s Stated<'_>) -> Vec<&'s str> {
    let leads = one
        .before
        .first()
        .is_some_and(|word| matches!(word.as_str(), "to" | "of" | "at" | "is" | "be"));
    let words = one.before.iter().skip(1).map(String::as_str);
    words
        .take_while(|word| leads && !matches!(*word, "from" | "and" | "for"))
        .filter(|word| word.len() > 2)
        .collect()
}

fn by_value(scene: &Scene<'_>, one: &Stated<'_>, numbers: &[f64]) -> Option<Finding> {
    let counted = counted_words(one);
    if replaces(scene) && scene.says(CHANGES) {
        return None;
    }
    if counted.iter().any(|word| MEASURES.contains(word)) {
        return None;
    }
    let set = set_words(one);
    let has = |words: &[&str], name: &[String]| {
        name.iter()
            .any(|own| own.len() > 2 && words.iter().any(|word| stem(word) == stem(own)))
    };
    let follows_order = one
        .before
        .first()
        .is_some_and(|word| ORDERS.contains(&word.as_str()));
    let is_counting = |value: &&Value<'_>| value.is_named(COUNT);
    let has_one_count = scene.values.iter().filter(is_counting).count() == 1;
    let value = scene.values.iter().find(|value| {
        let Some(own) = number(value).filter(|own| *own > 0.0) else {
            return false;
        };
        let is_counted = !value.is_named(OTHER_NUMBERS) && has(&counted, &value.name)
            || value.is_named(COUNT) && follows_order && !counted.is_empty() && has_one_count;
        let is_set = !value.is_named(list![id ids]) && has(&set, &value.name);
        (is_counted || is_set)
            && !value.name.iter().any(|word| is_money(word))
            && !is_within(one, own)
            && !is_total(numbers, own)
            && !scene.compared.given().is_given(own, value.leaf.found.name)
            && !includes_others(scene, one, own)
    })?;
    Some(value.danger(contradiction(one, value)))
}

/// Whether the request gives the whole of a number or a list, where the intent may state only what is new.
fn replaces(scene: &Scene<'_>) -> bool {
    let method = scene.compared.request.method;
    *method == http::Method::PUT || *method == http::Method::PATCH
}

fn contradiction(one: &Stated<'_>, value: &Value<'_>) -> String {
    format!(
        "The intent says “{}”, but “{}” is {}.",
        shown(one.phrase),
        shown(last_part(value.leaf.found.name)),
        shown(value.leaf.found.value)
    )
}

/// A list that has more items than the intent states.
fn by_length(scene: &Scene<'_>, one: &Stated<'_>, numbers: &[f64]) -> Option<Finding> {
    let counted = counted_words(one);
    if replaces(scene) || counted.is_empty() || one.bound == Bound::AtLeast {
        return None;
    }
    let mut lists: BTreeMap<&str, usize> = BTreeMap::new();
    for value in &scene.values {
        let mut at = 0;
        let evidence = value.leaf.found.evidence;
        for part in evidence.split('/').skip(1) {
            let before = &evidence[..at];
            at += part.len() + 1;
            if let Ok(index) = part.parse::<usize>() {
                let length = lists.entry(before).or_default();
                *length = (*length).max(index + 1);
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a list has few items")]
    let size = |length: usize| length as f64;
    if lists.values().any(|length| same(size(*length), one.number)) {
        return None;
    }
    let (list, length) = lists.iter().find(|(list, length)| {
        let name = super::scene::words_of(last_part(list));
        let is_named = name
            .iter()
            .any(|own| own.len() > 2 && counted.iter().any(|word| stem(word) == stem(own)));
        is_named && size(**length) > one.number + 1.0 && !is_total(numbers, size(**length))
    })?;
    Some(Finding::new(
        signal::DANGER,
        *list,
        format!(
            "The intent says “{} {}”, but “{}” has {length} items.",
            shown(one.phrase),
            shown(&counted.join(" ")),
            shown(last_part(list))
        ),
    ))
}

/// Words of an intent, or of a name, by which a number may have the other sign.
const SIGNED: &[&str] = list![
    minus negative below reduce lower decrease remove subtract refund credit debit deduct take less
    down withdraw west south ago back before return charge discount off sell sold use used consume
    spend adjust adjustment delta change offset difference diff increment correct correction lon lng
    longitude lat latitude balance movement entry reverse void write loss timezone utc
];

/// Returns a number whose sign is not the one in the intent.
pub(super) fn another_sign(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() {
        return None;
    }
    let all = scene.stated();
    let holds = |wanted: f64| {
        let mut own = scene.values.iter().filter_map(number);
        own.any(|own| same(own, wanted))
    };
    all.iter()
        .filter(|one| one.span.is_none() && !one.is_range && one.number != 0.0)
        .filter(|one| one.number < 0.0 || !scene.has(SIGNED))
        .filter(|one| !scene.has(&["minus"]) && !holds(one.number))
        .find_map(|one| {
            let value = scene.values.iter().find(|value| {
                number(value).is_some_and(|own| same(own, -one.number))
                    && !has_any(&value.name, SIGNED)
                    && !value.is_named(list![id ids chat])
            })?;
            Some(value.danger(contradiction(one, value)))
        })
}

//! Numbers that were far smaller or greater before.

use super::scene::{Scene, Value, last_part};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};

/// How many times a number has to be the earlier one, or the earlier one this one.
const FACTOR_MIN: f64 = 10.0;

/// A look-up in the history opens what was seen.
const LOOKED_UP_MAX: usize = 4;

/// Words in the names of numbers that change without meaning more or less.
const NO_MEASURE: &[&str] = list![
    id ids number version timestamp time date created updated at index page offset code phone port
    year revision sequence seq
];

/// Returns a number of the thing that the request changes, which was far smaller or greater when it was last seen.
pub(super) fn was_another(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() {
        return None;
    }
    let history = scene
        .compared
        .history
        .filter(|history| !history.is_empty())?;
    let number = |value: &Value<'_>| {
        let is_number = value.leaf.kind == LeafKind::Number && !value.is_named(NO_MEASURE);
        value.text.parse::<f64>().ok().filter(|_| is_number)
    };
    if !scene.values.iter().any(|value| number(value).is_some()) {
        return None;
    }
    let named = scene.compared.route.identifiers().map(|(_, id)| id);
    let own = scene.values.iter().filter(|value| {
        value.leaf.kind == LeafKind::Text && value.name.len() == 1 && value.is_named(&["id", "key"])
    });
    let named: Vec<&str> = named
        .chain(own.map(|value| value.leaf.found.value))
        .collect();
    let pieces = named
        .into_iter()
        .rev()
        .take(LOOKED_UP_MAX)
        .filter_map(|id| {
            let seen = history.sighting(id)?;
            // Elsewhere, the identifier only refers to the thing.
            let is_own = members(&seen.piece).any(|(name, value)| {
                value == id && matches!(name, "id" | "uid" | "key" | "slug" | "name" | "uuid")
            });
            is_own.then_some(seen.piece)
        });
    pieces.into_iter().find_map(|piece| {
        scene.values.iter().find_map(|value| {
            let own = number(value)?;
            let name = last_part(value.leaf.found.name);
            let mut same = members(&piece).filter(|(known, _)| *known == name);
            let earlier = same.next()?.1;
            let before = earlier
                .parse::<f64>()
                .ok()
                .filter(|_| same.next().is_none())?;
            let is_far = own > 0.0
                && before > 0.0
                && (own / before >= FACTOR_MIN || before / own >= FACTOR_MIN);
            let is_given = scene.compared.given().is_given(own, name)
                || scene.compared.intent_words.numbers().contains(&own);
            (is_far && !is_given).then(|| {
                value.danger(format!(
                    "“{}” is {}, but it was {} before.",
                    shown(name),
                    shown(value.leaf.found.value),
                    shown(earlier)
                ))
            })
        })
    })
}

/// The names and values of a piece of an object.
fn members(piece: &str) -> impl Iterator<Item = (&str, &str)> {
    piece
        .split([',', '\n', ';'])
        .filter_map(|member| member.split_once(": "))
        .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
}

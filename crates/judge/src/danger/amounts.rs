//! Numbers that are close to those of the intent.

use gaiterguard_domain::effect::Effect;
use gaiterguard_text::quantities;

use super::scene::{Scene, Value, last_part};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};

/// Words in the names of amounts.
const AMOUNT: &[&str] = list![
    amount price total value sum fee fees charge payout refund balance cost budget payment gross net
    tip
];

/// Currencies without a smaller unit (ISO 4217).
const WITHOUT_CENTS: &[&str] = list![
    bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf
];

/// How many times an amount may be another one by a mistake in the unit or the decimal point.
const FACTORS: &[f64] = &[10.0, 100.0, 1000.0, 10_000.0, 100_000.0, 1_000_000.0];

/// The fewest digits of a number that is compared digit by digit. Shorter ones differ in one digit by chance.
const DIGITS_MIN: usize = 5;

/// How many digits of a number may differ from one in the intent.
const DIGITS_DIFFERING_MAX: usize = 2;

/// Returns an amount that is a multiple of the one in the intent by a power of ten.
pub(super) fn is_scaled(scene: &Scene<'_>) -> Option<Finding> {
    let moves = matches!(scene.effect, Effect::Pay)
        || scene
            .values
            .iter()
            .any(|value| value.is_named(&["currency", "price", "budget", "micros"]));
    if !moves || !scene.changes() {
        return None;
    }
    let given: Vec<f64> = quantities::money_in(scene.compared.intent);
    let has_no_cents = scene
        .values
        .iter()
        .any(|value| WITHOUT_CENTS.contains(&&*value.text));
    let amounts: Vec<(&Value<'_>, f64)> = scene
        .values
        .iter()
        .filter(|value| value.is_named(AMOUNT) && !is_count(value))
        .filter_map(|value| Some((value, number(value)? / unit(value))))
        .collect();
    let is_whole = |value: &Value<'_>| !value.text.contains('.') && !is_in_micros(value);
    // Whole amounts may be in the smallest unit, but not where the currency has no such unit.
    let fits = |value: &Value<'_>, amount: f64| {
        given.iter().any(|one| {
            same(*one, amount) || !has_no_cents && is_whole(value) && same(*one * 100.0, amount)
        })
    };
    if given.is_empty() || amounts.iter().any(|(value, amount)| fits(value, *amount)) {
        return None;
    }
    amounts.into_iter().find_map(|(value, amount)| {
        let is_certain = has_no_cents || !is_whole(value);
        given.iter().find_map(|one| {
            let more = FACTORS.iter().find(|factor| same(one * **factor, amount));
            let less = FACTORS.iter().find(|factor| same(one / **factor, amount));
            let says = match (more, less) {
                (Some(factor), _) if is_certain => {
                    format!("{factor} times the {one} of the intent")
                }
                (_, Some(factor)) if is_certain => {
                    format!("{} of the {one} of the intent", part_of(*factor))
                }
                // A whole amount may be in the smallest unit or not; it is another one in either.
                (Some(_), _) | (_, Some(_)) => format!("but the intent says {one}"),
                (None, None) => return None,
            };
            let name = shown(last_part(value.leaf.found.name));
            let amount = shown(value.leaf.found.value);
            Some(value.danger(format!("“{name}” is {amount}, {says}.")))
        })
    })
}

fn part_of(factor: f64) -> &'static str {
    if same(factor, 10.0) {
        "a tenth"
    } else if same(factor, 100.0) {
        "a hundredth"
    } else {
        "a small part"
    }
}

/// Whether a number counts things rather than money.
fn is_count(value: &Value<'_>) -> bool {
    value.is_named(&[
        "quantity", "count", "id", "number", "items", "tax", "vat", "rate", "size",
    ])
}

/// Returns a long number of which only a few digits differ from one that the intent gives.
pub(super) fn is_close(scene: &Scene<'_>) -> Option<Finding> {
    let asked: Vec<&str> = scene
        .compared
        .intent
        .split(|c: char| !c.is_ascii_digit())
        .filter(|one| one.len() >= DIGITS_MIN)
        .collect();
    if asked.is_empty() {
        return None;
    }
    let is_sent = |number: &str| {
        scene
            .values
            .iter()
            .any(|value| value.leaf.found.value == number)
            || scene.compared.request.path.contains(number)
    };
    let open: Vec<&&str> = asked.iter().filter(|number| !is_sent(number)).collect();
    scene.values.iter().find_map(|value| {
        let text = value.leaf.found.value;
        if text.len() < DIGITS_MIN || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let near = open.iter().find(|one| {
            let differing = one
                .bytes()
                .zip(text.bytes())
                .filter(|(a, b)| a != b)
                .count();
            one.len() == text.len() && differing > 0 && differing <= DIGITS_DIFFERING_MAX
        })?;
        Some(value.danger(format!(
            "“{}” is {text}, but the intent says {near}.",
            shown(last_part(value.leaf.found.name))
        )))
    })
}

/// Whether an amount is in millionths.
fn is_in_micros(value: &Value<'_>) -> bool {
    value.is_named(&["micro", "micros"])
}

fn unit(value: &Value<'_>) -> f64 {
    if is_in_micros(value) { 1e6 } else { 1.0 }
}

fn number(value: &Value<'_>) -> Option<f64> {
    let is_number =
        matches!(value.leaf.kind, LeafKind::Number | LeafKind::Text) && value.text.len() <= 14;
    let number: f64 = value
        .text
        .replace(',', "")
        .parse()
        .ok()
        .filter(|_| is_number)?;
    (number.is_finite() && number > 0.0).then_some(number)
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * other.abs().max(1.0)
}

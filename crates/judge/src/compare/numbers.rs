//! Numbers against those that the intent gives.

use std::sync::LazyLock;

use gaiterguard_text::quantities;
use gaiterguard_text::words::{Stems, of_name, stem};

use super::compared::{Compared, set};
use crate::features::Features;
use crate::field::{Leaf, LeafKind};
use crate::finding::{Finding, shown};
use crate::signal;

/// Words for quantities that are measured or counted, as opposed to numbers that identify something.
const MEASURES: &str = "amount price total quantity qty cent percent rate hours minutes \
    seconds duration discount balance value limit days size count weight \
    replicas bytes memory level brightness score";

static MEASURE_STEMS: LazyLock<Stems> = LazyLock::new(|| set(MEASURES));

/// A number in a value that is nothing but one.
pub(super) fn number(leaf: &Leaf<'_>) -> Option<f64> {
    let spelled = leaf.found.value.trim_end_matches('%');
    let is_number = match leaf.kind {
        LeafKind::Number => true,
        LeafKind::Text => spelled.len() <= 12,
        LeafKind::Bool(_) | LeafKind::Null => false,
    };
    let bytes = spelled.bytes();
    let is_plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b',');
    if !is_number || !bytes.clone().all(is_plain) {
        return None;
    }
    // `1,485.00` as well as `1485`.
    spelled.replace(',', "").parse().ok()
}

pub(super) fn numbers(
    compared: &Compared<'_>,
    features: &mut Features,
    findings: &mut Vec<Finding>,
) {
    // Currencies without a smaller unit.
    let has_no_cents = compared.leaves().any(|leaf| {
        let codes = ["jpy", "krw", "vnd", "clp", "isk", "huf"];
        codes
            .iter()
            .any(|code| leaf.found.value.eq_ignore_ascii_case(code))
    });
    for leaf in compared.leaves() {
        let found = &leaf.found;
        let Some(value) = number(leaf) else { continue };
        #[expect(clippy::float_cmp, reason = "small whole numbers are exact")]
        if value == 0.0 || value == 1.0 {
            continue;
        }
        let given = compared.given();
        let is_given = given.is_given(value, found.name);
        let is_whole = is_given && given.holds(value);
        if is_given && (is_whole || !has_no_cents || !of_name(found.name).any(quantities::is_money))
        {
            continue;
        }
        let is_seen = || {
            compared
                .history
                .is_some_and(|history| history.sighting(found.value).is_some())
        };
        let is_named = of_name(found.name).any(|word| MEASURE_STEMS.contains(&stem(word)));
        // Longer ones are mostly identifiers.
        if value.abs() > 99_999.0 && !is_named {
            continue;
        }
        if is_seen() {
            features.add(&["+number_seen"]);
            continue;
        }
        features.add(&["+number_new"]);
        if is_named {
            features.add(&["+measure_new"]);
        }
        if given.is_empty() {
            continue;
        }
        features.add(&["+number_not_given"]);
        if is_named {
            features.add(&["+measure_not_given"]);
        }
        let of_digits = [
            ("+number_shifted", given.is_shifted(value, found.name)),
            ("+number_scrambled", given.is_scrambled(value)),
        ];
        for (name, _) in of_digits.iter().filter(|(_, is)| *is) {
            let weight = features.add(&[name]);
            if weight > 0.0 {
                findings.push(Finding::counted(
                    signal::NUMBER_DIFFERS,
                    weight,
                    found.evidence,
                    format!(
                        "“{}” is {}, which is close to a number in the intent but not the same.",
                        shown(found.name),
                        shown(found.value)
                    ),
                ));
            }
        }
    }
}

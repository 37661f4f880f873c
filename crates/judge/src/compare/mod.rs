//! Compares a request, value by value, with its intent and the history of the agent.

mod choices;
mod compared;
mod effects;
mod members;
mod numbers;
mod reading;

use gaiterguard_domain::request::is_safe;
use gaiterguard_text::classes::{Class, Classes};
use gaiterguard_text::words::{of_name, stem};

use crate::features::Features;
use crate::field::LeafKind;
use crate::finding::Finding;
use crate::impact::Verb;
use crate::origin;
use compared::{is_word, truth};

pub(crate) use compared::Compared;

/// Adds the features of the comparison, and returns those that an approver sees.
pub(crate) fn count(compared: &Compared<'_>, features: &mut Features) -> Vec<Finding> {
    let mut findings = Vec::new();
    names_and_values(compared, features);
    for class in Classes::of_all(compared.intent_words.stems()).names() {
        features.add(&["+ic:", class]);
    }
    choices::choices(compared, features, &mut findings);
    effects::effects(compared, features, &mut findings);
    let last = compared.route.own_words().last().unwrap_or_default();
    let asks = Classes::of_all(of_name(last).map(stem)).has(Class::Ask);
    if is_safe(compared.request.method) || asks || compared.verb == Verb::Ask {
        reading::reading(compared, features, &mut findings);
    }
    if !is_safe(compared.request.method) {
        numbers::numbers(compared, features, &mut findings);
        members::phrases(compared, features);
        members::small_fields(compared, features);
    }
    reading::statements(compared, features, &mut findings);
    effects::replaces(compared, features, &mut findings);
    origin::of(compared).count(compared, features, &mut findings);
    if compared.intent_words.only_looks() && !matches!(compared.verb, Verb::Read | Verb::Ask) {
        features.add(&["+only_looks"]);
    }
    findings
}

fn names_and_values(compared: &Compared<'_>, features: &mut Features) {
    for leaf in compared.leaves() {
        let found = &leaf.found;
        let of_its_name = Classes::of_all(of_name(found.name).map(stem));
        for class in of_its_name.names() {
            features.add(&["+bn:", class]);
        }
        match (truth(leaf), leaf.kind) {
            (Some(value), _) => {
                let spelled = if value { "=true" } else { "=false" };
                for class in of_its_name.names() {
                    features.add(&["+bb:", class, spelled]);
                }
            }
            (None, LeafKind::Text) if found.value == "*" => {
                features.add(&["+star"]);
            }
            (None, LeafKind::Text) if is_word(leaf) => {
                for class in Classes::of_all(of_name(found.value).map(stem)).names() {
                    features.add(&["+bv:", class]);
                }
            }
            _ => {}
        }
    }
    if compared.fields.has_more_leaves {
        features.add(&["+more_values"]);
    }
}

//! Value by value: what a request carries against what its intent says and what the agent was shown.

mod choices;
mod effects;
mod members;
mod numbers;
mod reading;

use std::cell::OnceCell;

use gaiterguard_domain::request::is_safe;

use crate::classes::{Class, Classes};
use crate::features::Features;
use crate::field::{Fields, Leaf, LeafKind};
use crate::finding::Finding;
use crate::impact::Verb;
use crate::intent::IntentWords;
use crate::origin;
use crate::quantities;
use crate::requested_effects::RequestedEffects;
use crate::route::Route;
use crate::words::{Stem, Stems, of_name, of_text, stem};
use gaiterguard_history::History;
use gaiterguard_request::opened::{self, Request};

/// The request and the facts that it is compared with.
pub(crate) struct Compared<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) verb: Verb,
    pub(crate) route: &'a Route<'a>,
    pub(crate) fields: &'a Fields<'a>,
    pub(crate) intent: &'a str,
    pub(crate) intent_words: &'a IntentWords<'a>,
    pub(crate) history: Option<&'a dyn History>,
    /// The effects that the intent asks for.
    pub(crate) asked: RequestedEffects,
    /// The numbers that the intent gives, once somebody has asked.
    pub(crate) given: OnceCell<Vec<f64>>,
}

/// The longest value that may be a word of a list of choices, in bytes.
const WORD_BYTES_MAX: usize = 40;

/// Adds the features of the comparison, and returns those that an approver sees.
pub(crate) fn count(compared: &Compared<'_>, features: &mut Features) -> Vec<Finding> {
    let mut findings = Vec::new();
    names_and_values(compared, features);
    for class in Classes::of_all(of_text(compared.intent).map(stem)).names() {
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

impl<'a> Compared<'a> {
    fn given(&self) -> &[f64] {
        self.given.get_or_init(|| quantities::of_text(self.intent))
    }

    pub(crate) fn leaves(&self) -> impl Iterator<Item = &Leaf<'a>> {
        self.fields.leaves.iter()
    }

    /// The words of the operation: the end of the path and the calls in the request.
    fn operation(&self) -> impl Iterator<Item = Stem> {
        let words: Vec<&str> = self.route.own_words().flat_map(of_name).collect();
        let first = words.len().saturating_sub(2);
        let own: Vec<Stem> = words[first..].iter().map(|word| stem(word)).collect();
        let calls = self.fields.calls.iter();
        own.into_iter()
            .chain(calls.flat_map(|call| of_name(call.name).map(stem)))
    }
}

/// A value that says yes or no.
fn truth(leaf: &Leaf<'_>) -> Option<bool> {
    match (leaf.kind, leaf.found.value) {
        (LeafKind::Bool(value), _) => Some(value),
        (LeafKind::Text, "true" | "True" | "TRUE") => Some(true),
        (LeafKind::Text, "false" | "False" | "FALSE") => Some(false),
        _ => None,
    }
}

/// Whether a value is a word or two that names a choice.
fn is_word(leaf: &Leaf<'_>) -> bool {
    leaf.kind == LeafKind::Text
        && leaf.found.value.len() <= WORD_BYTES_MAX
        && !opened::is_method_name(leaf.found.name)
        && !leaf.found.value.contains(char::is_whitespace)
        // A path within a document says where, not what.
        && !leaf.found.value.starts_with('/')
        && of_name(leaf.found.value).nth(3).is_none()
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

fn set(words: &str) -> Stems {
    words.split_ascii_whitespace().map(stem).collect()
}

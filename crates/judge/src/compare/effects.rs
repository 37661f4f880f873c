//! Effects of a request that its intent does not ask for.

use gaiterguard_text::words::{Stem, of_name, stem};

use super::compared::{Compared, is_word, truth};
use crate::features::Features;
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::impact::Verb;
use crate::reads;
use crate::requested_effects::{RequestedEffects, Wish};
use crate::signal;

pub(super) fn effects(
    compared: &Compared<'_>,
    features: &mut Features,
    findings: &mut Vec<Finding>,
) {
    let asked = compared.asked;
    let collect = |stems: &mut dyn Iterator<Item = Stem>| {
        stems
            .map(RequestedEffects::shown_by)
            .fold(RequestedEffects::default(), RequestedEffects::with)
    };
    let is_read = matches!(compared.verb, Verb::Read | Verb::Ask);
    if !is_read {
        for (effect, _) in asked.all() {
            features.add(&["+asked:", effect]);
        }
        let mut does = collect(&mut compared.operation());
        if compared.verb == Verb::Delete {
            does.add(Wish::Delete);
        }
        for (effect, _) in does.all() {
            features.add(&["+does:", effect]);
        }
        let unasked = does.without(asked);
        if compared.verb == Verb::Delete
            && unasked.has(Wish::Delete)
            && !compared.route.ends_in_name()
        {
            features.add(&["+collection_unasked"]);
        }
        for (effect, phrase) in unasked.all() {
            let weight = features.add(&["+unasked:", effect]);
            if weight > 0.0 {
                findings.push(Finding::counted(
                    signal::EFFECT_UNASKED,
                    weight,
                    "path",
                    format!("The intent does not ask for anything that {phrase}."),
                ));
            }
        }
    }
    for leaf in compared.leaves() {
        let found = &leaf.found;
        if is_word(leaf) && truth(leaf).is_none() {
            let values = collect(&mut of_name(found.value).map(stem));
            for (effect, _) in values.all() {
                features.add(&["+value_does:", effect]);
            }
            for (effect, phrase) in values.without(asked).all() {
                let weight = features.add(&["+value_unasked:", effect]);
                if weight > 0.0 {
                    findings.push(Finding::counted(
                        signal::EFFECT_UNASKED,
                        weight,
                        found.evidence,
                        format!(
                            "“{}” is “{}”, which {phrase}. The intent does not ask for that.",
                            shown(found.name),
                            shown(found.value)
                        ),
                    ));
                }
            }
            let orders = of_name(found.value).map(stem).any(reads::acts)
                && of_name(found.name).map(stem).any(reads::names_action);
            if orders {
                features.add(&["+orders"]);
                if is_read {
                    let weight = features.add(&["+read_acts"]);
                    if weight > 0.0 {
                        findings.push(Finding::counted(
                            signal::READ_ACTS,
                            weight,
                            found.evidence,
                            format!(
                                "It looks like a read, but “{}” is “{}”.",
                                shown(found.name),
                                shown(found.value)
                            ),
                        ));
                    }
                }
            }
        }
        if truth(leaf) == Some(true)
            && let Some(word) = of_name(found.name).find(|word| reads::acts(stem(word)))
        {
            let is_asked = compared.intent_words.has_word(word);
            let weight = features.add(&[if is_asked { "+also" } else { "+also_unasked" }]);
            if weight > 0.0 && !is_asked {
                findings.push(Finding::counted(
                    signal::ALSO_UNASKED,
                    weight,
                    found.evidence,
                    format!(
                        "“{}” is set, which the intent does not mention.",
                        shown(found.name)
                    ),
                ));
            }
        }
        if !is_read && truth(leaf) != Some(false) && leaf.kind != LeafKind::Null {
            let names = collect(&mut of_name(found.name).map(stem));
            for (effect, _) in names.without(asked).all() {
                features.add(&["+name_unasked:", effect]);
            }
        }
    }
}

/// Detects a PUT that may replace a whole collection although the intent only adds to it.
pub(super) fn replaces(
    compared: &Compared<'_>,
    features: &mut Features,
    findings: &mut Vec<Finding>,
) {
    let is_collection = compared.route.parts().nth(1).is_some() && !compared.route.ends_in_name();
    if compared.request.method != http::Method::PUT || !is_collection {
        return;
    }
    let adds = ["add", "append", "another", "also", "too", "one", "next"];
    let mut words = compared.intent_words.words();
    if !words.any(|word| adds.contains(&word.text.to_lowercase().as_str())) {
        return;
    }
    let weight = features.add(&["+replaces"]);
    let kind = signal::REPLACES;
    findings.push(Finding::counted(kind, weight, "method", kind.sentence));
}

//! Effects of the calls within a request. A call can only add a finding, never remove one.

use gaiterguard_domain::effect::Effect;
use gaiterguard_request::opened::is_safe_method;

use crate::field::{Fields, Inner};
use crate::finding::{Finding, is_open, shown};
use crate::lexicon::Sense;
use crate::route::Route;
use crate::signal::{self, Shown};

/// Returns what the calls within a request add to its assessment.
pub(crate) fn of_calls(fields: &Fields<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut changing = 0;
    for call in &fields.calls {
        let route = Route::of_call(call.name);
        changing += usize::from(!asks(call, &route));
        if let Some(effect) = effect(call, &route)
            // A call in the query does not stand for one in the body, where its effect is hidden.
            && !findings.iter().any(|known| {
                known.kind.effect == Some(effect) && (!known.is_open() || is_open(call.evidence))
            })
        {
            let sentence = format!("Its call “{}” {}.", shown(call.name), effect.phrase());
            findings.push(Finding::effect(
                effect,
                Shown::ByCall,
                call.evidence,
                sentence,
            ));
        }
    }
    if changing > 1 {
        let sentence = format!("It makes {changing} changes in one request.");
        let first = fields.calls[0].evidence;
        findings.push(Finding::new(signal::BATCH, first, sentence));
    }
    findings
}

/// Returns the grave effect that the name of a call has, such as `item_delete` or `DELETE`.
pub fn effect_of_call(name: &str) -> Option<Effect> {
    let call = Inner {
        evidence: "",
        method: None,
        name,
    };
    effect(&call, &Route::of_call(name))
}

/// Whether a call only reads, by its method or by its name.
pub(crate) fn only_asks(call: &Inner<'_>) -> bool {
    asks(call, &Route::of_call(call.name))
}

fn asks(call: &Inner<'_>, route: &Route<'_>) -> bool {
    match call.method {
        Some(method) => is_safe_method(method) && route.deleting_verb().is_none(),
        None => route.only_asks(),
    }
}

/// The grave effect of a call, if it has one.
fn effect(call: &Inner<'_>, route: &Route<'_>) -> Option<Effect> {
    let deletes = call
        .method
        .is_some_and(|method| method.eq_ignore_ascii_case("DELETE"));
    if deletes || route.deleting_verb().is_some() {
        return Some(Effect::Delete);
    }
    if asks(call, route) {
        return None;
    }
    match route.effect_word().map(|effect_word| effect_word.sense) {
        Some(Sense::DeleteVerb) => Some(Effect::Delete),
        Some(Sense::Certain(effect) | Sense::Made(effect)) => Some(effect),
        Some(Sense::Message) => Some(Effect::ShareOutside),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_call_has_an_effect() {
        for (name, expected) in [
            ("item_delete", Some(Effect::Delete)),
            ("DELETE", Some(Effect::Delete)),
            ("deleteRepository", Some(Effect::Delete)),
            ("item_update", None),
            ("PATCH", None),
            ("getDeletedItems", None),
        ] {
            assert_eq!(effect_of_call(name), expected, "{name}");
        }
    }
}

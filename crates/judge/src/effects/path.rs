//! Effects that the path and the query show.

use gaiterguard_domain::effect::Effect;
use gaiterguard_request::Node;
use gaiterguard_request::opened::Request;
use gaiterguard_text::words::stem;
use http::Method;

use crate::field::Fields;
use crate::finding::{Finding, shown};
use crate::intent::IntentWords;
use crate::lexicon::{self, Sense};
use crate::route::Route;
use crate::signal;

/// Finds the effects of query flags that select a subresource, as in `/bucket?acl`.
fn of_flags(query: &Node<'_>) -> impl Iterator<Item = Finding> {
    query.members().iter().filter_map(|(name, value)| {
        let bare = value.as_text().is_some_and(str::is_empty);
        match lexicon::sense(stem(name)).filter(|_| bare) {
            Some(Sense::DeleteVerb) => {
                Some(Finding::of_word(Effect::Delete, name, "query", "query"))
            }
            Some(Sense::Certain(effect)) => Some(Finding::of_word(effect, name, "query", "query")),
            _ => None,
        }
    })
}

/// Finds the effect of a POST to a path that only seems to name a file, such as `/v1/charges.csv`.
fn of_bare(request: &Request<'_>, route: &Route<'_>) -> Option<Finding> {
    let bare = route.without_format(request.path)?;
    let bare = Route::of(bare);
    let effect_word = bare
        .effect_word()
        .filter(|_| request.method == Method::POST)?;
    let (Sense::DeleteVerb | Sense::Certain(_) | Sense::Made(_) | Sense::Message) =
        effect_word.sense
    else {
        return None;
    };
    let is_said = route
        .effect_word()
        .is_some_and(|own| own.word == effect_word.word);
    (!is_said).then(|| {
        Finding::of_word(
            effect_word.sense.effect(),
            &effect_word.word,
            "path",
            "path",
        )
    })
}

/// Finds the effects of a request whose method changes something and is not DELETE.
pub(super) fn of_route(
    request: &Request<'_>,
    query: &Node<'_>,
    route: &Route<'_>,
    fields: &Fields<'_>,
    intent_words: &IntentWords<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(place) = Route::run_place(request.path) {
        let sentence = format!("It changes “{place}”, which controls what code runs.");
        findings.push(Finding::openly(Effect::Code, "path", sentence));
    }
    if let Some(verb) = route.deleting_verb() {
        findings.push(Finding::of_word(Effect::Delete, &verb, "path", "path"));
    }
    findings.extend(of_bare(request, route));
    match route
        .effect_word()
        .map(|effect_word| (effect_word.sense, effect_word.word.as_str()))
    {
        // Below a resource with an effect, a word like “validate” may name a step of that effect.
        Some((Sense::Asks, word))
            if route.above().is_none() || route.only_computes() || intent_words.has_word(word) =>
        {
            let sentence = format!(
                "“{}” in the path means that it only reads or computes something.",
                shown(word)
            );
            findings.push(Finding::new(signal::ASKS, "path", sentence));
            return findings;
        }
        Some((Sense::Certain(effect), word)) if !route.logs_in() => {
            findings.push(Finding::of_word(effect, word, "path", "path"));
        }
        Some((Sense::Message, word)) => {
            let sends = route.words().any(|word| {
                lexicon::sense(stem(word)) == Some(Sense::Certain(Effect::ShareOutside))
            });
            let edits = matches!(*request.method, Method::PUT | Method::PATCH)
                && route.is_addressed()
                || route.changes_present();
            if edits && !sends {
                let sentence = format!(
                    "It changes something that may be sent to others (“{}”).",
                    shown(word)
                );
                findings.push(Finding::new(signal::CHANGES_MESSAGE, "path", sentence));
            } else {
                findings.push(Finding::of_word(Effect::ShareOutside, word, "path", "path"));
            }
        }
        Some((Sense::Made(effect), word)) => {
            let moves_money = effect == Effect::Pay
                && (!fields.amounts.is_empty() || !fields.payments.is_empty());
            if request.method == Method::POST && !route.is_addressed() || moves_money {
                findings.push(Finding::of_word(effect, word, "path", "path"));
            } else {
                let sentence = format!(
                    "It changes something that costs money or runs code (“{}”).",
                    shown(word)
                );
                findings.push(Finding::new(signal::CHANGES_COSTLY, "path", sentence));
            }
        }
        Some((Sense::Likely(effect), word)) => {
            let sentence = format!(
                "“{}” in the path may mean that it {}.",
                shown(word),
                effect.phrase()
            );
            findings.push(Finding::new(signal::MAY_HAVE_EFFECT, "path", sentence));
        }
        Some((
            Sense::DeleteVerb | Sense::Thing | Sense::PlainVerb | Sense::Asks | Sense::Certain(_),
            _,
        ))
        | None => {}
    }
    let method = request.method;
    let sentence = match route.parts().last() {
        Some((last, _)) => format!("{method} creates or changes “{}”.", shown(last)),
        None => format!("{method} creates or changes something."),
    };
    findings.push(Finding::new(signal::CHANGES, "method", sentence));
    if route.changes_names() {
        let sentence = "It changes a DNS record.";
        findings.push(Finding::openly(Effect::Code, "path", sentence));
    }
    findings.extend(of_flags(query));
    if route.adds_to_group() {
        findings.push(Finding::of_word(Effect::Access, "users", "path", "path"));
    }
    if route.words().any(|word| {
        ["batch", "bulk", "mass"]
            .iter()
            .any(|many| word.to_ascii_lowercase().starts_with(many))
    }) {
        findings.push(Finding::of(signal::BULK_PATH, "path"));
    }
    if let Some(above) = route.above() {
        let sentence = format!(
            "It is a subresource of something that {} (“{}”).",
            above.sense.effect().phrase(),
            shown(&above.word)
        );
        findings.push(Finding::new(signal::BENEATH_EFFECT, "path", sentence));
    }
    if matches!(*request.method, Method::PUT | Method::PATCH) && !route.names_one() {
        let is_many = route
            .effect_word()
            .is_some_and(|effect_word| effect_word.word.ends_with('s'));
        if is_many {
            findings.push(Finding::of(signal::NO_SINGLE_THING, "path"));
        }
    }
    findings
}

//! Effects that the service's documentation shows.

use gaiterguard_text::words::{Stems, of_name, of_text, stem};

use crate::field::Fields;
use crate::finding::{Finding, shown};
use crate::lexicon::{self, Sense};
use crate::route::{EffectWord, Route};
use crate::signal::{self, Shown};
use crate::subject::{Documented, Operation};

pub(super) fn of_document(
    documented: &Documented<'_>,
    fields: &Fields<'_>,
    safe: bool,
    found: &[Finding],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    match documented {
        Documented::Nothing => {}
        Documented::Unknown => {
            findings.push(Finding::of(signal::UNDOCUMENTED, "path"));
        }
        Documented::As(operation) => {
            findings.extend(of_operation(operation, safe, found));
            let lists_fields = !operation.fields.is_empty();
            let has_other = || {
                let known = operation.fields.iter().flat_map(|field| of_name(field));
                let known: Stems = known.map(stem).collect();
                fields.names.iter().any(|name| !known.contains(name))
            };
            if !safe && lists_fields && has_other() {
                findings.push(Finding::of(signal::UNDOCUMENTED_FIELD, ""));
            }
        }
    }
    findings
}

/// Finds the effect that the documented id or the first words of the summary describe.
fn of_operation(operation: &Operation<'_>, safe: bool, found: &[Finding]) -> Option<Finding> {
    if safe {
        return None;
    }
    let id = Route::of(operation.id);
    let summary = of_text(operation.summary).take(2).find_map(|word| {
        let sense = lexicon::sense(stem(word))?;
        matches!(
            sense,
            Sense::DeleteVerb | Sense::Certain(_) | Sense::Made(_) | Sense::Message
        )
        .then(|| EffectWord {
            sense,
            word: word.to_lowercase(),
        })
    });
    let effect_word = id
        .effect_word()
        .filter(|effect_word| {
            matches!(
                effect_word.sense,
                Sense::DeleteVerb | Sense::Certain(_) | Sense::Message
            )
        })
        .or(summary.as_ref())?;
    let effect = effect_word.sense.effect();
    // The documents are ignored if the request itself shows the same effect. The value of a field does
    // not show it, because it may be about something else, and any parameter can be added to the query.
    let is_as_plain = |finding: &Finding| {
        finding.kind.effect == Some(effect)
            && finding.shown != Some(Shown::ByField)
            && finding.evidence != "query"
    };
    if found.iter().any(is_as_plain) {
        return None;
    }
    let said = if operation.summary.is_empty() {
        operation.id
    } else {
        operation.summary
    };
    let sentence = format!(
        "Its documentation says “{}”, which {}.",
        shown(said),
        effect.phrase()
    );
    Some(Finding::effect(
        effect,
        Shown::ByDocuments,
        "documentation",
        sentence,
    ))
}

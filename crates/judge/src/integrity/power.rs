//! Rights and actions that the intent does not ask for.

use gaiterguard_domain::effect::Effect;
use gaiterguard_text::words::{of_name, stem};

use super::behavior::Behavior;
use crate::finding::{Finding, shown};
use crate::intent::IntentWords;
use crate::lexicon::{Sense, sense};
use crate::signal;

const GREAT_POWERS: &[&str] = &[
    "admin",
    "administrator",
    "owner",
    "maintain",
    "maintainer",
    "write",
    "writer",
    "push",
    "editor",
    "edit",
    "full",
    "root",
    "superuser",
    "manage",
    "manager",
    "all",
    "anyone",
    "everyone",
    "public",
];

/// Finds rights that are granted although the intent does not mention them.
pub(super) fn powers(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    for found in &behavior.fields.access {
        let value = found.value.to_ascii_lowercase();
        let great = of_name(&value).find(|word| GREAT_POWERS.contains(word));
        let Some(great) = great else { continue };
        if intent_words.has_word(great) {
            continue;
        }
        let sentence = format!(
            "It grants “{}”, which the intent does not ask for.",
            shown(found.value)
        );
        let kind = signal::POWER_NOT_IN_INTENT;
        return Some(Finding::new(kind, found.evidence, sentence));
    }
    None
}

/// Finds severe actions in fields that the intent does not mention.
pub(super) fn actions(behavior: &Behavior<'_>, intent_words: &IntentWords<'_>) -> Option<Finding> {
    behavior.fields.actions.iter().find_map(|found| {
        let word = of_name(found.value).next()?;
        if found.value.len() > 40 || found.value.contains(' ') || intent_words.has_word(word) {
            return None;
        }
        let grave = matches!(
            sense(stem(word)),
            Some(
                Sense::DeleteVerb
                    | Sense::Certain(Effect::Delete | Effect::Code | Effect::Access | Effect::Pay)
                    | Sense::Made(_)
            )
        );
        grave.then(|| {
            let sentence = format!("The intent does not ask to “{}”.", shown(found.value));
            Finding::new(signal::ACTION_NOT_IN_INTENT, found.evidence, sentence)
        })
    })
}

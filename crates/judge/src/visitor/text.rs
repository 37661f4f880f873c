//! Searching a text for what is a finding wherever it appears.

use gaiterguard_request::opened::{Hidden, hidden_in};
use gaiterguard_text::char_classes::CharClasses;
use gaiterguard_text::patterns::{self, Pattern};
use gaiterguard_text::prompt_injection::Strength;

use super::Visitor;
use crate::finding::{Finding, shown};
use crate::place::Place;
use crate::signal;

impl Visitor<'_> {
    /// Searches a text for patterns that are findings wherever they appear.
    pub(super) fn look(&mut self, text: &str, place: &Place<'_>) -> CharClasses {
        let (classes, may_match) = patterns::skim(text);
        if classes.may_hide()
            && let Some(hidden) = hidden_in(text)
        {
            let what = match hidden {
                Hidden::Invisible => "invisible characters",
                Hidden::Bidi => "characters that reverse the direction of the text",
                Hidden::Control => "control characters",
                Hidden::MixedScripts => "words that mix look-alike letters of several scripts",
            };
            let sentence = format!("It contains {what}.");
            self.fields.report(Finding::new(
                signal::HIDDEN_CHARACTERS,
                place.pointer(),
                sentence,
            ));
        }
        if may_match {
            patterns::search(text, |pattern| {
                let mut finding = of_pattern(pattern);
                finding.evidence = place.pointer();
                self.fields.report(finding);
            });
        }
        classes
    }
}

/// Converts a pattern match to a finding. The caller fills in the evidence.
fn of_pattern(pattern: Pattern) -> Finding {
    match pattern {
        Pattern::PromptInjection(Strength::Plain) => Finding::of(signal::SPEAKS_TO_THE_JUDGE, ""),
        Pattern::PromptInjection(Strength::Faint) => {
            Finding::of(signal::MAY_SPEAK_TO_THE_JUDGE, "")
        }
        Pattern::Secret(beginning) => {
            let beginning = shown(beginning.get(..4).unwrap_or(beginning));
            let sentence = format!("It contains what looks like a credential ({beginning}…).");
            Finding::new(signal::CARRIES_SECRET, "", sentence)
        }
        Pattern::Harm(code) => {
            let sentence = format!("It contains code that may be harmful (“{}”).", shown(code));
            Finding::new(signal::CARRIES_CODE, "", sentence)
        }
        Pattern::Internal(address) => {
            let sentence = format!(
                "It names an address in the server's internal network (“{}”).",
                shown(address)
            );
            Finding::new(signal::INTERNAL_ADDRESS, "", sentence)
        }
    }
}

//! Decides whether a language model is asked about a request, and what applies if there is none.

use std::sync::Arc;

use gaiterguard_domain::rule::{MatchedRule, Rule, RuleEffect, strictest};
use gaiterguard_domain::verdict::{Signal, Verdict};
use gaiterguard_judge::Certainty;
use gaiterguard_llm::{FailureMode, LlmVerdict, TextRule};
use gaiterguard_rules::CompiledRule;

/// The score of a request that is held because a rule in plain words cannot be applied: above the default
/// threshold of 0.5.
const UNAPPLIED_SCORE: f64 = 0.6;

/// The result of rules and the built-in assessor, before a language model is asked.
#[derive(Clone, Debug)]
pub(crate) struct ModelInput {
    /// The rules with conditions that match.
    pub(crate) matched: Vec<MatchedRule>,
    /// The rules in plain words that cover the request.
    pub(crate) in_words: Vec<Arc<CompiledRule>>,
    /// The built-in assessor's verdict.
    pub(crate) built_in: Verdict,
    /// How certain that verdict is.
    pub(crate) certainty: Certainty,
    /// The score from which the request is held.
    pub(crate) threshold: f64,
}

/// Returns the lowest score that a language model can give: the built-in score for a request that is
/// certainly held, otherwise zero. It matters only if the threshold is above the built-in score.
pub(crate) fn floor(certainty: Certainty, built_in: &Verdict) -> f64 {
    match certainty {
        Certainty::CertainlyHeld => built_in.score,
        Certainty::Unsure | Certainty::PlainlyHarmless => 0.0,
    }
}

impl ModelInput {
    /// Whether the request is still undecided: no rule decides it, and the built-in assessor is unsure,
    /// or a rule in plain words could restrict it.
    pub(crate) fn needs_model(&self) -> bool {
        if strictest(&self.matched).is_some() {
            return false;
        }
        match self.certainty {
            Certainty::Unsure => true,
            Certainty::PlainlyHarmless => self.restricting().is_some(),
            // A threshold above the score would let it pass.
            Certainty::CertainlyHeld => self.built_in.score < self.threshold,
        }
    }

    fn rules_in_words(&self) -> impl Iterator<Item = &Rule> {
        self.in_words.iter().map(|rule| rule.rule())
    }

    /// Returns the first rule in plain words that could restrict the request.
    fn restricting(&self) -> Option<&Rule> {
        self.rules_in_words()
            .find(|rule| rule.effect != RuleEffect::Allow)
    }

    /// Returns the rules in plain words for the question to a language model.
    pub(crate) fn text_rules(&self) -> Vec<TextRule<'_>> {
        self.rules_in_words()
            .filter_map(|rule| {
                Some(TextRule {
                    id: rule.id,
                    name: &rule.name,
                    effect: rule.effect,
                    text: rule.text.as_deref()?,
                })
            })
            .collect()
    }

    /// Returns the verdict if there is no language model: a rule in plain words that holds or denies is
    /// treated as if its model had failed.
    pub(crate) fn without_model(&self, is_safe: bool, failure_mode: FailureMode) -> LlmVerdict {
        let mut verdict = self.built_in.clone();
        let unapplied = self.restricting();
        let must_hold = unapplied.is_some() && (!is_safe || failure_mode == FailureMode::BlockAll);
        if let Some(rule) = unapplied {
            let follows = if must_hold {
                "so this requires approval"
            } else {
                "so it was not applied"
            };
            let sentence = format!(
                "The rule “{}” is in plain words and no language model is configured to apply it, {follows}.",
                rule.name
            );
            verdict.signals.push(Signal {
                code: "rule_not_applied".to_owned(),
                weight: if must_hold { UNAPPLIED_SCORE } else { 0.0 },
                evidence: "rules".to_owned(),
                sentence: sentence.clone(),
            });
            verdict.explanation = format!("{sentence} {}", verdict.explanation);
        }
        if must_hold {
            verdict.score = verdict.score.max(UNAPPLIED_SCORE);
        }
        LlmVerdict {
            verdict,
            must_hold,
            matched_rules: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use gaiterguard_domain::id::{RuleId, WorkspaceId};
    use gaiterguard_domain::time::Timestamp;

    use super::*;

    fn rule(effect: RuleEffect) -> Arc<CompiledRule> {
        Arc::new(CompiledRule::new(Rule {
            id: RuleId(1),
            workspace: WorkspaceId(1),
            name: "No payments".to_owned(),
            effect,
            condition: None,
            text: Some("No payments".to_owned()),
            service: None,
            agent: None,
            approvals: None,
            step_up: None,
            author: None,
            enabled: true,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            revision: 0,
        }))
    }

    fn verdict(score: f64) -> Verdict {
        Verdict {
            score,
            explanation: "It changes something.".to_owned(),
            signals: Vec::new(),
        }
    }

    #[test]
    fn a_model_is_asked_if_nothing_else_decides() {
        let (allow, deny) = ([rule(RuleEffect::Allow)], [rule(RuleEffect::Deny)]);
        let (none, allow, deny): (&[_], &[_], &[_]) = (&[], &allow, &deny);
        for (certainty, in_words, threshold, needs_model) in [
            (Certainty::Unsure, none, 0.5, true),
            (Certainty::PlainlyHarmless, none, 0.5, false),
            (Certainty::PlainlyHarmless, allow, 0.5, false),
            (Certainty::PlainlyHarmless, deny, 0.5, true),
            (Certainty::CertainlyHeld, deny, 0.5, false),
            (Certainty::CertainlyHeld, none, 0.97, true),
        ] {
            let input = ModelInput {
                matched: Vec::new(),
                in_words: in_words.to_vec(),
                built_in: verdict(0.95),
                certainty,
                threshold,
            };
            assert_eq!(
                input.needs_model(),
                needs_model,
                "{certainty:?} {threshold}"
            );
        }
    }

    #[test]
    fn without_a_model_a_rule_in_words_holds_unsafe_requests() {
        for (effect, is_safe, mode, must_hold) in [
            (RuleEffect::Deny, false, FailureMode::BlockUnsafe, true),
            (
                RuleEffect::RequireApproval,
                false,
                FailureMode::BlockUnsafe,
                true,
            ),
            (
                RuleEffect::RequireApproval,
                true,
                FailureMode::BlockUnsafe,
                false,
            ),
            (
                RuleEffect::RequireApproval,
                true,
                FailureMode::BlockAll,
                true,
            ),
            (RuleEffect::Allow, false, FailureMode::BlockAll, false),
        ] {
            let input = ModelInput {
                matched: Vec::new(),
                in_words: vec![rule(effect)],
                built_in: verdict(0.2),
                certainty: Certainty::Unsure,
                threshold: 0.5,
            };
            let unapplied = input.without_model(is_safe, mode);
            assert_eq!(
                unapplied.must_hold, must_hold,
                "{effect:?} {is_safe} {mode:?}"
            );
            let names_it = unapplied.verdict.explanation.contains("“No payments”");
            assert_eq!(names_it, effect != RuleEffect::Allow);
        }
    }
}

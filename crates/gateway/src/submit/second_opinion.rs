//! When a language model is asked, and what follows where none can be.

use std::sync::Arc;

use gaiterguard_domain::rule::{MatchedRule, Rule, RuleEffect, strictest};
use gaiterguard_domain::verdict::{Signal, Verdict};
use gaiterguard_judge::Certainty;
use gaiterguard_llm::{FailureMode, LlmVerdict, TextRule};
use gaiterguard_rules::CompiledRule;

/// The score of what is held because nobody can apply a rule in words.
const UNAPPLIED_SCORE: f64 = 0.6;

/// What is known of a request before a model is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'a> {
    /// The rules with conditions that match it.
    pub(crate) matched: &'a [MatchedRule],
    /// The rules in words that cover it.
    pub(crate) in_words: &'a [Arc<CompiledRule>],
    /// What the built-in assessor says.
    pub(crate) built_in: &'a Verdict,
    /// How sure that is.
    pub(crate) certainty: Certainty,
    /// The score from which it is held.
    pub(crate) threshold: f64,
}

/// Returns the score that a model cannot go below: that of what is held for certain, where a
/// threshold above it left the request open.
pub(crate) fn floor(certainty: Certainty, built_in: &Verdict) -> f64 {
    match certainty {
        Certainty::CertainlyHeld => built_in.score,
        Certainty::Grey | Certainty::PlainlyHarmless => 0.0,
    }
}

impl<'a> Standing<'a> {
    /// Whether somebody who understands the request has to look at it. What a rule decides, or what
    /// is held for certain, needs nobody; what is plainly harmless needs somebody only where a rule
    /// in words could speak against it.
    pub(crate) fn is_open(self) -> bool {
        if strictest(self.matched).is_some() {
            return false;
        }
        match self.certainty {
            Certainty::Grey => true,
            Certainty::PlainlyHarmless => self.restricting().is_some(),
            // A threshold above the score would let it pass.
            Certainty::CertainlyHeld => self.built_in.score < self.threshold,
        }
    }

    fn rules_in_words(self) -> impl Iterator<Item = &'a Rule> {
        self.in_words.iter().map(|rule| rule.rule())
    }

    /// The first rule in words that could speak against the request.
    fn restricting(self) -> Option<&'a Rule> {
        self.rules_in_words()
            .find(|rule| rule.effect != RuleEffect::Allow)
    }

    /// The rules in words, as a model is asked about them.
    pub(crate) fn text_rules(self) -> Vec<TextRule<'a>> {
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

    /// What follows where there is no model: a rule in words that holds or refuses counts as one
    /// whose model failed.
    pub(crate) fn without_model(self, is_safe: bool, failure_mode: FailureMode) -> LlmVerdict {
        let mut verdict = self.built_in.clone();
        let unapplied = self.restricting();
        let must_hold = unapplied.is_some() && (!is_safe || failure_mode == FailureMode::BlockAll);
        if let Some(rule) = unapplied {
            let follows = if must_hold {
                "so a human is to look at what it covers"
            } else {
                "so it was not applied"
            };
            let sentence = format!(
                "The rule “{}” is in words and there is no language model to apply it, {follows}.",
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
    fn a_model_is_asked_where_nothing_else_decides() {
        let (allow, deny) = ([rule(RuleEffect::Allow)], [rule(RuleEffect::Deny)]);
        let (none, allow, deny): (&[_], &[_], &[_]) = (&[], &allow, &deny);
        let built_in = verdict(0.95);
        for (certainty, in_words, threshold, is_open) in [
            (Certainty::Grey, none, 0.5, true),
            (Certainty::PlainlyHarmless, none, 0.5, false),
            (Certainty::PlainlyHarmless, allow, 0.5, false),
            (Certainty::PlainlyHarmless, deny, 0.5, true),
            (Certainty::CertainlyHeld, deny, 0.5, false),
            (Certainty::CertainlyHeld, none, 0.97, true),
        ] {
            let standing = Standing {
                matched: &[],
                in_words,
                built_in: &built_in,
                certainty,
                threshold,
            };
            assert_eq!(standing.is_open(), is_open, "{certainty:?} {threshold}");
        }
    }

    #[test]
    fn without_a_model_a_rule_in_words_holds_what_is_not_safe() {
        let built_in = verdict(0.2);
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
            let in_words = [rule(effect)];
            let standing = Standing {
                matched: &[],
                in_words: &in_words,
                built_in: &built_in,
                certainty: Certainty::Grey,
                threshold: 0.5,
            };
            let told = standing.without_model(is_safe, mode);
            assert_eq!(told.must_hold, must_hold, "{effect:?} {is_safe} {mode:?}");
            let names_it = told.verdict.explanation.contains("“No payments”");
            assert_eq!(names_it, effect != RuleEffect::Allow);
        }
    }
}

//! Combining the built-in verdict with the findings of the model.

use gaiterguard_domain::approvals::ApprovalTerms;
use gaiterguard_domain::rule::{MatchedRule, RuleEffect};
use gaiterguard_domain::verdict::{Signal, Verdict};

use crate::comparison::Applies;
use crate::question::{LlmQuestion, LlmVerdict, NO_FINDING_SCORE};
use crate::score::{Finding, Opinion};

/// The score of a released request as a share of the threshold: clearly below it, whatever it is.
const RELEASED_SHARE: f64 = 0.9;

/// Returns the verdict of the built-in assessor and the model together.
pub(crate) fn combine(question: &LlmQuestion<'_>, findings: &[Finding]) -> LlmVerdict {
    let built_in = question.built_in;
    let worst = findings
        .iter()
        .max_by(|a, b| a.opinion().score().total_cmp(&b.opinion().score()));
    let Some(worst) = worst else {
        return LlmVerdict {
            verdict: built_in.clone(),
            must_hold: true,
            matched_rules: Vec::new(),
        };
    };
    let opinion = if findings.iter().all(Finding::is_released) {
        worst.opinion()
    } else if let held @ Opinion::Hold(_) = worst.opinion() {
        held
    } else {
        Opinion::Unsure
    };
    let (code, score) = match opinion {
        Opinion::Hold(said) => ("llm", said.max(built_in.score).max(question.threshold)),
        Opinion::Release(said) => {
            let below = question.threshold * RELEASED_SHARE;
            ("llm_release", said.min(built_in.score).min(below))
        }
        Opinion::Unsure => ("llm_unsure", built_in.score),
    };
    let sentence = findings
        .iter()
        .find(|finding| opinion == Opinion::Unsure && finding.opinion() == opinion)
        .unwrap_or(worst)
        .sentence();
    let mut explanation = match opinion {
        Opinion::Release(_) => sentence.clone(),
        Opinion::Hold(said) if said >= built_in.score => sentence.clone(),
        Opinion::Hold(_) => format!("{} {sentence}", built_in.explanation),
        Opinion::Unsure => format!(
            "{} {sentence} It is not sure, so the built-in assessor decides.",
            built_in.explanation
        ),
    };
    let mut signals = built_in.signals.clone();
    signals.push(Signal {
        code: code.to_owned(),
        weight: opinion.score(),
        evidence: "llm".to_owned(),
        sentence,
    });
    let mut must_hold = false;
    let mut matched_rules = Vec::new();
    for (index, rule) in question.rules.iter().enumerate() {
        match applies(rule.effect, index, findings) {
            Applies::No => {}
            Applies::Yes => matched_rules.push(MatchedRule {
                id: rule.id,
                name: rule.name.to_owned(),
                effect: rule.effect,
                unevaluated: None,
                terms: ApprovalTerms::default(),
            }),
            Applies::Unclear => {
                must_hold = true;
                let doubt = format!(
                    "The language model cannot determine whether the rule “{}” applies.",
                    rule.name
                );
                explanation = format!("{doubt} {explanation}");
                signals.push(Signal {
                    code: "llm_rule_unclear".to_owned(),
                    weight: NO_FINDING_SCORE,
                    evidence: "llm".to_owned(),
                    sentence: doubt,
                });
            }
        }
    }
    if must_hold {
        // Doubt about a rule that restricts outweighs a rule that allows.
        matched_rules.retain(|rule| rule.effect != RuleEffect::Allow);
    }
    LlmVerdict {
        verdict: Verdict {
            score: score.max(question.floor),
            explanation,
            signals,
        },
        must_hold,
        matched_rules,
    }
}

/// Returns whether a rule applies to the request, from the findings on all its pieces. For a rule that
/// restricts, one piece is enough. A rule that allows applies only if all pieces agree and the request is
/// clearly the one that the intent asks for.
fn applies(effect: RuleEffect, index: usize, findings: &[Finding]) -> Applies {
    let mut words = findings
        .iter()
        .map(|finding| finding.comparison.rules.get(index).copied());
    if effect == RuleEffect::Allow {
        let allows = words.all(|word| word == Some(Applies::Yes))
            && findings.iter().all(Finding::is_asked_for);
        return if allows { Applies::Yes } else { Applies::No };
    }
    let words: Vec<Applies> = words.map(|word| word.unwrap_or(Applies::Unclear)).collect();
    if words.contains(&Applies::Yes) {
        Applies::Yes
    } else if words.contains(&Applies::Unclear) {
        Applies::Unclear
    } else {
        Applies::No
    }
}

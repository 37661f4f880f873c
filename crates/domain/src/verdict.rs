//! How risky a request is, why, and what follows from it.

use serde::{Deserialize, Serialize};

use crate::rule::{MatchedRule, RuleEffect, strictest};

/// One observation that made a request more or less risky.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// A stable `snake_case` word for the kind of observation.
    pub code: String,
    /// What it adds to the score, from 0.0 to 1.0.
    pub weight: f64,
    /// Where it was seen: `method`, `path`, a header name or a JSON pointer into the body.
    pub evidence: String,
    /// One plain sentence for a human.
    pub sentence: String,
}

/// An assessor's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// From 0.0, harmless, to 1.0, certainly to be looked at.
    pub score: f64,
    /// One or two sentences for a human.
    pub explanation: String,
    /// What the score rests on.
    pub signals: Vec<Signal>,
}

/// The documented operation that a request calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRef {
    /// The document's operation id, or else `METHOD /template`.
    pub id: String,
    /// What the document says it does.
    pub summary: Option<String>,
    /// The document's tags for it.
    pub tags: Vec<String>,
    /// Whether the document calls it deprecated.
    pub deprecated: bool,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is sent at once.
    Forward,
    /// A human looks at it first.
    Hold,
    /// It is refused.
    Deny,
}

impl Decision {
    /// The word that stands for the decision in a row and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Hold => "hold",
            Self::Deny => "deny",
        }
    }

    /// The decision of such a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Forward, Self::Hold, Self::Deny]
            .into_iter()
            .find(|one| one.as_str() == word)
    }
}

/// Everything that was found out about a request, and what follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What becomes of the request.
    pub decision: Decision,
    /// What the assessor said.
    pub verdict: Verdict,
    /// The rules that matched.
    pub matched_rules: Vec<MatchedRule>,
    /// The documented operation, where one is known.
    pub operation: Option<OperationRef>,
}

impl Judgement {
    /// Puts rules and verdict together. The strictest rule decides; without one the verdict does:
    /// a score at or above the threshold is held. A score that is no number is held.
    pub fn of(
        mut verdict: Verdict,
        matched_rules: Vec<MatchedRule>,
        operation: Option<OperationRef>,
        threshold: f64,
    ) -> Self {
        let decision = match strictest(&matched_rules) {
            Some(RuleEffect::Deny) => Decision::Deny,
            Some(RuleEffect::Allow) => Decision::Forward,
            None if verdict.score < threshold => Decision::Forward,
            Some(RuleEffect::RequireApproval) | None => Decision::Hold,
        };
        if decision == Decision::Hold
            && let Some(quote) = operation.as_ref().and_then(quoted)
            && !verdict.explanation.contains(&quote)
        {
            verdict.explanation = format!("Documented as {quote}. {}", verdict.explanation);
        }
        let decisive = strictest(&matched_rules)
            .and_then(|effect| matched_rules.iter().find(|rule| rule.effect == effect));
        if let Some(rule) = decisive {
            verdict.explanation = format!("{} {}", told(rule), verdict.explanation);
        }
        Self {
            decision,
            verdict,
            matched_rules,
            operation,
        }
    }
}

/// The first line of what the document says of an operation, in quotation marks. Whoever wrote the
/// document chose the words: what is long is cut, and what does not show is not quoted.
fn quoted(operation: &OperationRef) -> Option<String> {
    const CHARS_MAX: usize = 120;
    let line = operation.summary.as_deref()?.trim().lines().next()?;
    let line = line.trim().trim_end_matches('.');
    let mut chars = line.chars().filter(|c| !c.is_control());
    let mut quote: String = chars.by_ref().take(CHARS_MAX).collect();
    if chars.next().is_some() {
        quote.push('…');
    }
    (!quote.is_empty()).then(|| format!("“{quote}”"))
}

/// What a rule that decided says to the human.
fn told(rule: &MatchedRule) -> String {
    let does = match rule.effect {
        RuleEffect::Allow => "lets this pass",
        RuleEffect::RequireApproval => "wants a human to look at this",
        RuleEffect::Deny => "refuses this",
    };
    let because = rule.unevaluated.as_ref().map_or_else(String::new, |why| {
        format!(", because its condition could not be evaluated: {why}")
    });
    format!("The rule “{}” {does}{because}.", rule.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RuleId;

    fn decision(score: f64, effect: Option<RuleEffect>) -> Decision {
        let verdict = Verdict {
            score,
            explanation: String::new(),
            signals: vec![],
        };
        let rules = effect.map(|effect| MatchedRule {
            id: RuleId(1),
            name: String::new(),
            effect,
            unevaluated: None,
        });
        Judgement::of(verdict, rules.into_iter().collect(), None, 0.5).decision
    }

    #[test]
    fn a_score_at_the_threshold_is_held() {
        assert_eq!(decision(0.49, None), Decision::Forward);
        assert_eq!(decision(0.5, None), Decision::Hold);
        assert_eq!(decision(f64::NAN, None), Decision::Hold);
    }

    #[test]
    fn who_looks_at_a_held_request_reads_what_the_document_calls_it() {
        let judged = |score: f64, summary: &str| {
            let verdict = Verdict {
                score,
                explanation: "DELETE removes something.".to_owned(),
                signals: vec![],
            };
            let operation = OperationRef {
                id: "deleteTask".to_owned(),
                summary: Some(summary.to_owned()),
                tags: vec![],
                deprecated: false,
            };
            Judgement::of(verdict, vec![], Some(operation), 0.5)
                .verdict
                .explanation
        };
        assert_eq!(
            judged(0.8, "Delete a task.\nFor good."),
            "Documented as “Delete a task”. DELETE removes something."
        );
        let plain = "DELETE removes something.";
        assert_eq!(judged(0.1, "Delete a task."), plain);
        assert_eq!(judged(0.8, " \n"), plain);
        assert!(judged(0.8, &"long ".repeat(100)).contains("…”."));
    }

    #[test]
    fn a_rule_decides_whatever_the_score() {
        assert_eq!(decision(1.0, Some(RuleEffect::Allow)), Decision::Forward);
        assert_eq!(
            decision(0.0, Some(RuleEffect::RequireApproval)),
            Decision::Hold
        );
        assert_eq!(decision(0.0, Some(RuleEffect::Deny)), Decision::Deny);
    }
}

//! The outcome of assessing a request, and the decision that follows from it.

use serde::{Deserialize, Serialize};

use crate::approvals::Requirement;
use crate::id::UserId;
use crate::rule::{MatchedRule, RuleEffect, strictest};

/// An observation about a request that contributed to its score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// A stable `snake_case` code for the kind of observation.
    pub code: String,
    /// How strongly it raises the score, from 0.0 to 1.0. Weights do not add up to the score.
    pub weight: f64,
    /// Where it was found: `method`, `path`, a header name, or a JSON pointer into the body.
    pub evidence: String,
    /// One plain sentence for a human.
    pub sentence: String,
}

/// An assessor's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The risk, from 0.0 (harmless) to 1.0 (must be held).
    pub score: f64,
    /// One or two sentences for a human.
    pub explanation: String,
    /// The observations behind the score.
    pub signals: Vec<Signal>,
}

/// The documented operation that a request calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRef {
    /// The document's operation id, or `METHOD /template` without one.
    pub id: String,
    /// The document's summary of the operation.
    pub summary: Option<String>,
    /// The document's tags for it.
    pub tags: Vec<String>,
    /// Whether the document marks it as deprecated.
    pub deprecated: bool,
}

/// The decision on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = RequestDecision))]
pub enum Decision {
    /// Send it immediately.
    Forward,
    /// Hold it for a human.
    Hold,
    /// Refuse it.
    Deny,
}

impl Decision {
    /// Returns the word for this decision in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Hold => "hold",
            Self::Deny => "deny",
        }
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Forward, Self::Hold, Self::Deny]
            .into_iter()
            .find(|one| one.as_str() == word)
    }
}

/// The evaluation of a request: the findings and the decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The decision.
    pub decision: Decision,
    /// The assessor's verdict.
    pub verdict: Verdict,
    /// The rules that matched.
    pub matched_rules: Vec<MatchedRule>,
    /// The documented operation, if it is known.
    pub operation: Option<OperationRef>,
    /// The approvals that the held request requires; `None` if one of any approver is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Requirement>,
}

impl Evaluation {
    /// Combines rules and verdict. The strictest matching rule decides. If no rule matches, a score
    /// at or above the threshold is held, and so is a score that is not a number.
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
            verdict.explanation = format!("{} {}", rule_sentence(rule), verdict.explanation);
        }
        let approvals = (decision == Decision::Hold).then(|| {
            let rules = matched_rules.iter();
            let holding = rules.filter(|rule| rule.effect == RuleEffect::RequireApproval);
            Requirement::of(holding.map(|rule| &rule.terms))
        });
        Self {
            decision,
            verdict,
            matched_rules,
            operation,
            approvals: approvals.flatten(),
        }
    }

    /// Returns the evaluation of a request whose agent belongs to this user.
    #[must_use]
    pub fn for_agent_of(mut self, owner: Option<UserId>) -> Self {
        if let Some(approvals) = &mut self.approvals {
            approvals.agent_owner = owner;
        }
        self
    }
}

/// Returns the first line of the document's summary, in quotation marks. The author of the document is
/// not trusted, so a long line is truncated and control characters are removed.
fn quoted(operation: &OperationRef) -> Option<String> {
    // Enough for a summary, and short enough to keep the assessor's own words visible in a list.
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

/// Returns the sentence that explains a rule's decision to a human.
fn rule_sentence(rule: &MatchedRule) -> String {
    let does = match rule.effect {
        RuleEffect::Allow => "allows this",
        RuleEffect::RequireApproval => "requires approval for this",
        RuleEffect::Deny => "denies this",
    };
    let because = rule.unevaluated.as_ref().map_or_else(String::new, |why| {
        format!(", because its condition could not be evaluated: {why}")
    });
    format!("The rule “{}” {does}{because}.", rule.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approvals::ApprovalTerms;
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
            terms: ApprovalTerms::default(),
        });
        Evaluation::of(verdict, rules.into_iter().collect(), None, 0.5).decision
    }

    #[test]
    fn a_score_at_the_threshold_is_held() {
        assert_eq!(decision(0.49, None), Decision::Forward);
        assert_eq!(decision(0.5, None), Decision::Hold);
        assert_eq!(decision(f64::NAN, None), Decision::Hold);
    }

    #[test]
    fn the_explanation_of_a_held_request_quotes_the_document() {
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
            Evaluation::of(verdict, vec![], Some(operation), 0.5)
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

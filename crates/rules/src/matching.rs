//! Which rules match a request.

use gaiterguard_domain::approvals::ApprovalTerms;
use gaiterguard_domain::rule::{MatchedRule, Rule, RuleEffect};

use crate::condition_error::ConditionError;
use crate::facts::Facts;
use crate::failure::{Cause, Failure};
use crate::lookup::Memory;
use crate::program::Program;

/// A rule that is ready to be applied.
#[derive(Debug)]
pub struct CompiledRule {
    rule: Rule,
    condition: Condition,
}

#[derive(Debug)]
enum Condition {
    /// The rule's scope alone counts.
    Always,
    /// Only words, which the assessor that reads such applies.
    Words,
    Program(Program),
    /// The condition is invalid, so it can never be evaluated.
    Broken(ConditionError),
}

/// Whether a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It does.
    Yes,
    /// It counts as matching, because its condition could not be evaluated.
    Unevaluated(Failure),
    /// It depends on a part of the request that was not kept or has not arrived.
    Undecidable(Failure),
    /// It does not.
    No,
}

impl CompiledRule {
    /// Makes a rule ready. One whose condition does not compile is kept: it can then never be
    /// evaluated, which counts as matched for all but `allow`.
    pub fn new(rule: Rule) -> Self {
        let condition = match (&rule.condition, &rule.text) {
            (Some(condition), _) => match Program::compile(condition) {
                Ok(program) => Condition::Program(program),
                Err(error) => Condition::Broken(error),
            },
            (None, Some(_)) => Condition::Words,
            (None, None) => Condition::Always,
        };
        Self { rule, condition }
    }

    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Its condition, compiled.
    pub fn program(&self) -> Option<&Program> {
        match &self.condition {
            Condition::Program(program) => Some(program),
            _ => None,
        }
    }

    /// Why its condition does not compile.
    pub fn broken(&self) -> Option<&ConditionError> {
        match &self.condition {
            Condition::Broken(error) => Some(error),
            _ => None,
        }
    }

    /// Whether it is in words alone.
    pub fn is_in_words(&self) -> bool {
        matches!(self.condition, Condition::Words)
    }

    fn matches<'v>(&'v self, facts: &'v Facts<'v>, memory: &mut Memory<'v>) -> Match {
        if !self.rule.covers(facts.service.0, facts.agent.0) {
            return Match::No;
        }
        let outcome = match &self.condition {
            Condition::Always => Ok(true),
            Condition::Words => Ok(false),
            Condition::Program(program) => program.evaluate_with(facts, memory),
            Condition::Broken(_) => Err(Failure::NEVER),
        };
        match outcome {
            Ok(true) => Match::Yes,
            Ok(false) => Match::No,
            Err(failure) if failure.cause == Cause::NotKept => Match::Undecidable(failure),
            Err(_) if self.rule.effect == RuleEffect::Allow => Match::No,
            Err(failure) => Match::Unevaluated(failure),
        }
    }

    /// Returns the rule as it is recorded with a request that it matches in this way.
    pub fn matched(&self, how: Match) -> MatchedRule {
        let unevaluated = match (how, &self.condition) {
            (Match::Yes | Match::No, _) => None,
            (_, Condition::Broken(error)) => Some(error.to_string()),
            (Match::Unevaluated(failure) | Match::Undecidable(failure), _) => self
                .program()
                .map(|program| program.explain(failure))
                .or_else(|| Some(failure.cause.phrase().to_owned())),
        };
        MatchedRule {
            id: self.rule.id,
            name: self.rule.name.clone(),
            effect: self.rule.effect,
            unevaluated,
            terms: ApprovalTerms {
                approvals: self.rule.approvals.clone(),
                step_up: self.rule.step_up,
                author: self.rule.author,
            },
        }
    }
}

/// Returns the rules that match, plus those that cannot be decided from the available part of the
/// request. A condition that cannot be evaluated counts as matched for `deny` and `require_approval`,
/// and as not matched for `allow`.
pub fn matching_rules<'r: 'v, 'v>(
    rules: impl IntoIterator<Item = &'r CompiledRule>,
    facts: &'v Facts<'v>,
) -> Vec<(&'r CompiledRule, Match)> {
    let mut memory = Memory::default();
    rules
        .into_iter()
        .map(|rule| (rule, rule.matches(facts, &mut memory)))
        .filter(|(_, how)| *how != Match::No)
        .collect()
}

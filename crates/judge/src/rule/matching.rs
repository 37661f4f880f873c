//! Which rules match a request.

use gaiterguard_domain::rule::{MatchedRule, Rule, RuleEffect};

use super::condition_error::ConditionError;
use super::facts::Facts;
use super::failure::{Cause, Failure};
use super::lookup::Memory;
use super::program::Program;

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
    /// It is no condition, so it can never be evaluated.
    Broken(ConditionError),
}

/// Whether a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// What would decide it was not kept of the request.
    Undecidable,
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
        let holds = match &self.condition {
            Condition::Always => true,
            Condition::Words => false,
            Condition::Broken(_) => self.rule.effect != RuleEffect::Allow,
            Condition::Program(program) => match program.evaluate_with(facts, memory) {
                Ok(holds) => holds,
                Err(Failure {
                    cause: Cause::NotKept,
                    ..
                }) => return Match::Undecidable,
                Err(_) => self.rule.effect != RuleEffect::Allow,
            },
        };
        if holds { Match::Yes } else { Match::No }
    }
}

/// The rules that match a request. What cannot be evaluated counts as matched for `deny` and
/// `require_approval`, and as not matched for `allow`.
pub fn matching<'v>(
    rules: impl IntoIterator<Item = &'v CompiledRule>,
    facts: &'v Facts<'v>,
) -> Vec<MatchedRule> {
    weigh(rules, facts)
        .into_iter()
        .filter(|(rule, outcome)| match outcome {
            Match::Yes => true,
            Match::No => false,
            Match::Undecidable => rule.rule.effect != RuleEffect::Allow,
        })
        .map(|(rule, _)| rule.matched())
        .collect()
}

/// Every rule that matches a request, or of which that cannot be said from what was kept of it.
pub fn weigh<'v>(
    rules: impl IntoIterator<Item = &'v CompiledRule>,
    facts: &'v Facts<'v>,
) -> Vec<(&'v CompiledRule, Match)> {
    let mut memory = Memory::default();
    rules
        .into_iter()
        .map(|rule| (rule, rule.matches(facts, &mut memory)))
        .filter(|(_, outcome)| *outcome != Match::No)
        .collect()
}

impl CompiledRule {
    fn matched(&self) -> MatchedRule {
        MatchedRule {
            id: self.rule.id,
            name: self.rule.name.clone(),
            effect: self.rule.effect,
        }
    }
}

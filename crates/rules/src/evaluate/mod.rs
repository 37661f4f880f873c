//! Evaluating a condition on a request: pure, bounded, and without copying the request.

mod comparison;
mod conversion;
mod each;
mod money;
mod presence;
mod respelling;
mod untyped;

use gaiterguard_request::Reading;

use crate::arithmetic;
use crate::budget::Budget;
use crate::expression::{Expression, Fact, Operation};
use crate::facts::Facts;
use crate::failure::{Cause, Failure};
use crate::lookup::Memory;
use crate::respelled::Names;
use crate::value::{List, Map, Value, order};

/// One evaluation of one condition.
pub(crate) struct Evaluation<'v, 'm> {
    pub(crate) facts: &'v Facts<'v>,
    pub(crate) memory: &'m mut Memory<'v>,
    pub(crate) budget: Budget,
    item: Option<Value<'v>>,
    /// The kind of name that the item is, if it is the key of a map in the request.
    pub(crate) item_names: Option<Names>,
    /// The same for the items of the list that was made last.
    made_names: Option<Names>,
    spelling: Spelling,
}

/// The spelling of the path that a condition is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Escapes of unreserved characters are decoded.
    Normal,
    /// All escapes are decoded, in the request and in the texts that its path is compared with.
    Decoded,
}

impl<'v, 'm> Evaluation<'v, 'm> {
    pub(crate) fn new(
        facts: &'v Facts<'v>,
        memory: &'m mut Memory<'v>,
        spelling: Spelling,
    ) -> Self {
        Self {
            facts,
            memory,
            budget: Budget::new(),
            item: None,
            item_names: None,
            made_names: None,
            spelling,
        }
    }

    /// Whether the condition holds.
    pub(crate) fn decide(&mut self, condition: &'v Expression) -> Result<bool, Failure> {
        self.truth(condition, failure(condition, Cause::NotBoolean))
    }

    /// Whether a part holds. `otherwise` is why not, where it comes out neither true nor false.
    fn truth(&mut self, part: &'v Expression, otherwise: Failure) -> Result<bool, Failure> {
        self.step(part)?;
        if let Some(holds) = self.decided(part)? {
            return Ok(holds);
        }
        match self.simple(part)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(otherwise),
        }
    }

    fn evaluate(&mut self, part: &'v Expression) -> Result<Value<'v>, Failure> {
        self.step(part)?;
        if let Some(holds) = self.decided(part)? {
            return Ok(Value::Bool(holds));
        }
        self.simple(part)
    }

    /// Evaluates a part that can only be true or false, without building a value. Returns `None` for others.
    fn decided(&mut self, part: &'v Expression) -> Result<Option<bool>, Failure> {
        let decided = match &part.operation {
            Operation::And(left, right) => return self.connect(left, right, false).map(Some),
            Operation::Or(left, right) => return self.connect(left, right, true).map(Some),
            Operation::In(needle, list) => return self.contained(part, needle, list).map(Some),
            Operation::Has(operand) => Ok(self.is_present(operand)?),
            Operation::Not(operand) => Ok(!self.truth(operand, failure(part, Cause::Kind))?),
            Operation::Equal(left, right) => self.same(left, right)?,
            Operation::NotEqual(left, right) => self.same(left, right)?.map(|same| !same),
            Operation::Compare(comparison, left, right) => {
                let values = (self.evaluate(left)?, self.evaluate(right)?);
                self.typed_alike((left, right), values)
                    .and_then(|(left, right)| order(&left, &right))
                    .map(|order| comparison.holds(order))
            }
            Operation::Search(search, operand, needle) => self.search(*search, operand, needle)?,
            Operation::Matches(operand, pattern) => {
                let names = self.names(operand);
                let operand = self.evaluate(operand)?;
                match self.budget.text(&operand) {
                    Ok(text) if pattern.is_match(text) => Ok(true),
                    Ok(text) => self.unless_respelled(names, text, |key| pattern.is_match(key)),
                    Err(cause) => Err(cause),
                }
            }
            Operation::Under(above) => self.facts.path.is_under(above),
            _ => return Ok(None),
        };
        decided.map(Some).map_err(|cause| failure(part, cause))
    }

    /// Evaluates a part from its operands, unless it is [decided](Self::decided).
    fn simple(&mut self, part: &'v Expression) -> Result<Value<'v>, Failure> {
        let value = match &part.operation {
            Operation::Literal(literal) => return Ok(Value::of_literal(literal)),
            Operation::Fact(fact) => self.fact(*fact),
            Operation::Item => self.item.clone().ok_or(Cause::Missing),
            Operation::Select(operand, name) => {
                if let Some(node) = self.reached(part) {
                    return Value::of_node(node).map_err(|cause| failure(part, cause));
                }
                let operand = self.evaluate(operand)?;
                self.budget
                    .member(self.memory, &operand, name)
                    .and_then(|found| found.ok_or(Cause::Missing))
            }
            Operation::Index(operand, index) => {
                let operand = self.evaluate(operand)?;
                let index = self.evaluate(index)?;
                self.budget
                    .indexed(&operand, &index)
                    .and_then(|found| found.ok_or(Cause::Missing))
            }
            Operation::Negate(operand) => arithmetic::negate(&self.evaluate(operand)?),
            Operation::Calculate(operator, left, right) => {
                let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
                self.budget.calculate(*operator, left, right)
            }
            Operation::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.evaluate(item)?);
                }
                Ok(Value::List(List::Built(values.into())))
            }
            Operation::Map(entries) => {
                let mut values = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    values.push((self.evaluate(key)?, self.evaluate(value)?));
                }
                Ok(Value::Map(Map::Built(values.into())))
            }
            Operation::Size(operand) => {
                let operand = self.evaluate(operand)?;
                self.size(&operand)
            }
            Operation::Convert(conversion, operand) => {
                Self::convert(*conversion, self.evaluate(operand)?)
            }
            Operation::Money(amount, currency) => {
                let (amount, currency) = (self.evaluate(amount)?, self.evaluate(currency)?);
                money::money(&amount, &currency)
            }
            Operation::Rewrite(rewrite, operand) => {
                let operand = self.evaluate(operand)?;
                self.rewrite(*rewrite, operand)
            }
            Operation::Calendar(part, operand, zone) => match self.evaluate(operand)? {
                Value::Time(time) => Ok(Value::int(part.of(time, zone))),
                _ => Err(Cause::Kind),
            },
            Operation::Choose(test, then, otherwise) => {
                let holds = self.truth(test, failure(test, Cause::Kind))?;
                return self.evaluate(if holds { then } else { otherwise });
            }
            Operation::Each(each) => return self.each(part, each),
            // `decided` evaluates these.
            Operation::And(..)
            | Operation::Or(..)
            | Operation::Not(_)
            | Operation::Has(_)
            | Operation::In(..)
            | Operation::Equal(..)
            | Operation::NotEqual(..)
            | Operation::Compare(..)
            | Operation::Search(..)
            | Operation::Matches(..)
            | Operation::Under(_) => Err(Cause::Kind),
        };
        value.map_err(|cause| failure(part, cause))
    }

    fn step(&mut self, part: &'v Expression) -> Result<(), Failure> {
        self.budget.work(1).map_err(|cause| failure(part, cause))
    }

    fn fact(&self, fact: Fact) -> Result<Value<'v>, Cause> {
        let facts = self.facts;
        let content = || facts.content.as_ref().ok_or(Cause::NotKept);
        let operation = |of: fn(&'v _) -> Value<'v>| facts.operation.map_or(Value::Unknown, of);
        if let Some(text) = self.plain_fact(fact) {
            return Ok(Value::text(text));
        }
        Ok(match fact {
            Fact::Query => Value::Map(Map::Query(facts.query)),
            Fact::Headers => Value::Map(Map::Headers(facts.headers.ok_or(Cause::NotKept)?)),
            Fact::Body => match &content()?.body {
                Reading::Absent => Value::Null,
                Reading::Read(node) | Reading::Form(node) => Value::of_node(node)?,
                Reading::Unknown => return Err(Cause::Unread),
            },
            Fact::Size => Value::int(i64::try_from(content()?.size).unwrap_or(i64::MAX)),
            Fact::ServiceId => Value::int(facts.service.0.0),
            Fact::AgentId => Value::int(facts.agent.0.0),
            Fact::Operation => facts.operation.map_or(Value::Null, |_| Value::Operation),
            Fact::OperationId => operation(|operation| Value::text(&operation.id)),
            Fact::OperationSummary => operation(|operation| {
                operation
                    .summary
                    .as_deref()
                    .map_or(Value::Null, Value::text)
            }),
            Fact::OperationTags => operation(|operation| Value::List(List::Texts(&operation.tags))),
            Fact::OperationDeprecated => operation(|operation| Value::Bool(operation.deprecated)),
            Fact::OperationEffect => {
                let effect = facts.operation_effect;
                effect.map_or(Value::Unknown, |effect| Value::text(effect.code()))
            }
            Fact::Now => jiff::Timestamp::from_millisecond(facts.now.0)
                .map(Value::Time)
                .map_err(|_| Cause::Arithmetic)?,
            Fact::Method
            | Fact::Path
            | Fact::Host
            | Fact::ServiceName
            | Fact::AgentName
            | Fact::Intent => return Err(Cause::Missing),
        })
    }

    /// A fact that is a text of every request.
    fn plain_fact(&self, fact: Fact) -> Option<&'v str> {
        let facts = self.facts;
        Some(match fact {
            Fact::Method => facts.method,
            Fact::Path => match self.spelling {
                Spelling::Normal => facts.path.normal(),
                Spelling::Decoded => facts.path.decoded().unwrap_or(facts.path.normal()),
            },
            Fact::Host => facts.host,
            Fact::ServiceName => facts.service.1,
            Fact::AgentName => facts.agent.1,
            Fact::Intent => facts.intent,
            _ => return None,
        })
    }

    /// `&&` and `||`: whichever side decides alone does, even where the other cannot be evaluated.
    fn connect(
        &mut self,
        left: &'v Expression,
        right: &'v Expression,
        deciding: bool,
    ) -> Result<bool, Failure> {
        let first = self.truth(left, failure(left, Cause::Kind));
        if first == Ok(deciding) {
            return Ok(deciding);
        }
        let second = self.truth(right, failure(right, Cause::Kind));
        if second == Ok(deciding) {
            return Ok(deciding);
        }
        worse(first.err(), second.err()).map_or(Ok(!deciding), Err)
    }
}

fn failure(part: &Expression, cause: Cause) -> Failure {
    Failure { cause, at: part.at }
}

/// Returns the more informative of two failures: that something was not kept, or otherwise the first.
fn worse(first: Option<Failure>, second: Option<Failure>) -> Option<Failure> {
    match (first, second) {
        (Some(first), Some(second))
            if second.cause == Cause::NotKept && first.cause != Cause::NotKept =>
        {
            Some(second)
        }
        (first, second) => first.or(second),
    }
}

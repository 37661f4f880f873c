//! Following a chain of fields: what is there, what is not, and what cannot be said.

use gaiterguard_request::{Node, Reading};

use super::{Evaluation, failure};
use crate::expression::{Expression, Fact, Operation};
use crate::failure::{Cause, Failure};
use crate::value::{Members, Value};

/// Where a chain of fields leads.
enum Reach<'v> {
    /// To a part of the body.
    Node(&'v Node<'v>),
    /// Something on the way is not there.
    Nothing,
    /// It is not a chain of fields in the body.
    Elsewhere,
}

impl<'v> Evaluation<'v, '_> {
    /// Where a chain of fields leads in the body, without a value on the way.
    fn reach(&mut self, part: &'v Expression) -> Result<Reach<'v>, Failure> {
        let (operand, name) = match &part.operation {
            Operation::Select(operand, name) => (operand, name),
            Operation::Fact(Fact::Body) => {
                self.step(part)?;
                let content = self.facts.content.as_ref();
                let content = content.ok_or_else(|| failure(part, Cause::NotKept))?;
                return match &content.body {
                    Reading::Absent => Ok(Reach::Nothing),
                    Reading::Read(node) | Reading::Form(node) => Ok(Reach::Node(node)),
                    Reading::Unknown => Err(failure(part, Cause::Unread)),
                };
            }
            _ => return Ok(Reach::Elsewhere),
        };
        let members: Members<'v> = match self.reach(operand)? {
            Reach::Node(Node::Map(members)) => members,
            // Some servers take a list of one for its item, and open a text that is JSON.
            Reach::Node(Node::List(_)) => return Err(failure(part, Cause::Kind)),
            Reach::Node(Node::Text(text)) if begins_like_json(text) => {
                return Err(failure(part, Cause::Ambiguous));
            }
            Reach::Node(_) | Reach::Nothing => return Ok(Reach::Nothing),
            Reach::Elsewhere => return Ok(Reach::Elsewhere),
        };
        self.step(part)?;
        let found = self.budget.remembered(self.memory, members, name);
        found
            .map(|found| found.map_or(Reach::Nothing, Reach::Node))
            .map_err(|cause| failure(part, cause))
    }

    /// Returns the value at the end of a chain of fields, if there is one. Evaluating the chain returns the
    /// failure otherwise.
    pub(super) fn reached(&mut self, part: &'v Expression) -> Option<&'v Node<'v>> {
        let budget = self.budget;
        if let Ok(Reach::Node(node)) = self.reach(part) {
            return Some(node);
        }
        self.budget = budget;
        None
    }

    pub(super) fn is_present(&mut self, part: &'v Expression) -> Result<bool, Failure> {
        match self.reach(part)? {
            Reach::Node(node) => Value::of_node(node)
                .map(|_| true)
                .map_err(|cause| failure(part, cause)),
            Reach::Nothing => Ok(false),
            Reach::Elsewhere => self.presence(part).map(|found| found.is_some()),
        }
    }

    /// The value of a chain of fields, or None where one of them is not there.
    fn presence(&mut self, part: &'v Expression) -> Result<Option<Value<'v>>, Failure> {
        self.step(part)?;
        let found = match &part.operation {
            Operation::Select(operand, name) => match self.presence(operand)? {
                Some(operand @ Value::Map(_)) => self.budget.member(self.memory, &operand, name),
                Some(Value::List(_)) => Err(Cause::Kind),
                Some(Value::Text(text)) if begins_like_json(&text) => Err(Cause::Ambiguous),
                _ => Ok(None),
            },
            Operation::Index(operand, index) => match self.presence(operand)? {
                Some(operand @ (Value::Map(_) | Value::List(_))) => {
                    let index = self.evaluate(index)?;
                    self.budget.indexed(&operand, &index)
                }
                Some(Value::Text(text)) if begins_like_json(&text) => Err(Cause::Ambiguous),
                _ => Ok(None),
            },
            Operation::Fact(fact) => self.fact(*fact).map(|value| match value {
                Value::Null | Value::Unknown => None,
                value => Some(value),
            }),
            _ => return self.evaluate(part).map(Some),
        };
        found.map_err(|cause| failure(part, cause))
    }
}

fn begins_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

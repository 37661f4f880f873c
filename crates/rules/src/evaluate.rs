//! Evaluating a condition on a request: pure, bounded, and without copying the request.

use std::borrow::Cow;
use std::rc::Rc;

use gaiterguard_domain::path;

use crate::budget::{BYTES_PER_STEP, Budget};
use crate::expression::{
    Conversion, Each, Expression, Fact, Literal, Operation, Quantifier, Rewrite, Search,
};
use crate::facts::Facts;
use crate::failure::{Cause, Failure};
use crate::lookup::Memory;
use crate::respelled::Names;
use crate::value::{List, Map, Members, Value, order};
use crate::{arithmetic, calendar, number};
use gaiterguard_request::{Node, Reading};

/// Where a chain of fields leads.
enum Reach<'v> {
    /// To a part of the body.
    Node(&'v Node<'v>),
    /// Something on the way is not there.
    Nothing,
    /// It is not a chain of fields in the body.
    Elsewhere,
}

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
                let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
                order(&left, &right).map(|order| comparison.holds(order))
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

    /// A text that is there as it is: one of the condition's own, or one of the request's.
    fn plain(&self, part: &'v Expression) -> Option<&'v str> {
        match &part.operation {
            Operation::Literal(Literal::Text(text)) => Some(text),
            Operation::Fact(fact) => self.plain_fact(*fact),
            _ => None,
        }
    }

    /// Two such texts. One that the path is compared with is spelled as the path is.
    fn plain_pair(
        &self,
        left: &'v Expression,
        right: &'v Expression,
    ) -> Option<(Cow<'v, str>, Cow<'v, str>)> {
        let (one, other) = (self.plain(left)?, self.plain(right)?);
        if self.spelling == Spelling::Decoded && (left.is_path() || right.is_path()) {
            return Some((path::decoded(one), path::decoded(other)));
        }
        Some((Cow::Borrowed(one), Cow::Borrowed(other)))
    }

    /// Whether two parts are equal. Mostly they are texts, which need not be made values for it.
    fn same(
        &mut self,
        left: &'v Expression,
        right: &'v Expression,
    ) -> Result<Result<bool, Cause>, Failure> {
        if let Some((left, right)) = self.plain_pair(left, right) {
            return Ok(Ok(left == right));
        }
        let (left_names, right_names) = (self.names(left), self.names(right));
        let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
        Ok(match (left_names, right_names) {
            (Some(names), _) => self.equal_name(names, &left, &right),
            (_, Some(names)) => self.equal_name(names, &right, &left),
            _ => self.budget.equal(&left, &right),
        })
    }

    /// Whether a text is found in another. The inner error is its own.
    fn search(
        &mut self,
        search: Search,
        operand: &'v Expression,
        needle: &'v Expression,
    ) -> Result<Result<bool, Cause>, Failure> {
        if let Some((text, needle)) = self.plain_pair(operand, needle) {
            return Ok(self.searched(search, &text, &needle));
        }
        let names = self.names(operand);
        let (operand, needle) = (self.evaluate(operand)?, self.evaluate(needle)?);
        let (Value::Text(text), Value::Text(needle)) = (&operand, &needle) else {
            return Ok(Err(Cause::Kind));
        };
        let found = self.searched(search, text, needle);
        // A mark alone, as `_` or `-`, is asked for as it is.
        if names.is_none() || found != Ok(false) || !needle.contains(char::is_alphanumeric) {
            return Ok(found);
        }
        let lower = needle.to_lowercase();
        let find = search.find();
        Ok(self.unless_respelled(names, text, |key| find(key, needle) || find(key, &lower)))
    }

    fn searched(&mut self, search: Search, text: &str, needle: &str) -> Result<bool, Cause> {
        self.budget
            .work((text.len() + needle.len()) / BYTES_PER_STEP)?;
        Ok(search.find()(text, needle))
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
                convert(*conversion, self.evaluate(operand)?)
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
            // Decided before anybody comes here.
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
                Reading::Read(node) => Value::of_node(node)?,
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
            Fact::OperationEffect => facts.operation_effect.map_or(Value::Unknown, Value::text),
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
                    Reading::Read(node) => Ok(Reach::Node(node)),
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
    fn reached(&mut self, part: &'v Expression) -> Option<&'v Node<'v>> {
        let budget = self.budget;
        if let Ok(Reach::Node(node)) = self.reach(part) {
            return Some(node);
        }
        self.budget = budget;
        None
    }

    fn is_present(&mut self, part: &'v Expression) -> Result<bool, Failure> {
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

    fn contained(
        &mut self,
        part: &'v Expression,
        needle: &'v Expression,
        list: &'v Expression,
    ) -> Result<bool, Failure> {
        let names = self.names(needle);
        let value = self.evaluate(needle)?;
        let mut failed = None;
        if let Operation::List(items) = &list.operation {
            for item in items {
                if let Some((text, item)) = self.plain_pair(needle, item) {
                    if text == item {
                        return Ok(true);
                    }
                    continue;
                }
                if let (Value::Text(text), Some(item_text)) = (&value, self.plain(item)) {
                    if text == item_text {
                        return Ok(true);
                    }
                    if names.is_some_and(|names| names.is_respelled(text, item_text)) {
                        failed = worse(failed, Some(failure(item, Cause::Ambiguous)));
                    }
                    continue;
                }
                let item_names = self.names(item);
                let item_value = self.evaluate(item)?;
                let equal = match (names, item_names) {
                    (Some(names), _) => self.equal_name(names, &value, &item_value),
                    (_, Some(names)) => self.equal_name(names, &item_value, &value),
                    _ => self.budget.equal(&value, &item_value),
                };
                match equal {
                    Ok(true) => return Ok(true),
                    Ok(false) => {}
                    Err(cause) => failed = worse(failed, Some(failure(item, cause))),
                }
            }
            return failed.map_or(Ok(false), Err);
        }
        self.made_names = None;
        let list = self.evaluate(list)?;
        let list_names = self.made_names;
        self.is_in(&value, &list, (names, list_names))
            .map_err(|cause| failure(part, cause))
    }

    fn is_in(
        &mut self,
        value: &Value<'v>,
        list: &Value<'v>,
        names: (Option<Names>, Option<Names>),
    ) -> Result<bool, Cause> {
        match list {
            Value::List(list) => {
                let mut failed = None;
                for index in 0..list.len() {
                    self.budget.work(1)?;
                    let item = list.get(index).and_then(|item| item.ok_or(Cause::Missing));
                    let equal = item.and_then(|item| match names {
                        (Some(names), _) => self.equal_name(names, value, &item),
                        (_, Some(names)) => self.equal_name(names, &item, value),
                        _ => self.budget.equal(value, &item),
                    });
                    match equal {
                        Ok(true) => return Ok(true),
                        Ok(false) => {}
                        Err(Cause::Work) => return Err(Cause::Work),
                        Err(cause) => failed = Some(cause),
                    }
                }
                failed.map_or(Ok(false), Err)
            }
            Value::Map(map) => self.budget.entry(map, value).map(|found| found.is_some()),
            _ => Err(Cause::Kind),
        }
    }

    /// `all`, `exists`, `exists_one`, `map` and `filter`.
    fn each(&mut self, part: &'v Expression, each: &'v Each) -> Result<Value<'v>, Failure> {
        self.made_names = None;
        let range = self.evaluate(&each.range)?;
        let names = match &range {
            Value::Map(Map::Built(_)) => None,
            Value::Map(Map::Headers(_)) => Some(Names::Headers),
            Value::Map(_) => Some(Names::Fields),
            _ => self.made_names,
        };
        let items = self.items(range).map_err(|cause| failure(part, cause))?;
        let mut failed = None;
        let mut mapped = Vec::new();
        let mut holding: usize = 0;
        for index in 0..items.len() {
            let item = items.get(index).map_err(|cause| failure(part, cause))?;
            self.item = item;
            self.item_names = names;
            let outcome = self.visit(each, &mut mapped);
            self.item = None;
            self.item_names = None;
            match (each.quantifier, outcome) {
                (Quantifier::All, Ok(false)) => return Ok(Value::Bool(false)),
                (Quantifier::Exists, Ok(true)) => return Ok(Value::Bool(true)),
                (_, Ok(holds)) => holding += usize::from(holds),
                (Quantifier::All | Quantifier::Exists, Err(why)) if why.cause != Cause::Work => {
                    failed = worse(failed, Some(why));
                }
                (_, Err(why)) => return Err(why),
            }
        }
        if let Some(why) = failed {
            return Err(why);
        }
        let keeps_names = each.quantifier == Quantifier::Map && each.body.is_item();
        self.made_names = names.filter(|_| keeps_names);
        Ok(match each.quantifier {
            Quantifier::All => Value::Bool(true),
            Quantifier::Exists => Value::Bool(false),
            Quantifier::ExistsOne => Value::Bool(holding == 1),
            Quantifier::Map => Value::List(List::Built(mapped.into())),
        })
    }

    fn visit(&mut self, each: &'v Each, mapped: &mut Vec<Value<'v>>) -> Result<bool, Failure> {
        if let Some(filter) = &each.filter
            && !self.truth(filter, failure(filter, Cause::Kind))?
        {
            return Ok(false);
        }
        if each.quantifier == Quantifier::Map {
            mapped.push(self.evaluate(&each.body)?);
            return Ok(true);
        }
        self.truth(&each.body, failure(&each.body, Cause::Kind))
    }

    /// The items of a list, or the keys of a map.
    fn items(&mut self, range: Value<'v>) -> Result<List<'v>, Cause> {
        match range {
            Value::List(list) => Ok(list),
            Value::Map(map) => {
                let keys = self.budget.keys(&map)?;
                Ok(List::Built(Rc::from(keys)))
            }
            _ => Err(Cause::Kind),
        }
    }

    fn size(&mut self, operand: &Value<'v>) -> Result<Value<'v>, Cause> {
        let size = match operand {
            Value::Text(text) => {
                self.budget.work(text.len() / BYTES_PER_STEP)?;
                text.chars().count()
            }
            Value::List(list) => list.len(),
            Value::Map(map) => self.budget.keys(map)?.len(),
            _ => return Err(Cause::Kind),
        };
        Ok(Value::int(i64::try_from(size).unwrap_or(i64::MAX)))
    }

    fn rewrite(&mut self, rewrite: Rewrite, operand: Value<'v>) -> Result<Value<'v>, Cause> {
        self.budget.text(&operand)?;
        let Value::Text(text) = operand else {
            return Err(Cause::Kind);
        };
        Ok(Value::Text(match rewrite {
            Rewrite::LowerAscii if text.bytes().any(|b| b.is_ascii_uppercase()) => {
                Cow::Owned(text.to_ascii_lowercase())
            }
            Rewrite::UpperAscii if text.bytes().any(|b| b.is_ascii_lowercase()) => {
                Cow::Owned(text.to_ascii_uppercase())
            }
            Rewrite::Trim => match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
            },
            Rewrite::LowerAscii | Rewrite::UpperAscii => text,
        }))
    }
}

fn begins_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
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

fn convert(conversion: Conversion, value: Value<'_>) -> Result<Value<'_>, Cause> {
    use number::Number;
    match (conversion, value) {
        (Conversion::Int, Value::Number(Number::Double(double))) => number::truncate(double)
            .map(Value::int)
            .ok_or(Cause::Arithmetic),
        (Conversion::Int, Value::Text(text)) => {
            text.parse().map(Value::int).map_err(|_| Cause::Unreadable)
        }
        (Conversion::Int, Value::Time(time)) => Ok(Value::int(time.as_second())),
        (Conversion::Double, Value::Number(Number::Int(int))) => {
            Ok(Value::Number(Number::Double(number::to_double(int))))
        }
        (Conversion::Double, Value::Text(text)) => {
            let double = text.parse::<f64>().ok().filter(|d| d.is_finite());
            double
                .map(|double| Value::Number(Number::Double(double)))
                .ok_or(Cause::Unreadable)
        }
        (Conversion::Int | Conversion::Double, value @ Value::Number(_))
        | (Conversion::Text, value @ Value::Text(_))
        | (Conversion::Bool, value @ Value::Bool(_))
        | (Conversion::Time, value @ Value::Time(_))
        | (Conversion::Span, value @ Value::Span(_)) => Ok(value),
        (Conversion::Text, Value::Number(Number::Int(int))) => Ok(owned(int.to_string())),
        (Conversion::Text, Value::Number(Number::Double(double))) => Ok(owned(double.to_string())),
        (Conversion::Text, Value::Bool(value)) => Ok(owned(value.to_string())),
        (Conversion::Text, Value::Time(time)) => Ok(owned(time.to_string())),
        (Conversion::Bool, Value::Text(text)) => match &*text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(Cause::Unreadable),
        },
        (Conversion::Time, Value::Text(text)) => calendar::time(&text)
            .map(Value::Time)
            .ok_or(Cause::Unreadable),
        (Conversion::Span, Value::Text(text)) => calendar::span(&text)
            .map(Value::Span)
            .ok_or(Cause::Unreadable),
        _ => Err(Cause::Kind),
    }
}

fn owned(text: String) -> Value<'static> {
    Value::Text(Cow::Owned(text))
}

//! Comparing parts: `==`, `in` and searches in texts.

use std::borrow::Cow;

use gaiterguard_domain::path;

use super::{Evaluation, Spelling, failure, worse};
use crate::budget::BYTES_PER_STEP;
use crate::expression::{Expression, Literal, Operation, Search};
use crate::failure::{Cause, Failure};
use crate::respelled::Names;
use crate::value::{List, Map, Value};

impl<'v> Evaluation<'v, '_> {
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
    pub(super) fn same(
        &mut self,
        left: &'v Expression,
        right: &'v Expression,
    ) -> Result<Result<bool, Cause>, Failure> {
        if let Some((left, right)) = self.plain_pair(left, right) {
            return Ok(Ok(left == right));
        }
        let (left_names, right_names) = (self.names(left), self.names(right));
        let values = (self.evaluate(left)?, self.evaluate(right)?);
        Ok(self
            .typed_alike((left, right), values)
            .and_then(|values| self.equal_named((left_names, right_names), &values)))
    }

    /// Whether a text is found in another. The inner error is its own.
    pub(super) fn search(
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

    pub(super) fn contained(
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
                let equal = self
                    .typed_alike((needle, item), (value.clone(), item_value))
                    .and_then(|values| self.equal_named((names, item_names), &values));
                match equal {
                    Ok(true) => return Ok(true),
                    Ok(false) => {}
                    Err(cause) => failed = worse(failed, Some(failure(item, cause))),
                }
            }
            return failed.map_or(Ok(false), Err);
        }
        self.made_names = None;
        let found = self.evaluate(list)?;
        let list_names = self.made_names;
        self.is_in((needle, list), &value, &found, (names, list_names))
            .map_err(|cause| failure(part, cause))
    }

    /// Whether two values are equal. Each may be a name of this kind.
    fn equal_named(
        &mut self,
        names: (Option<Names>, Option<Names>),
        (left, right): &(Value<'v>, Value<'v>),
    ) -> Result<bool, Cause> {
        match names {
            (Some(names), _) => self.equal_name(names, left, right),
            (_, Some(names)) => self.equal_name(names, right, left),
            _ => self.budget.equal(left, right),
        }
    }

    /// Whether a value is an item of a list or a key of a map. `parts` are what the two come from.
    fn is_in(
        &mut self,
        parts: (&Expression, &Expression),
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
                    let equal = item
                        .and_then(|item| self.typed_alike(parts, (value.clone(), item)))
                        .and_then(|values| self.equal_named(names, &values));
                    match equal {
                        Ok(true) => return Ok(true),
                        Ok(false) => {}
                        Err(Cause::Work) => return Err(Cause::Work),
                        Err(cause) => failed = Some(cause),
                    }
                }
                failed.map_or(Ok(false), Err)
            }
            // A name of the request may be another spelling of a key that the condition has, and a text of a form may
            // be a number that it has.
            Value::Map(Map::Built(entries)) if names.0.is_some() || self.is_untyped(parts.0) => {
                let keys = entries.iter().map(|(key, _)| key.clone()).collect();
                self.is_in(parts, value, &Value::List(List::Built(keys)), names)
            }
            Value::Map(map) => self.budget.entry(map, value).map(|found| found.is_some()),
            _ => Err(Cause::Kind),
        }
    }
}

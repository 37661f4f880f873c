//! Texts that are compared with numbers, where the request's format has no numbers.

use gaiterguard_request::Reading;

use super::Evaluation;
use crate::expression::{Expression, Fact, Operation};
use crate::failure::Cause;
use crate::number;
use crate::value::Value;

/// Two values that are compared.
type Pair<'v> = (Value<'v>, Value<'v>);

impl<'v> Evaluation<'v, '_> {
    /// Returns two values that are compared, with a text of a form, a query or a header as a number if the other one
    /// is a number. Only a text that every server reads as the same number counts as one, so that no comparison
    /// decides otherwise than with `int()`. A text of JSON stays one: its author could have written a number, and
    /// servers differ in whether they take it for one.
    ///
    /// # Errors
    ///
    /// If a text of that kind is compared with a number or a Boolean, and is not certainly one.
    pub(super) fn typed_alike(
        &self,
        (left, right): (&Expression, &Expression),
        values: Pair<'v>,
    ) -> Result<Pair<'v>, Cause> {
        match values {
            (Value::Text(text), other @ (Value::Number(_) | Value::Bool(_)))
                if self.is_untyped(left) =>
            {
                Ok((typed(&text, &other)?, other))
            }
            (other @ (Value::Number(_) | Value::Bool(_)), Value::Text(text))
                if self.is_untyped(right) =>
            {
                let text = typed(&text, &other)?;
                Ok((other, text))
            }
            values => Ok(values),
        }
    }

    /// Whether a value of the request comes from a format in which every value is a text.
    pub(super) fn is_untyped(&self, part: &Expression) -> bool {
        let is_form = || {
            let content = self.facts.content.as_ref();
            content.is_some_and(|content| matches!(content.body, Reading::Form(_)))
        };
        match &part.operation {
            Operation::Select(operand, _) | Operation::Index(operand, _) => {
                self.is_untyped(operand)
            }
            Operation::Fact(Fact::Query | Fact::Headers) => true,
            Operation::Fact(Fact::Body) => is_form(),
            // The name of a field is a text in every format.
            Operation::Item => self.item_names.is_none() && is_form(),
            _ => false,
        }
    }
}

/// Returns a text as the kind of value that it is compared with.
fn typed<'v>(text: &str, other: &Value<'v>) -> Result<Value<'v>, Cause> {
    match other {
        Value::Number(_) => number::certain(text).map(Value::int).ok_or(Cause::Untyped),
        _ => Err(Cause::Untyped),
    }
}

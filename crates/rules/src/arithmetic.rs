//! Calculating with numbers, texts, lists, instants and time spans. Nothing wraps around.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::budget::Budget;
use crate::expression::{Arithmetic, Comparison};
use crate::failure::Cause;
use crate::number::{Number, to_double};
use crate::value::{List, Value};

impl Comparison {
    /// Whether it holds for values in this order.
    pub(crate) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

pub(crate) fn negate<'v>(value: &Value<'v>) -> Result<Value<'v>, Cause> {
    match value {
        Value::Number(Number::Int(int)) => {
            int.checked_neg().map(Value::int).ok_or(Cause::Arithmetic)
        }
        Value::Number(Number::Double(double)) => Ok(Value::Number(Number::Double(-double))),
        Value::Span(span) => span.checked_neg().map(Value::Span).ok_or(Cause::Arithmetic),
        _ => Err(Cause::Kind),
    }
}

impl Budget {
    pub(crate) fn calculate<'v>(
        &mut self,
        operator: Arithmetic,
        left: Value<'v>,
        right: Value<'v>,
    ) -> Result<Value<'v>, Cause> {
        use Arithmetic::{Add, Subtract};
        match (operator, left, right) {
            (operator, Value::Number(left), Value::Number(right)) => {
                numbers(operator, left, right).map(Value::Number)
            }
            (Add, left @ Value::Text(_), right @ Value::Text(_)) => {
                let joined = [self.text(&left)?, self.text(&right)?].concat();
                Ok(Value::Text(Cow::Owned(joined)))
            }
            (Add, Value::List(left), Value::List(right)) => {
                self.work(left.len() + right.len())?;
                let mut joined = Vec::with_capacity(left.len() + right.len());
                for list in [&left, &right] {
                    for index in 0..list.len() {
                        joined.extend(list.get(index)?);
                    }
                }
                Ok(Value::List(List::Built(joined.into())))
            }
            (Add, Value::Time(time), Value::Span(span))
            | (Add, Value::Span(span), Value::Time(time)) => {
                let later = time.checked_add(span).map_err(|_| Cause::Arithmetic)?;
                Ok(Value::Time(later))
            }
            (Subtract, Value::Time(time), Value::Span(span)) => {
                let earlier = time.checked_sub(span).map_err(|_| Cause::Arithmetic)?;
                Ok(Value::Time(earlier))
            }
            (Subtract, Value::Time(left), Value::Time(right)) => {
                Ok(Value::Span(left.duration_since(right)))
            }
            (Add, Value::Span(left), Value::Span(right)) => left
                .checked_add(right)
                .map(Value::Span)
                .ok_or(Cause::Arithmetic),
            (Subtract, Value::Span(left), Value::Span(right)) => left
                .checked_sub(right)
                .map(Value::Span)
                .ok_or(Cause::Arithmetic),
            _ => Err(Cause::Kind),
        }
    }
}

/// Whole numbers stay whole; with a double among them the result is one.
fn numbers(operator: Arithmetic, left: Number, right: Number) -> Result<Number, Cause> {
    if let (Number::Int(left), Number::Int(right)) = (left, right) {
        let result = match operator {
            Arithmetic::Add => left.checked_add(right),
            Arithmetic::Subtract => left.checked_sub(right),
            Arithmetic::Multiply => left.checked_mul(right),
            Arithmetic::Divide => left.checked_div(right),
            Arithmetic::Remainder => left.checked_rem(right),
        };
        return result.map(Number::Int).ok_or(Cause::Arithmetic);
    }
    let double = |number| match number {
        Number::Int(int) => to_double(int),
        Number::Double(double) => double,
    };
    let (left, right) = (double(left), double(right));
    let result = match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => return Err(Cause::Kind),
    };
    if result.is_finite() {
        Ok(Number::Double(result))
    } else {
        Err(Cause::Arithmetic)
    }
}

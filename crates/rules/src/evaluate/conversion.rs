//! Functions that make another value of one: `int()`, `size()`, `lowerAscii()`.

use std::borrow::Cow;

use super::Evaluation;
use crate::budget::BYTES_PER_STEP;
use crate::calendar;
use crate::expression::{Conversion, Rewrite};
use crate::failure::Cause;
use crate::number::{self, Number};
use crate::value::Value;

impl<'v> Evaluation<'v, '_> {
    pub(super) fn size(&mut self, operand: &Value<'v>) -> Result<Value<'v>, Cause> {
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

    pub(super) fn rewrite(
        &mut self,
        rewrite: Rewrite,
        operand: Value<'v>,
    ) -> Result<Value<'v>, Cause> {
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

    pub(super) fn convert(conversion: Conversion, value: Value<'v>) -> Result<Value<'v>, Cause> {
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
            (Conversion::Text, Value::Number(Number::Double(double))) => {
                Ok(owned(double.to_string()))
            }
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
}

fn owned(text: String) -> Value<'static> {
    Value::Text(Cow::Owned(text))
}

//! Fields of a JSON object that an operator sends.
//!
//! Every field is parsed on its own and becomes a [`Checked`] value, so that one response lists all
//! errors. Messages say what a field must be and never repeat its value.

use std::borrow::Cow;

use serde_json::{Number, Value};

use crate::redact;
use crate::time::Timestamp;

/// The error message for a text that contains an agent key.
pub const KEY_NOT_STORED: &str =
    "must not contain an agent key in any spelling, because this text is stored and shown";

/// The error message for a required field that is absent or null.
const REQUIRED: &str = "is required";

/// An error in one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's path, such as `headers.Accept` or `rules[2].name`; empty for the whole body.
    pub field: String,
    /// Description of the error and of what is expected.
    pub message: String,
    /// Line of the error, from 1. Set only for errors in a rule's condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(minimum = 1))]
    pub line: Option<u32>,
    /// Column of the error in characters, from 1. Set only for errors in a rule's condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(minimum = 1))]
    pub column: Option<u32>,
}

impl FieldError {
    /// Returns an error of a whole field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
            line: None,
            column: None,
        }
    }

    /// Returns the same error at a line and a column, both from 1.
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }

    /// Returns the same error in a field inside `outer`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        self.field = format!("{outer}.{}", self.field);
        self
    }
}

/// A field's value, or everything that is wrong with it.
pub type Checked<T> = Result<T, Vec<FieldError>>;

/// Returns the error of a whole field.
pub fn refused<T>(field: &str, message: impl Into<String>) -> Checked<T> {
    Err(vec![FieldError::new(field, message)])
}

/// A type that a field can have.
pub trait FieldValue: Sized {
    /// Parses a value other than null. The error says what the value must be.
    fn parse(value: Value) -> Result<Self, Cow<'static, str>>;

    /// Reads the field `name`. A field is required unless its type says otherwise.
    fn read(name: &str, value: Option<Value>) -> Checked<Self> {
        let parsed = match value {
            None | Some(Value::Null) => Err(Cow::Borrowed(REQUIRED)),
            Some(value) => Self::parse(value),
        };
        parsed.or_else(|message| refused(name, message))
    }
}

/// An optional field. Null counts as absent.
impl<T: FieldValue> FieldValue for Option<T> {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        T::parse(value).map(Some)
    }

    fn read(name: &str, value: Option<Value>) -> Checked<Self> {
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::read(name, Some(value)).map(Some),
        }
    }
}

/// A field of a partial change: the new value, or `None` if the field is absent. Whether null is a
/// value depends on `T`: it is one of `Change<Option<_>>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<T>(pub Option<T>);

impl<T> Change<T> {
    /// Returns the new value, or else the present one.
    pub fn over(self, present: T) -> T {
        self.0.unwrap_or(present)
    }
}

impl<T: FieldValue> FieldValue for Change<T> {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        T::parse(value).map(|value| Self(Some(value)))
    }

    fn read(name: &str, value: Option<Value>) -> Checked<Self> {
        match value {
            None => Ok(Self(None)),
            Some(value) => T::read(name, Some(value)).map(|value| Self(Some(value))),
        }
    }
}

/// Returns the new value of a field, or the present one. Without either, the field is missing.
pub fn changed<T>(field: &str, change: Checked<Change<T>>, present: Option<T>) -> Checked<T> {
    match change?.0.or(present) {
        Some(value) => Ok(value),
        None => refused(field, REQUIRED),
    }
}

/// Any text without an agent key.
impl FieldValue for String {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let text = any_string(value)?;
        if redact::holds_agent_key(text.as_bytes()) {
            return Err(KEY_NOT_STORED.into());
        }
        Ok(text)
    }
}

impl FieldValue for bool {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        value
            .as_bool()
            .ok_or_else(|| "must be true or false".into())
    }
}

impl FieldValue for Timestamp {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let timestamp = value.as_str().and_then(|text| text.parse().ok());
        timestamp.ok_or_else(|| {
            "must be an RFC 3339 date and time with a time zone, such as 2030-01-31T12:00:00Z"
                .into()
        })
    }
}

/// Returns any text. The caller searches it for agent keys, unless it is sealed and never shown.
pub fn any_string(value: Value) -> Result<String, Cow<'static, str>> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("must be a string".into()),
    }
}

/// Returns a number from `least` to `most`.
pub fn number(value: &Value, least: f64, most: f64) -> Result<f64, Cow<'static, str>> {
    let number = value.as_f64();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("must be a number from {least:?} to {most:?}").into())
}

/// Returns a number if it is whole, also if it is written as `50.0` or `5e1`: to JSON Schema these are integers,
/// and some clients write them so.
pub fn whole(number: &Number) -> Option<i64> {
    /// The largest number up to which every whole number is exact as a floating-point number.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    number.as_i64().or_else(|| {
        let number = number.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the number is whole and small enough to be exact"
        )]
        (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then_some(number as i64)
    })
}

/// Returns a whole number from `least` to `most`.
pub fn whole_number(value: &Value, least: u32, most: u32) -> Result<u32, Cow<'static, str>> {
    let number = value.as_number().and_then(whole);
    number
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("must be a whole number from {least} to {most}").into())
}

/// Returns the one of `all` whose name this is.
pub fn one_of<T: Copy>(
    value: Value,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Cow<'static, str>> {
    let text = String::parse(value)?;
    let found = all.iter().copied().find(|one| name(*one) == text);
    found.ok_or_else(|| {
        let names: Vec<_> = all.iter().copied().map(name).collect();
        format!("must be one of {}", names.join(", ")).into()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_a_value_only_where_the_type_says_so() {
        let read = |value: Option<Value>| {
            (
                bool::read("a", value.clone()).is_ok(),
                Option::<bool>::read("a", value.clone()),
                Change::<bool>::read("a", value.clone()).map(|change| change.0),
                Change::<Option<bool>>::read("a", value).map(|change| change.0),
            )
        };
        assert_eq!(read(None), (false, Ok(None), Ok(None), Ok(None)));
        let required = || refused("a", REQUIRED);
        assert_eq!(
            read(Some(Value::Null)),
            (false, Ok(None), required(), Ok(Some(None)))
        );
        assert_eq!(
            read(Some(json!(true))),
            (true, Ok(Some(true)), Ok(Some(true)), Ok(Some(Some(true))))
        );
    }

    #[test]
    fn numbers_are_bounded_and_of_their_kind() {
        for (value, is_whole, is_number) in [
            (json!(0), true, true),
            (json!(1), true, true),
            (json!(2), false, false),
            (json!(0.5), false, true),
            (json!(-1), false, false),
            (json!("1"), false, false),
            (json!(u64::MAX), false, false),
            (json!(1.0), true, true),
            (serde_json::from_str("1e0").unwrap(), true, true),
            (serde_json::from_str("1e99").unwrap(), false, false),
        ] {
            assert_eq!(whole_number(&value, 0, 1).is_ok(), is_whole, "{value}");
            assert_eq!(number(&value, 0.0, 1.0).is_ok(), is_number, "{value}");
        }
        let huge: Value = serde_json::from_str("1e999").unwrap();
        assert!(number(&huge, 0.0, 1.0).is_err());
    }

    #[test]
    fn a_missing_required_field_of_a_change_is_taken_from_the_present_value() {
        assert_eq!(changed("a", Ok(Change(Some(1))), Some(2)), Ok(1));
        assert_eq!(changed("a", Ok(Change(None)), Some(2)), Ok(2));
        assert_eq!(
            changed::<u8>("a", Ok(Change(None)), None),
            refused("a", REQUIRED)
        );
    }
}

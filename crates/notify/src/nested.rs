//! Objects inside of a request body, whose errors name the path of the field.

use std::borrow::Cow;

use gaiterguard_domain::body::Body;
use gaiterguard_domain::field::{Checked, FieldError, FieldValue, refused};
use serde_json::Value;

/// The error message for a field that must be an object.
pub(crate) const NOT_AN_OBJECT: &str = "must be an object";

/// Reads an object whose members are those of the body `B`.
pub(crate) fn read<B: Body, T>(
    name: &str,
    value: Option<Value>,
    convert: impl FnOnce(B) -> Checked<T>,
) -> Checked<T> {
    match value {
        Some(Value::Object(members)) => B::read(members)
            .and_then(convert)
            .map_err(|errors| within(name, errors)),
        None | Some(Value::Null) => refused(name, "is required"),
        Some(_) => refused(name, NOT_AN_OBJECT),
    }
}

/// Returns errors as those of fields inside of `name`.
pub(crate) fn within(name: &str, errors: Vec<FieldError>) -> Vec<FieldError> {
    errors.into_iter().map(|error| error.within(name)).collect()
}

/// The most items of a list in a channel's definition.
const ITEMS_MAX: usize = 100;

/// A list of up to 100 values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Few<T>(pub Vec<T>);

impl<T: FieldValue> FieldValue for Few<T> {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let Value::Array(items) = value else {
            return Err("must be a list".into());
        };
        if items.len() > ITEMS_MAX {
            return Err(format!("must have at most {ITEMS_MAX} items").into());
        }
        let items: Result<_, Cow<'static, str>> = items.into_iter().map(T::parse).collect();
        items
            .map(Self)
            .map_err(|message| format!("each item {message}").into())
    }
}

//! The values that a schema lists.

use serde_json::{Map, Value};

use crate::text;

/// The most listed values of one field that are kept.
pub const VALUES_MAX: usize = 60;

/// The longest listed value that is kept, in characters.
const VALUE_CHARS_MAX: usize = 100;

/// Adds the values that a schema, or the schema of its list's members, lists.
pub(super) fn collect(schema: &Map<String, Value>, values: &mut Vec<String>) {
    let listed = schema.get("enum").and_then(Value::as_array);
    let of_members = schema
        .get("items")
        .and_then(|items| items.get("enum"))
        .and_then(Value::as_array);
    let all = listed
        .into_iter()
        .chain(of_members)
        .flatten()
        .chain(schema.get("const"));
    for value in all {
        let value = match value {
            Value::String(value) => text::cut(value, VALUE_CHARS_MAX),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => continue,
        };
        if values.len() < VALUES_MAX && !values.contains(&value) {
            values.push(value);
        }
    }
}

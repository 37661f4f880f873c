//! Parses the allowed values in a schema.

use serde_json::{Map, Value};

use crate::text;

/// The limit on the allowed values of one field. Longer enumerations are usually countries, currencies or time
/// zones, of which a prefix says as much.
pub const VALUES_MAX: usize = 60;

/// The length limit of an allowed value, in characters. Longer texts are not words of an enumeration.
const VALUE_CHARS_MAX: usize = 100;

/// Adds the allowed values of a schema, or of the schema of its list's members.
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
        if values.len() == VALUES_MAX {
            return;
        }
        let value = match value {
            Value::String(value) => text::cut(value, VALUE_CHARS_MAX),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => continue,
        };
        if !values.contains(&value) {
            values.push(value);
        }
    }
}

//! Reads members of JSON objects.

use serde_json::Value;

#[track_caller]
pub(crate) fn text(json: &Value, name: &str) -> String {
    json[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is not a string in {json}"))
        .to_owned()
}

#[track_caller]
pub(crate) fn number(json: &Value, name: &str) -> i64 {
    json[name]
        .as_i64()
        .unwrap_or_else(|| panic!("{name} is not an integer in {json}"))
}

//! Members of JSON objects that a test relies on.

use serde_json::Value;

#[track_caller]
pub(crate) fn text(json: &Value, name: &str) -> String {
    json[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is no string in {json}"))
        .to_owned()
}

#[track_caller]
pub(crate) fn number(json: &Value, name: &str) -> i64 {
    json[name]
        .as_i64()
        .unwrap_or_else(|| panic!("{name} is no integer in {json}"))
}

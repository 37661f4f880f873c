//! Deserializes values and reports the field that failed.

use gaiterguard_domain::field::FieldError;
use serde::Deserialize;
use serde::de::Deserializer;

use crate::problem::Problem;

/// Deserializes, or returns 400 `validation_failed` with the field, if it is known.
pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, Problem>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
    D::Error: std::fmt::Display,
{
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        let message = without_value(strip_position(&error.into_inner().to_string()));
        Problem::fields(vec![field_error(&path, message)])
    })
}

/// Returns the field of an error. Serde's path ends before a missing or unknown member, whose name
/// is in the message.
fn field_error(path: &str, message: String) -> FieldError {
    // Serde's path is a dot at the top level, and a question mark if the text ends early.
    let parent = if matches!(path, "." | "?") { "" } else { path };
    for (start, plain) in [
        ("missing field `", "is required"),
        ("unknown field `", "unknown field"),
        ("duplicate field `", "appears twice"),
    ] {
        let name = message
            .strip_prefix(start)
            .and_then(|rest| rest.split_once('`'))
            .map(|(name, _)| name);
        if let Some(name) = name {
            // For an unknown member, the path already contains it.
            let field = match parent {
                "" => name.to_owned(),
                parent if parent == name || parent.ends_with(&format!(".{name}")) => {
                    parent.to_owned()
                }
                parent => format!("{parent}.{name}"),
            };
            return FieldError::new(field, plain);
        }
    }
    FieldError::new(parent, message)
}

/// Removes the position at the end of a message of `serde_json`, which means nothing next to the
/// field.
fn strip_position(message: &str) -> &str {
    match message.rfind(" at line ") {
        Some(end) => &message[..end],
        None => message,
    }
}

/// Removes the unexpected value from serde's message. It may be a password or a credential in the
/// wrong field, so only its type is reported.
pub(super) fn without_value(message: &str) -> String {
    const EXPECTED: &str = ", expected ";
    // The rest of this message of the crate `uuid` shows a character of the value.
    if message.starts_with("UUID parsing failed") {
        return "must be a UUID".to_owned();
    }
    let is_about_a_value = ["invalid type: ", "invalid value: ", "unknown variant "]
        .iter()
        .any(|start| message.starts_with(start));
    let expected_at = message.rfind(EXPECTED).unwrap_or(message.len());
    let value_at = message[..expected_at].find(['"', '`']);
    match value_at {
        Some(value_at) if is_about_a_value => {
            let kind = message[..value_at].trim_end();
            format!("{kind}{}", &message[expected_at..])
        }
        _ => message.to_owned(),
    }
}

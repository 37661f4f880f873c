//! Deserialising with the name of the field that failed.

use serde::Deserialize;
use serde::de::Deserializer;

use crate::problem::{FieldError, Problem};

/// Deserialises, or answers 400 `validation_failed` that names the field where it is known.
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

/// The path that serde was at ends before a member that is missing or not known: its name stands
/// in the message.
fn field_error(path: &str, message: String) -> FieldError {
    // The path is a dot at the top, and a question mark where the text breaks off within it.
    let parent = if matches!(path, "." | "?") { "" } else { path };
    for (start, plain) in [
        ("missing field `", Some("is required")),
        ("unknown field `", Some("is not known here")),
        ("duplicate field `", Some("is given twice")),
    ] {
        let name = message
            .strip_prefix(start)
            .and_then(|rest| rest.split_once('`'))
            .map(|(name, _)| name);
        if let (Some(name), Some(plain)) = (name, plain) {
            // An unknown member is already the end of the path.
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

/// `serde_json` ends its messages in a position that means nothing once the field is named.
fn strip_position(message: &str) -> &str {
    match message.rfind(" at line ") {
        Some(end) => &message[..end],
        None => message,
    }
}

/// Serde shows the value that it did not expect. It may be a password or a credential in the wrong
/// place, so only its kind is told.
fn without_value(message: &str) -> String {
    const EXPECTED: &str = ", expected ";
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

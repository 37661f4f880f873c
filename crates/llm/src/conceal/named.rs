//! Secrets that are recognized by the names of JSON members, form fields and query parameters.

use gaiterguard_domain::redact;
use gaiterguard_domain::secret_name::is_of_secret;

/// The longest value that is removed because of its name, in bytes. Opaque access and refresh tokens of
/// some identity providers have more than 1,000; a longer value is more than a secret.
const VALUE_BYTES_MAX: usize = 2048;

/// Removes the values of names such as `token` from `text`, a list such as `name: Ana, token: abc`.
pub(crate) fn conceal_named(text: &str) -> String {
    let pairs = text.split(", ").map(|pair| match pair.split_once(": ") {
        Some((name, value)) if is_of_secret(last_name(name)) && is_removed(value) => {
            format!("{name}: {}", redact::MASK)
        }
        _ => pair.to_owned(),
    });
    pairs.collect::<Vec<String>>().join(", ")
}

/// Returns the innermost of the dotted names of a value.
fn last_name(names: &str) -> &str {
    names.rsplit('.').next().unwrap_or_default()
}

/// Removes the string values of JSON members whose names are those of secrets.
pub(super) fn without_members(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once('"') {
        shown.push_str(before);
        shown.push('"');
        let (name, after) = split_string(quoted);
        shown.push_str(name);
        rest = after;
        let Some(value) = value_after(after).filter(|_| is_of_secret(name)) else {
            // The closing quote must not open another string.
            if let Some(after) = after.strip_prefix('"') {
                shown.push('"');
                rest = after;
            }
            continue;
        };
        let (secret, after_secret) = split_string(value);
        shown.push_str(&after[..after.len() - value.len()]);
        shown.push_str(if is_removed(secret) {
            redact::MASK
        } else {
            secret
        });
        rest = after_secret;
        if let Some(after) = rest.strip_prefix('"') {
            shown.push('"');
            rest = after;
        }
    }
    shown.push_str(rest);
    shown
}

/// Returns the text after the opening quote of a member's value, if it is a string. `text` begins with
/// the closing quote of the name.
fn value_after(text: &str) -> Option<&str> {
    let value = text.strip_prefix('"')?.trim_start().strip_prefix(':')?;
    value.trim_start().strip_prefix('"')
}

/// Splits a text after its opening quote where the string ends, which is the end of the text if it is
/// cut.
fn split_string(text: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    text.split_at(end.unwrap_or(text.len()))
}

/// Removes the values of form fields and query parameters whose names are those of secrets. They may be
/// anywhere in a longer text, such as a line with several URLs.
pub(super) fn without_parameters(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('=') {
        shown.push_str(before);
        shown.push('=');
        rest = after;
        let name = before.rsplit(['&', '?', '\n', ' ', '"']).next();
        if is_of_secret(name.unwrap_or_default()) {
            let end = after.find(['&', '\n', ' ', '"']).unwrap_or(after.len());
            let (value, more) = after.split_at(end);
            shown.push_str(if is_removed(value) {
                redact::MASK
            } else {
                value
            });
            rest = more;
        }
    }
    shown.push_str(rest);
    shown
}

/// Whether a value is removed because of its name alone. It must be one word; a sentence is left for the
/// assessment.
fn is_removed(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= VALUE_BYTES_MAX
        && !value.contains(char::is_whitespace)
        && value != redact::MASK
}

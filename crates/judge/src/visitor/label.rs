//! Names that are values: `{"name": "role", "value": "admin"}`.

use gaiterguard_request::node::Member;

use crate::role::Role;

/// Returns the name that a map gives its value, as in `{"name": "role", "value": "admin"}` and in JSON
/// Patch (RFC 6902), where it is the last segment of the path.
pub(super) fn label<'n>(members: &[Member<'n>]) -> Option<&'n str> {
    const LABELS: [&str; 6] = ["path", "name", "key", "field", "attribute", "property"];
    if !members.iter().any(|(name, _)| is_value(name)) {
        return None;
    }
    let labels = members
        .iter()
        .filter(|(name, _)| LABELS.iter().any(|known| name.eq_ignore_ascii_case(known)));
    let mut labels = labels
        .filter_map(|(_, value)| value.as_text())
        .filter_map(last_word);
    let first = labels.next()?;
    // If there are several, the one with a severe role wins.
    let mut all = std::iter::once(first).chain(labels);
    all.find(|label| Role::of(label).is_grave()).or(Some(first))
}

pub(super) fn is_value(name: &str) -> bool {
    ["value", "val", "newvalue", "new_value", ""]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// The last name in a path, less the numbers of items, filters and SCIM's `value`.
fn last_word(path: &str) -> Option<&str> {
    path.rsplit(['/', '.', ':'])
        .map(|word| word.split('[').next().unwrap_or(word).trim())
        .find(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic()) && !is_value(word))
}

//! Values that are secrets by what is around them: `{"type": "password", "value": "…"}`, `PUT /secrets/db`.

use gaiterguard_domain::secret_name::mentions_secret;
use gaiterguard_judge::Role;

use crate::path::Target;
use crate::value::Value;
use crate::words::{is_in, spaced};

/// Names of values that say nothing about what they hold.
const HOLDERS: &str = "content data plaintext secret stringdata text val value values";

/// Names of values that say what another one holds.
const LABELS: &str = "field key kind label name type";

/// How far apart a secret and its label may be.
const NEAR: usize = 8;

/// Marks the values that hold what the path or a value next to them calls a secret.
pub(crate) fn mark(values: &mut [Value], target: &Target) {
    let nouns = target.names.last().and_then(|name| name.noun.as_ref());
    let is_in_path = target
        .trailing_words()
        .iter()
        .chain(nouns)
        .any(|word| mentions_secret(word));
    let is_label = |value: &Value| {
        is_in(LABELS, &value.name().to_ascii_lowercase()) && mentions_secret(&value.text)
    };
    let is_of_body = values
        .iter()
        .any(|value| value.names.len() == 1 && is_label(value));
    let secrets: Vec<usize> = (0..values.len())
        .filter(|at| {
            let value = &values[*at];
            let holds = |name: &String| is_in(HOLDERS, &spaced(name).replace(' ', ""));
            let is_held =
                value.names.first().is_some_and(holds) || value.names.last().is_some_and(holds);
            let near = &values[at.saturating_sub(NEAR)..values.len().min(at + NEAR + 1)];
            is_held
                && !value.location.starts_with("header")
                && (is_in_path
                    || is_of_body
                    || near
                        .iter()
                        .any(|near| near.parent() == value.parent() && is_label(near)))
        })
        .collect();
    for at in secrets {
        values[at].role = Role::Secret;
    }
}

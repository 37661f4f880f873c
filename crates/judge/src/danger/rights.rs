//! Rights that are given.

use gaiterguard_domain::effect::Effect;

use super::scene::{Scene, Value, last_part, words_of};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::signal;

/// Words in the names of values that say which rights somebody has.
const RIGHTS: &[&str] = list![
    access level permission permissions policy policies privilege privileges profile right rights
    role roles scope scopes grant
];

/// Words that are only about rights next to another one, or with a great value.
const VAGUE: &[&str] = list![
    access level policy policies profile scope scopes grant
];

/// Words of values that give power over others.
pub(super) const GREAT: &[&str] = list![
    admin administrator administrators owner owners superuser superadmin sysadmin root fullaccess
    full fullcontrol maintain maintainer manage manager write writer editor edit delete impersonate
    tokencreator poweruser billing contributor publishing
];

/// Words of an intent that leave the right to the request.
const ASKS_FOR_RIGHTS: &[&str] = list![
    role right permission profile privilege promot demot admin owner invit onboard polic
];

/// Returns a right that the intent does not mention.
pub(super) fn gives(scene: &Scene<'_>) -> Option<Finding> {
    // A database statement runs under a role, which is not given to anyone.
    let is_session = scene.values.iter().any(Value::is_statement);
    if !scene.changes() || scene.effect == Effect::Delete || is_session {
        return None;
    }
    let great = scene.values.iter().find_map(|value| {
        if value.leaf.kind != LeafKind::Text || value.is_prose() || !is_right(scene, value) {
            return None;
        }
        let words = words_of(value.leaf.found.value);
        let word = words.iter().find(|word| GREAT.contains(&word.as_str()))?;
        // `write` is asked for by `writes`, and `admin` by `administrator`.
        let stem = &word[..word.len().min(5)];
        if scene.says(&[stem]) || (word.starts_with("edit") && scene.says(&["edit", "writ"])) {
            return None;
        }
        Some(value.finding(
            signal::DANGER_ACCESS,
            format!(
                "It grants the right “{}” ({}), which the intent does not mention.",
                shown(value.leaf.found.value),
                shown(last_part(value.leaf.found.name)),
            ),
        ))
    });
    great.or_else(|| by_identifier(scene))
}

/// A role or a profile that is given by an identifier, so that no word says which.
fn by_identifier(scene: &Scene<'_>) -> Option<Finding> {
    if scene.says(ASKS_FOR_RIGHTS) {
        return None;
    }
    let value = scene.values.iter().find(|value| {
        let is_identifier = value
            .name
            .last()
            .is_some_and(|last| matches!(last.as_str(), "id" | "ids" | "arn" | "sid"));
        is_identifier
            && value.is_named(&["role", "roles", "profile", "permission", "policy"])
            && !value.text.is_empty()
    })?;
    if scene.compared.intent_words.names(value.leaf.found.value) {
        return None;
    }
    Some(value.finding(
        signal::DANGER_ACCESS,
        format!(
            "It sets “{}”, which determines rights, and which the intent does not mention.",
            shown(last_part(value.leaf.found.name)),
        ),
    ))
}

/// Whether a value, or a list or an object that it is in, is named for rights.
pub(super) fn is_of_rights(value: &Value<'_>) -> bool {
    value.is_in(RIGHTS)
}

fn is_right(scene: &Scene<'_>, value: &Value<'_>) -> bool {
    let is_of = |words: &[&str]| value.is_named(words);
    if !is_of(RIGHTS) {
        // `roleRef: {name: cluster-admin}` says it one name earlier.
        let is_inner = value.is_named(&["name", "value", "key"])
            && value
                .path
                .iter()
                .rev()
                .nth(value.name.len())
                .is_some_and(|before| {
                    matches!(
                        before.as_str(),
                        "role"
                            | "roles"
                            | "ref"
                            | "permission"
                            | "permissions"
                            | "policy"
                            | "profile"
                    )
                });
        return is_inner
            && value.is_in(list![
                role roles permission permissions policy profile
            ]);
    }
    let is_certain = value
        .name
        .iter()
        .any(|word| RIGHTS.contains(&word.as_str()) && !VAGUE.contains(&word.as_str()));
    is_certain || scene.effect == Effect::Access
}

//! Rights that are stronger than the one that the intent names.

use super::rights::is_of_rights;
use super::scene::{Scene, Value, last_part, words_of};
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::signal;

/// Words of rights, from those to see something to those over everything.
const RANKS: [&[&str]; 3] = [
    list![read reader readonly view viewer list get pull observer guest subscriber],
    list![write writer edit editor push contributor modify developer author publish],
    list![
        admin administrator administrators owner superuser superadmin root manage manager maintain
        maintainer full fullcontrol delete all sysadmin impersonate
    ],
];

/// Words next to a right in a sentence.
const RIGHT: &[&str] = list![
    role roles access permission permissions right rights scope scopes privilege privileges level
    rank
];

/// Words after a word for somebody with a right, when it does not give one.
const BEARERS: &[&str] = list![
    team group user users panel console page portal dashboard account accounts api ui board office
    area channel
];

/// Words in paths under which rights are given.
const GIVEN_UNDER: &[&str] = list![
    role roles permission permissions mappings grants scopes collaborators rights privileges
    bindings
];

fn rank(word: &str) -> Option<usize> {
    RANKS.iter().position(|words| words.contains(&word))
}

/// Returns a right that is stronger than all that the intent names.
pub(super) fn than_stated(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.changes() {
        return None;
    }
    let (named, most) = stated(scene)?;
    let route: Vec<String> = scene
        .compared
        .route
        .own_words()
        .flat_map(words_of)
        .collect();
    let is_given_under = route
        .iter()
        .any(|word| GIVEN_UNDER.contains(&word.as_str()));
    let value = scene.values.iter().find(|value| {
        if value.is_prose() || value.is_in(&["old", "previous", "current", "from", "before"]) {
            return false;
        }
        let is_place = is_of_rights(value)
            || is_given_under
                && (value.name.is_empty()
                    || value.is_named(&["name", "value", "key", "id", "slug"]));
        let words = match value.leaf.kind {
            LeafKind::Text if value.text.len() <= 60 => words_of(value.leaf.found.value),
            _ if value.says_yes() => value.name.clone(),
            _ => Vec::new(),
        };
        let own = words.iter().filter_map(|word| rank(word)).max();
        is_place
            && !is_of_others(scene, value)
            && own.is_some_and(|own| own > most)
            && !scene.compared.intent_words.names(value.leaf.found.value)
    })?;
    let name = shown(last_part(value.leaf.found.name));
    Some(value.finding(
        signal::DANGER_ACCESS,
        if name.is_empty() {
            format!(
                "The intent says “{}”, but the request gives “{}”.",
                shown(&named),
                shown(value.leaf.found.value)
            )
        } else {
            format!(
                "The intent says “{}”, but {}.",
                shown(&named),
                value.shown()
            )
        },
    ))
}

/// Whether a value is in an item of a list that says who has the right, and that is not who the intent names: a policy
/// that is replaced as a whole has the rights of others as well.
fn is_of_others(scene: &Scene<'_>, value: &Value<'_>) -> bool {
    const WHO: &[&str] = list![
        member members user users group groups principal principals email subject subjects domain
        entity grantee identity
    ];
    let Some(item) = item_of(value.leaf.found.evidence) else {
        return false;
    };
    let mut who = scene.values.iter().filter(|one| {
        one.leaf.found.evidence.starts_with(item)
            && one.leaf.kind == LeafKind::Text
            && one.is_named(WHO)
    });
    let mut is_empty = true;
    let is_named = who.any(|one| {
        is_empty = false;
        let own = one.leaf.found.value;
        let bare = own.rsplit(':').next().unwrap_or(own);
        scene.compared.intent_words.names(bare)
    });
    !is_empty && !is_named
}

/// The item of a list that the value at a JSON pointer is a member of, with the slash after it.
fn item_of(pointer: &str) -> Option<&str> {
    let is_index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut end = pointer.rfind('/')?;
    loop {
        let start = pointer[..end].rfind('/')?;
        if is_index(&pointer[start + 1..end]) {
            return Some(&pointer[..=end]);
        }
        end = start;
    }
}

/// Returns a right that the intent names, as it names it, and the rank of the strongest that it may mean.
fn stated(scene: &Scene<'_>) -> Option<(String, usize)> {
    let mut named = None;
    // A name of several words, as in `view-users` and `read:packages`.
    for token in scene.compared.intent.split_whitespace() {
        let token = token.trim_matches(|c: char| !c.is_alphanumeric());
        let is_name = token.contains(['-', ':', '_', '.', '/']) && !token.contains("://");
        let words = words_of(token);
        if is_name && !token.contains('@') && words.len() <= 4 {
            let mut at_end = [words.first(), words.last()].into_iter().flatten();
            if at_end.find_map(|word| rank(word)).is_some() {
                named = named.or_else(|| Some(token.to_owned()));
            }
        }
    }
    let words = &scene.intent;
    let mut most = None;
    for (at, word) in words.iter().enumerate() {
        let Some(rank) = rank(word) else { continue };
        let next = words.get(at + 1).map_or("", String::as_str);
        let before = |back: usize| at.checked_sub(back).map_or("", |at| words[at].as_str());
        // The first word says what to do, and not which right.
        let is_verb = at == 0
            || BEARERS.contains(&next)
            || word == "all"
            || word == "full" && next != "access";
        let is_right = RIGHT.contains(&next)
            || RIGHT.contains(&before(1))
            || RIGHT.contains(&before(2)) && matches!(before(1), "of" | "to" | "as")
            || before(1) == "as"
            || matches!(before(1), "a" | "an") && matches!(before(2), "as" | "to");
        if is_right && named.is_none() && at > 0 {
            named = Some(if RIGHT.contains(&next) {
                format!("{word} {next}")
            } else {
                word.clone()
            });
        }
        if !is_verb || is_right {
            most = most.max(Some(rank));
        }
    }
    Some((named?, most?))
}

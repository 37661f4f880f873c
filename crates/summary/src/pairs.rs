//! Maps that hold the name of a value and the value: `{"path": "/plan", "value": "pro"}`.

use gaiterguard_request::Node;

use crate::words::{is_in, spaced};

/// Members that name the value, the most specific first.
const NAMES: &[&str] = &[
    "path",
    "field",
    "fieldname",
    "fieldid",
    "property",
    "propertyname",
    "attribute",
    "attributename",
    "parameter",
    "parametername",
    "setting",
    "column",
    "key",
    "name",
    "id",
];

/// Members that hold the value, in addition to those that say its type: `valueBoolean`, `stringValue`.
const VALUES: &str = "newval to val";

/// Members that say what is done with it, or how it is written.
const OTHERS: &str = "action command datatype encrypted from isencrypted method new old oldvalue op operation \
    operator previous previousvalue secure type valuetype";

/// Members that say what is done with it.
const ACTS: &str = "action command op operation";

/// Acts that give a value a new one.
const SETS: &str = "add change edit modify put replace set update upsert";

/// Acts that take a value away.
const REMOVES: &str = "clear delete remove unset";

/// The longest name, in bytes. A longer text is a value.
const NAME_BYTES_MAX: usize = 96;

/// Shown for a value that is taken away.
pub(crate) const REMOVED: &str = "removed";

/// The name of a value and the value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair<'n> {
    /// The name, with its separators: `billing/plan`.
    pub(crate) name: &'n str,
    /// The member that holds the value, and the value; `None` if it is taken away.
    pub(crate) value: Option<(&'n str, Node<'n>)>,
    /// The members that say no more than this.
    pub(crate) said: Vec<&'n str>,
}

/// Reads a map as the name of a value and the value. An item of a list may be named by its `id`.
pub(crate) fn of<'n>(members: &'n [(&'n str, Node<'n>)], is_item: bool) -> Option<Pair<'n>> {
    let is_named = |wanted: &&&str| is_item || **wanted != "id";
    let (member, name) = NAMES.iter().filter(is_named).find_map(|wanted| {
        let mut members = members.iter();
        members.find(|(name, _)| plain(name) == *wanted)
    })?;
    let (Node::Text(name) | Node::Number(name)) = name else {
        return None;
    };
    let is_name = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.contains(|c: char| c.is_whitespace() || c == '@');
    let holds_value = |name: &str| {
        let name = plain(name);
        let is_value = name.starts_with("value") || name.ends_with("value");
        (is_in(VALUES, &name) || is_value) && !is_in(OTHERS, &name)
    };
    let value = members.iter().find(|(name, _)| holds_value(name));
    let is_known = |name: &str| {
        name == *member
            || value.is_some_and(|(value, _)| *value == name)
            || is_in(OTHERS, &plain(name))
    };
    if !is_name || !members.iter().all(|(name, _)| is_known(name)) {
        return None;
    }
    let act = members.iter().find_map(|(name, value)| {
        let text = value.as_text()?.to_ascii_lowercase();
        is_in(ACTS, &plain(name)).then_some((*name, text))
    });
    let does = |list| act.as_ref().is_some_and(|(_, act)| is_in(list, act));
    let mut said = vec![*member];
    said.extend(
        act.iter()
            .filter(|_| does(SETS) || does(REMOVES))
            .map(|(name, _)| *name),
    );
    let value = match value {
        Some((member, value)) if !does(REMOVES) => {
            said.push(member);
            Some((*member, *value))
        }
        _ if does(REMOVES) => None,
        _ => return None,
    };
    Some(Pair {
        name: name.trim_start_matches('/'),
        value,
        said,
    })
}

/// Whether all items of a list are pairs, so that each says what is done to its own value.
pub(crate) fn are_all(items: &[Node<'_>]) -> bool {
    !items.is_empty() && items.iter().all(|item| of(item.members(), true).is_some())
}

fn plain(name: &str) -> String {
    spaced(name).replace(' ', "")
}

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

/// Acts that only compare a value.
const TESTS: &str = "assert test";

/// The longest name, in bytes. A longer text is a value.
const NAME_BYTES_MAX: usize = 96;

/// Before the name of a value that the request only tests.
pub(crate) const CONDITION: &str = "only if ";

/// Shown for a value that is taken away.
pub(crate) const REMOVED: &str = "removed";

/// The name of a value and the value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair<'n> {
    /// The name, with its separators: `billing/plan`.
    pub(crate) name: &'n str,
    /// Whether the value is only tested.
    pub(crate) is_condition: bool,
    /// The member that holds the value, and the value; `None` if it is taken away.
    pub(crate) value: Option<(&'n str, Node<'n>)>,
    /// The members that say no more than this.
    pub(crate) said: Vec<&'n str>,
}

/// Reads a map as the name of a value and the value. An item of a list may be named by its `id`.
pub(crate) fn of<'n>(members: &'n [(&'n str, Node<'n>)], is_item: bool) -> Option<Pair<'n>> {
    if let Some(found) = of_parts(members) {
        return Some(found);
    }
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
    let is_condition = does(TESTS);
    let mut said = vec![*member];
    said.extend(
        act.iter()
            .filter(|_| does(SETS) || does(REMOVES) || is_condition)
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
        is_condition,
        value,
        said,
    })
}

/// Reads an operation of a FHIR patch, whose parts are pairs themselves: `type`, `path`, `value`.
fn of_parts<'n>(members: &'n [(&'n str, Node<'n>)]) -> Option<Pair<'n>> {
    let parts = members.iter().find(|(name, _)| *name == "part")?.1.items();
    let part = |wanted: &str| {
        let named = |item: &&'n Node<'n>| item.get("name").and_then(Node::as_text) == Some(wanted);
        let members = parts.iter().find(named)?.members();
        members.iter().find(|(name, _)| name.starts_with("value"))
    };
    let act = part("type")?.1.as_text()?;
    let path = part("path")?.1.as_text()?;
    let value = part("value").filter(|_| !is_in(REMOVES, act));
    Some(Pair {
        // The element that an addition makes has its name next to the path.
        name: part("name")
            .and_then(|(_, name)| name.as_text())
            .unwrap_or(path),
        is_condition: false,
        value: value.map(|(member, value)| (*member, *value)),
        said: members.iter().map(|(name, _)| *name).collect(),
    })
}

/// Operators of a document database around the values that they set or take away.
const SETTERS: &str = "$set $setoninsert";
const UNSETTERS: &str = "$unset";

/// The act of an operator on the values in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// It gives them new values, as if they were written without it.
    Sets,
    /// It takes them away, whatever it says about them.
    Unsets,
    /// It does something else to what is there, in words in front of the name.
    Does(&'static str),
}

/// Operators that change what is there by a value.
const DOES: &[(&str, &str)] = &[
    ("$addtoset", "add to"),
    ("$inc", "increase"),
    ("$max", "raise to at least"),
    ("$min", "lower to at most"),
    ("$mul", "multiply"),
    ("$pop", "remove an end of"),
    ("$pull", "remove from"),
    ("$pullall", "remove from"),
    ("$push", "add to"),
    ("$rename", "rename"),
];

/// Returns what a member does that is an operator of a document database.
pub(crate) fn operator(name: &str) -> Option<Operator> {
    let name = name.to_ascii_lowercase();
    if is_in(SETTERS, &name) {
        Some(Operator::Sets)
    } else {
        let does = DOES.iter().find(|(operator, _)| *operator == name);
        let does = does.map(|(_, words)| Operator::Does(words));
        does.or_else(|| is_in(UNSETTERS, &name).then_some(Operator::Unsets))
    }
}

/// Whether all items of a list are pairs, so that each says what is done to its own value.
pub(crate) fn are_all(items: &[Node<'_>]) -> bool {
    !items.is_empty() && items.iter().all(|item| of(item.members(), true).is_some())
}

fn plain(name: &str) -> String {
    spaced(name).replace(' ', "")
}

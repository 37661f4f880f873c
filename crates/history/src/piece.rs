//! The short excerpt of an object by which people recognize it.

use std::fmt::Write as _;

use gaiterguard_request::Node;
use gaiterguard_request::node::Member;

use crate::name::Words;
use crate::secret;

/// The most characters of a piece: a few lines on a card and in a prompt.
pub(crate) const PIECE_CHARS_MAX: usize = 300;

/// The most characters of one value in a piece: a third of it, so that one value does not fill it.
const VALUE_CHARS_MAX: usize = 100;

/// How many objects deep the members of an object are looked for: `fields.status.name`.
const DEPTH_MAX: u8 = 2;

/// The most members of an object that are looked at. Bounds the time for an object; a piece has
/// room for a few of them only.
const MEMBERS_MAX: usize = 64;

/// The most members that an object within another may have to be part of its piece. A larger one is
/// a thing of its own.
const SMALL_MEMBERS_MAX: usize = 30;

/// The most items that a list may have for the first to be part of a piece: people have few names.
const SMALL_ITEMS_MAX: usize = 3;

/// The most items of a list of names and values that are looked at: a mail has some 40 headers.
const PAIRS_MAX: usize = 50;

/// The most members of the object around a part that are repeated with it. They identify the
/// object, and leave most of the piece to the part.
const AROUND_MAX: usize = 3;

/// Names of objects that only hold the members of the object around them.
const PARTS: &[&str] = &[
    "attributes",
    "fields",
    "properties",
    "snippet",
    "profile",
    "metadata",
    "spec",
    "node",
    "resource",
    "data",
    "details",
    "info",
    "object",
    "item",
    "content",
    "payload",
    "title",
    "name",
    "values",
    "summary",
    "body",
    "record",
    "document",
    "source",
    "status",
];

struct Pair {
    /// Where it comes: the lowest first.
    order: u8,
    name: String,
    value: String,
}

/// Writes the excerpt of an object as `name: value` pairs, the most recognizable first. For a part of
/// another object, `around` is that object and `part` its name there. `key` is the name of an object in
/// a map of several.
pub(crate) fn of(
    members: &[Member<'_>],
    key: Option<&str>,
    part: &str,
    around: &[Member<'_>],
) -> String {
    let mut pairs = Vec::new();
    // A branch is that of the `head` or of the `base`, while `attributes` says nothing.
    let is_named = !part.is_empty() && !PARTS.contains(&part);
    let prefix = if is_named {
        format!("{part}.")
    } else {
        String::new()
    };
    collect(members, &prefix, 0, 4, &mut pairs);
    if let Some(key) = key {
        pairs.push(Pair {
            order: 1,
            name: "id".to_owned(),
            value: cut(key),
        });
    }
    let own = around.iter().filter_map(|(name, value)| {
        let words = Words::of(name);
        if secret::is_name(&words) || !(words.is_own_id() || words.is_name()) {
            return None;
        }
        let value = scalar(value)?;
        Some(Pair {
            order: words.rank() * 2 + 1,
            name: (*name).to_owned(),
            value,
        })
    });
    pairs.extend(own.take(AROUND_MAX));
    written(pairs)
}

/// Writes the piece of one row of a table, by the names in its first row.
pub(crate) fn of_row(cells: &[Node<'_>], names: &[Node<'_>]) -> String {
    let mut text = String::new();
    for (at, cell) in cells.iter().enumerate() {
        let Some(value) = scalar(cell) else { continue };
        let name = names.get(at).and_then(Node::as_text).unwrap_or_default();
        if !secret::is_name(&Words::of(name)) {
            append(&mut text, name, &value);
        }
    }
    text
}

/// Whether an object only holds members of the one around it, rather than being a thing of its own.
pub(crate) fn is_part(name: &str, members: &[Member<'_>]) -> bool {
    let mut is_named = false;
    for (member, _) in members.iter().take(MEMBERS_MAX) {
        let words = Words::of(member);
        if words.is_own_id() {
            return false;
        }
        is_named |= words.is_named_id();
    }
    !is_named || PARTS.contains(&name) || name.ends_with("_data")
}

fn collect(members: &[Member<'_>], prefix: &str, depth: u8, outer: u8, pairs: &mut Vec<Pair>) {
    for (name, value) in members.iter().take(MEMBERS_MAX) {
        let words = Words::of(name);
        if secret::is_name(&words) {
            continue;
        }
        let rank = match words.rank() {
            4 => 4,
            rank if outer == 0 => rank.min(1),
            rank => rank,
        };
        let order = rank * 2 + depth * 3;
        match value {
            Node::Map(inner) => nested(inner, &format!("{prefix}{name}."), depth, rank, pairs),
            Node::List(items) if items.iter().any(Node::is_container) => {
                list(items, &format!("{prefix}{name}"), depth, rank, pairs);
            }
            Node::List(items) => {
                let several: Vec<String> = items
                    .iter()
                    .take(SMALL_ITEMS_MAX)
                    .filter_map(scalar)
                    .collect();
                if !several.is_empty() {
                    pairs.push(Pair {
                        order,
                        name: format!("{prefix}{name}"),
                        value: several.join(" "),
                    });
                }
            }
            _ => pairs.extend(scalar(value).map(|value| Pair {
                order,
                name: format!("{prefix}{name}"),
                value,
            })),
        }
    }
}

fn nested(inner: &[Member<'_>], prefix: &str, depth: u8, rank: u8, pairs: &mut Vec<Pair>) {
    if inner.len() > SMALL_MEMBERS_MAX || depth >= DEPTH_MAX {
        return;
    }
    // A nested object with its own identifier needs only its own members.
    let is_other = depth > 0 && inner.iter().any(|(name, _)| Words::of(name).is_own_id());
    if !is_other || depth == 1 {
        collect(inner, prefix, depth + 1, rank, pairs);
    }
}

fn list(items: &[Node<'_>], name: &str, depth: u8, rank: u8, pairs: &mut Vec<Pair>) {
    if items.iter().all(|item| named_value(item).is_some()) {
        for (name, value) in items.iter().take(PAIRS_MAX).filter_map(named_value) {
            let words = Words::of(name);
            if !secret::is_name(&words)
                && let Some(value) = scalar(value)
            {
                pairs.push(Pair {
                    order: words.rank() * 2 + depth * 3 + 1,
                    name: name.to_owned(),
                    value,
                });
            }
        }
    } else if items.len() <= SMALL_ITEMS_MAX
        && let Some(Node::Map(inner)) = items.first()
    {
        nested(inner, &format!("{name}."), depth, rank, pairs);
    }
}

/// The name and value of an item such as `{"name": "Subject", "value": "Hello"}`.
fn named_value<'a>(item: &Node<'a>) -> Option<(&'a str, &'a Node<'a>)> {
    let name = item.get("name").or_else(|| item.get("key"))?.as_text()?;
    let value = item.get("value")?;
    (item.members().len() <= 3 && !value.is_container()).then_some((name, value))
}

fn scalar(value: &Node<'_>) -> Option<String> {
    match value {
        Node::Text(text) => {
            let text = text.trim();
            let is_kept =
                !text.is_empty() && !secret::is_value(text) && !secret::is_opaque(text, true);
            is_kept.then(|| cut(text))
        }
        Node::Number(number) => Some(cut(number)),
        Node::Bool(value) => Some(value.to_string()),
        Node::Null | Node::List(_) | Node::Map(_) => None,
    }
}

/// The beginning of a text, on one line.
pub(crate) fn cut(text: &str) -> String {
    let mut line = String::new();
    let mut was_space = false;
    for letter in text.chars().take(VALUE_CHARS_MAX) {
        let is_space = letter.is_whitespace() || letter.is_control();
        if !is_space {
            line.push(letter);
        } else if !was_space {
            line.push(' ');
        }
        was_space = is_space;
    }
    line
}

fn written(mut pairs: Vec<Pair>) -> String {
    pairs.sort_by_key(|pair| pair.order);
    let mut text = String::new();
    for pair in pairs {
        append(&mut text, &pair.name, &pair.value);
    }
    text
}

/// Appends a pair where there is room for it.
fn append(text: &mut String, name: &str, value: &str) {
    let room = PIECE_CHARS_MAX.saturating_sub(text.chars().count());
    if name.chars().count() + value.chars().count() + 4 > room {
        return;
    }
    if !text.is_empty() {
        text.push_str(", ");
    }
    let written = if name.is_empty() {
        text.write_str(value)
    } else {
        write!(text, "{name}: {value}")
    };
    debug_assert!(written.is_ok(), "a string takes every text");
}

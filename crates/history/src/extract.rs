//! The values in a body, each with the piece of the object that it came from.

use std::collections::HashMap;

use gaiterguard_request::Node;
use gaiterguard_request::node::Member;

use crate::form;
use crate::hash::HashKey;
use crate::name::Words;
use crate::piece;
use crate::secret;
use crate::sent::Sent;

/// The most forms of values that are taken from one body: a quarter of what a history keeps by
/// default, so that one response does not displace all others.
pub(crate) const VALUES_MAX: usize = 5_000;

/// The most pieces that are taken from one body. It also bounds the table that is reserved for the
/// items of a list.
const PIECES_MAX: usize = 4_000;

/// The most bytes of the pieces of one body: an eighth of what a history keeps by default, so that
/// one response does not displace all others.
const PIECES_BYTES_MAX: usize = 256 << 10;

/// The longest text with spaces in it that is a value: longer ones are prose.
const TEXT_CHARS_MAX: usize = 120;

/// The longest text that names and addresses are looked for in: a mail to some 50 people.
const MAILBOXES_BYTES_MAX: usize = 2_000;

/// The longest text without spaces that is a value: an address on the web.
const WORD_BYTES_MAX: usize = 2_000;

/// An item of a list: which list, and where in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) group: u32,
    pub(crate) position: u32,
}

/// The piece of an object.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// The item of a list that it is, or is a part of.
    pub(crate) item: Option<Item>,
}

/// A value that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) hash: u128,
    /// The piece of the object around it; `None` where there was no room for one.
    pub(crate) piece: Option<u32>,
    /// Whether the object is known by it.
    pub(crate) is_own: bool,
    /// Whether it is an id that a service assigns, rather than the name or address of a person.
    pub(crate) is_given: bool,
    /// Whether the object has a text that the request did not contain, so that it is not an echo.
    pub(crate) is_confirmed: bool,
}

impl Found {
    /// Whether it is the id that the service gave an object, and there is more to that than the id.
    pub(crate) fn is_certain(&self) -> bool {
        self.is_own && self.is_given && self.is_confirmed
    }
}

/// The values and pieces in a body.
#[derive(Debug, Default)]
pub(crate) struct Extracted {
    pub(crate) pieces: Vec<Piece>,
    /// The pieces of the items of each list; `u32::MAX` for an item without one.
    pub(crate) groups: Vec<Vec<u32>>,
    pub(crate) values: Vec<Found>,
}

/// Extracts the values of a parsed body.
pub(crate) fn of(nodes: &[Node<'_>], key: &HashKey, sent: &Sent) -> Extracted {
    let mut walk = Walk {
        key,
        sent,
        bytes: 0,
        out: Extracted::default(),
    };
    // Objects that follow each other, or that a cut list begins with, are next to each other.
    let group = walk.group(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        let around = Around::default();
        match node {
            Node::Map(members) if nodes.len() > 1 => {
                let item = item_of(group, at);
                walk.object(members, "", Some(item), None, &around);
            }
            node => walk.node(node, "", &around),
        }
    }
    walk.out
}

struct Walk<'w> {
    key: &'w HashKey,
    sent: &'w Sent,
    bytes: usize,
    out: Extracted,
}

/// The context of a value.
#[derive(Clone, Copy, Default)]
struct Around<'n> {
    members: &'n [Member<'n>],
    item: Option<Item>,
    piece: Option<u32>,
    has_own_id: bool,
    is_confirmed: bool,
}

impl Walk<'_> {
    fn is_full(&self) -> bool {
        self.out.values.len() >= VALUES_MAX
    }

    fn node(&mut self, node: &Node<'_>, name: &str, around: &Around<'_>) {
        if self.is_full() {
            return;
        }
        match node {
            Node::Map(members) => self.object(members, name, None, None, around),
            Node::List(items) => self.list(items, name, around),
            scalar => self.scalar(scalar, &Words::of(name), around),
        }
    }

    /// Takes the values of an object: of an item of a list, of one of several under their keys, or of a
    /// member.
    fn object(
        &mut self,
        members: &[Member<'_>],
        name: &str,
        item: Option<Item>,
        key: Option<&str>,
        around: &Around<'_>,
    ) {
        if self.is_full() {
            return;
        }
        let is_part = item.is_none() && !around.members.is_empty() && piece::is_part(name, members);
        let (part, whole) = if is_part {
            (name, around.members)
        } else {
            ("", &[][..])
        };
        let item = match item {
            None if is_part || !around.has_own_id => around.item,
            item => item,
        };
        let text = piece::of(members, key, part, whole);
        let is_confirmed = self.confirms(members) || (is_part && around.is_confirmed);
        let inside = Around {
            members,
            item,
            piece: self.keep(text, item),
            has_own_id: members.iter().any(|(name, _)| Words::of(name).is_own_id())
                || (is_part && around.has_own_id),
            is_confirmed,
        };
        if let Some(key) = key {
            self.text(key, true, true, &inside);
        }
        let mut lists = self.repeated(members);
        let keyed = keyed(members).then(|| self.group(members.len()));
        for (at, (name, value)) in members.iter().enumerate() {
            let words = Words::of(name);
            if secret::is_name(&words) {
                continue;
            }
            match value {
                Node::Map(inner) => {
                    if let Some(group) = keyed {
                        let item = item_of(group, at);
                        self.object(inner, name, Some(item), Some(name), &inside);
                    } else if let Some((group, position)) = lists.get_mut(name) {
                        let item = item_of(*group, *position);
                        *position += 1;
                        self.object(inner, name, Some(item), None, &inside);
                    } else {
                        self.object(inner, name, None, None, &inside);
                    }
                }
                Node::List(items) => self.list(items, name, &inside),
                scalar => self.scalar(scalar, &words, &inside),
            }
        }
    }

    fn list(&mut self, items: &[Node<'_>], name: &str, around: &Around<'_>) {
        let is_root = around.piece.is_none() && around.members.is_empty();
        if !is_root && !items.iter().any(Node::is_container) {
            let words = Words::of(name);
            for item in items {
                self.scalar(item, &words, around);
            }
            return;
        }
        let group = self.group(items.len());
        let names = items.first().map_or(&[][..], Node::items);
        for (at, node) in items.iter().enumerate() {
            if self.is_full() {
                return;
            }
            // A table of two columns is also read as pairs, which say less than its rows.
            if names.len() == 2 && node.members().len() == 1 {
                continue;
            }
            let item = item_of(group, at);
            let cells = match node {
                Node::Map(members) => {
                    self.object(members, name, Some(item), None, around);
                    continue;
                }
                Node::List(cells) => *cells,
                scalar => std::slice::from_ref(scalar),
            };
            let names = if at == 0 { &[][..] } else { names };
            let row = Around {
                piece: self.keep(piece::of_row(cells, names), Some(item)),
                item: Some(item),
                ..Around::default()
            };
            for (at, cell) in cells.iter().enumerate() {
                let name = names.get(at).and_then(Node::as_text).unwrap_or(name);
                if !secret::is_name(&Words::of(name)) {
                    self.node(cell, name, &row);
                }
            }
        }
    }

    fn scalar(&mut self, value: &Node<'_>, name: &Words, around: &Around<'_>) {
        let is_id = name.is_id();
        match value {
            Node::Text(text) => {
                let is_given = name.is_own_id() && !matches!(name.last(), "key" | "number");
                self.text_of(text, is_id, name.is_own_id(), is_given, around);
            }
            // One digit alone is everywhere.
            Node::Number(number) if is_id || number.len() > 1 => {
                let is_own = name.is_own_id();
                form::of_whole(number, &mut |form| self.found(form, is_own, is_own, around));
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, is_own: bool, is_given: bool, around: &Around<'_>) {
        self.text_of(text, true, is_own, is_given, around);
    }

    fn text_of(
        &mut self,
        text: &str,
        is_id: bool,
        is_own: bool,
        is_given: bool,
        around: &Around<'_>,
    ) {
        let text = text.trim();
        if text.is_empty() || secret::is_value(text) || secret::is_opaque(text, is_id) {
            return;
        }
        let is_given = is_given && !text.contains('@');
        let is_word = !text.contains(char::is_whitespace);
        let is_short = text.len() <= TEXT_CHARS_MAX || text.chars().count() <= TEXT_CHARS_MAX;
        if is_short || (is_word && text.len() <= WORD_BYTES_MAX) {
            form::of_whole(text, &mut |form| self.found(form, is_own, is_given, around));
            form::of_segments(text, &mut |form| self.found(form, false, false, around));
        }
        if text.len() <= MAILBOXES_BYTES_MAX {
            form::of_inner(text, &mut |form| self.found(form, false, false, around));
        }
    }

    fn found(&mut self, form: &str, is_own: bool, is_given: bool, around: &Around<'_>) {
        if form.is_empty() || self.is_full() || secret::is_value(form) {
            return;
        }
        self.out.values.push(Found {
            hash: self.key.hash(form),
            piece: around.piece,
            is_own,
            is_given,
            is_confirmed: around.is_confirmed,
        });
    }

    /// Whether an object is known by an id and has something that was not in the request.
    fn confirms(&self, members: &[Member<'_>]) -> bool {
        let is_id = |name: &str| {
            let words = Words::of(name);
            words.is_own_id() || words.is_named_id()
        };
        members.iter().any(|(name, _)| is_id(name))
            && members.iter().any(|(name, value)| match value {
                Node::Map(inner) => inner
                    .iter()
                    .any(|(name, value)| self.is_new_text(name, value)),
                value => self.is_new_text(name, value),
            })
    }

    /// Whether a member is neither an id nor something that was in the request.
    fn is_new_text(&self, name: &str, value: &Node<'_>) -> bool {
        let words = Words::of(name);
        let (false, Some(text)) = (words.is_own_id() || words.is_named_id(), value.as_text())
        else {
            return false;
        };
        !text.is_empty() && !self.sent.holds(text, self.key)
    }

    fn keep(&mut self, text: String, item: Option<Item>) -> Option<u32> {
        let is_room = self.out.pieces.len() < PIECES_MAX
            && self.bytes + text.len() <= PIECES_BYTES_MAX
            && !text.is_empty();
        if !is_room {
            return None;
        }
        let piece = u32::try_from(self.out.pieces.len()).ok()?;
        self.bytes += text.len();
        self.out.pieces.push(Piece { text, item });
        // The first piece of an item covers the whole item.
        if let Some(item) = item
            && let Some(slot) = self.out.groups[item.group as usize].get_mut(item.position as usize)
            && *slot == u32::MAX
        {
            *slot = piece;
        }
        Some(piece)
    }

    fn group(&mut self, items: usize) -> u32 {
        let group = u32::try_from(self.out.groups.len()).unwrap_or(u32::MAX);
        self.out.groups.push(vec![u32::MAX; items.min(PIECES_MAX)]);
        group
    }

    /// Returns the lists that are written as members of the same name, as XML does, each with the
    /// position of its next item.
    fn repeated<'n>(&mut self, members: &'n [Member<'n>]) -> HashMap<&'n str, (u32, usize)> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (name, value) in members {
            if matches!(value, Node::Map(_)) {
                *counts.entry(name).or_default() += 1;
            }
        }
        counts
            .into_iter()
            .filter(|(_, count)| *count > 1)
            .map(|(name, count)| (name, (self.group(count), 0)))
            .collect()
    }
}

fn item_of(group: u32, position: usize) -> Item {
    Item {
        group,
        position: u32::try_from(position).unwrap_or(u32::MAX),
    }
}

/// Whether the members of an object are things under their ids: `{"U1": {…}, "U2": {…}}`.
fn keyed(members: &[Member<'_>]) -> bool {
    let is_key = |name: &str| name.contains(|c: char| c.is_ascii_digit() || "_-@".contains(c));
    !members.is_empty()
        && members
            .iter()
            .all(|(_, value)| matches!(value, Node::Map(_)))
        && members.iter().any(|(name, _)| is_key(name))
}

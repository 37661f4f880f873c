//! The values in a body, borrowed from the body.
//!
//! These values keep duplicate keys, the order of members and the spelling of numbers, because the
//! upstream may read them differently. The usual JSON value types lose at least one of the three.

mod form;
mod json;
mod xml;

use std::borrow::Cow;

pub use form::FormError;
pub use json::JsonError;
pub use xml::XmlError;

/// The deepest nesting of lists and maps that is read. `serde_json` allows 128.
pub const DEPTH_MAX: usize = 100;

/// The most values that are read from one body: ten times what a body of 1 MB usually has.
pub const VALUES_MAX: usize = 1_000_000;

/// A value that borrows from the body it was read from and from the arena that it was read into. Keeps
/// duplicate keys, the order of members and the spelling of numbers.
///
/// Its tag takes a whole word, so that values are moved in whole words while a body is read.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u64)]
pub enum Node<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(&'a str),
    /// A string; in the arena where it was written with escapes.
    Text(&'a str),
    /// An array.
    List(&'a [Self]),
    /// An object or a form, members in the order they were written, equal names included.
    Map(&'a [Member<'a>]),
}

/// A name and its value.
pub type Member<'a> = (&'a str, Node<'a>);

impl<'a> Node<'a> {
    /// Returns the member with this name. If there are several, returns the last, as most upstreams do.
    pub fn get(&self, key: &str) -> Option<&'a Self> {
        self.all(key).next_back()
    }

    /// Returns every member with this name, in order.
    pub fn all(&self, key: &str) -> impl DoubleEndedIterator<Item = &'a Self> {
        self.members()
            .iter()
            .filter(move |(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// Returns an item of a list.
    pub fn at(&self, index: usize) -> Option<&'a Self> {
        self.items().get(index)
    }

    /// Returns the value at a JSON pointer (RFC 6901).
    pub fn pointer<'n>(&'n self, pointer: &str) -> Option<&'n Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut node = self;
        for token in pointer.strip_prefix('/')?.split('/') {
            node = match node {
                Self::List(_) => node.at(index(token)?)?,
                Self::Map(_) => node.get(&unescape(token))?,
                _ => return None,
            };
        }
        Some(node)
    }

    /// Returns the members of a map; an empty slice for any other value.
    pub fn members(&self) -> &'a [Member<'a>] {
        match self {
            Self::Map(members) => members,
            _ => &[],
        }
    }

    /// Returns the items of a list; an empty slice for any other value.
    pub fn items(&self) -> &'a [Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn as_text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number as it was written.
    pub fn as_number(&self) -> Option<&'a str> {
        match self {
            Self::Number(spelled) => Some(spelled),
            _ => None,
        }
    }

    /// A number, if it is a whole one in range and written without fraction or exponent.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.parse().ok()
    }

    /// A number, as near as a double comes to it.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.parse().ok()
    }

    /// A truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this is a list or a map.
    pub fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }
}

/// Writes one more step onto a JSON pointer.
pub fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    // Names are short: a search made for long texts takes longer to set up.
    if !token.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        pointer.push_str(token);
        return;
    }
    for c in token.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// A list index as RFC 6901 writes it: no sign, no leading zero.
fn index(token: &str) -> Option<usize> {
    let canonical = token == "0" || (!token.starts_with('0') && !token.starts_with('+'));
    canonical.then(|| token.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;

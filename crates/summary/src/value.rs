//! A value of a request's query, headers or body, with its place.

use gaiterguard_judge::Role;

use crate::member::{Rest, group_of};

/// The most characters of the beginning of a value that are kept. Enough for a whole letter of one page, or for its first
/// half.
pub(crate) const VALUE_CHARS_MAX: usize = 600;

/// The most characters of the end of a longer value: its last two or three sentences.
pub(crate) const ENDING_CHARS_MAX: usize = 160;

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// `header/NAME`, `query/NAME`, or `body` followed by a JSON pointer.
    pub(crate) location: String,
    /// The names of the members that it is in, the outermost first. Indices of lists are left out.
    pub(crate) names: Vec<String>,
    /// The value, or the beginning of it.
    pub(crate) text: String,
    /// The part after the first [`VALUE_CHARS_MAX`] characters.
    pub(crate) rest: Option<Rest>,
    /// The currency that an amount is written with, in the value itself.
    pub(crate) currency: Option<String>,
    /// The role of its name.
    pub(crate) role: Role,
    /// The document's description of it.
    pub(crate) meaning: Option<String>,
}

impl Value {
    /// Returns the name of the value; empty for a body that is a single text.
    pub(crate) fn name(&self) -> &str {
        self.names.last().map_or("", |name| &**name)
    }

    /// Whether `text` is only the beginning of it.
    pub(crate) fn is_cut(&self) -> bool {
        self.rest.is_some()
    }

    /// Returns the group of the values that have the same name in other items of a list.
    pub(crate) fn group(&self) -> String {
        group_of(&self.location, &self.names)
    }

    /// Returns the location of the object or list that holds it.
    pub(crate) fn parent(&self) -> &str {
        self.location
            .rsplit_once('/')
            .map_or("", |(parent, _)| parent)
    }
}

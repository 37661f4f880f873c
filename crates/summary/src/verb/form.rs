//! How much of an object the body of a request may replace.

use gaiterguard_request::opened::Body;

use crate::path::Target;
use crate::words::{is_in, singular, words};

/// How much of an object a body may replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing is sent.
    Empty,
    /// A few named values.
    Fields,
    /// A whole document.
    Whole,
}

impl Form {
    /// Returns the form of a body. A few values are fields, unless the path says that they are a document.
    pub(crate) fn of(body: &Body<'_>, target: &Target, values: usize) -> Self {
        let is_document =
            |word: &String| words(word).any(|word| is_in(DOCUMENTS, &singular(&word)));
        match body {
            Body::Empty => Self::Empty,
            Body::Json(_) | Body::Form(_) if values <= FIELDS_MAX => {
                // The word before the last name says what it is.
                let noun = target.names.last().and_then(|name| name.noun.as_ref());
                let kind = target.trailing_words().last().or(noun);
                if kind.is_some_and(is_document) {
                    Self::Whole
                } else {
                    Self::Fields
                }
            }
            _ => Self::Whole,
        }
    }
}

/// The most values of a body that are fields of an object and not the whole object.
const FIELDS_MAX: usize = 8;

/// Words for documents that a PUT replaces.
const DOCUMENTS: &str = "config configuration content document file manifest object page policy \
    schema script setting template workflow";

//! What a document says once it has been read.

use serde::{Deserialize, Serialize};

use crate::operation::Operation;

/// A document that has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// What the document calls itself.
    pub title: Option<String>,
    /// The operations it describes, in its order.
    pub operations: Vec<Operation>,
    /// Its text, cut at its headings.
    pub sections: Vec<Section>,
    /// What could not be read, one sentence each; bounded in number and length.
    pub warnings: Vec<String>,
}

/// A piece of text under a heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The headings that lead to it, outermost first, joined by ` › `; empty before the first.
    pub heading: String,
    /// Its text: Markdown.
    pub text: String,
}

/// The largest number of sections of a document.
pub const SECTIONS_MAX: usize = 5_000;

/// The largest number of operations of a document.
pub const OPERATIONS_MAX: usize = 20_000;

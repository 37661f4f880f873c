//! The content of a parsed document.

use serde::{Deserialize, Serialize};

use crate::operation::Operation;

/// A parsed document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The document's own title.
    pub title: Option<String>,
    /// The operations it describes, in document order.
    pub operations: Vec<Operation>,
    /// Its text, split at its headings.
    pub sections: Vec<Section>,
    /// The parts that could not be read, one sentence each; limited in number and length.
    pub warnings: Vec<String>,
}

/// A section of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The headings above it, outermost first, joined by ` › `; empty before the first heading.
    pub heading: String,
    /// Its text, as Markdown.
    pub text: String,
}

/// The limit on the number of sections per document. All are indexed in memory; with 4 kB each, they are as long as
/// the largest document.
pub const SECTIONS_MAX: usize = 5_000;

/// The limit on the number of operations per document. The largest public descriptions have fewer, and all
/// operations of a service are kept in memory.
pub const OPERATIONS_MAX: usize = 20_000;

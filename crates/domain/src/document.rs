//! A document that describes a service.

use serde::{Deserialize, Serialize};

use crate::id::{DocumentId, ServiceId, WorkspaceId};
use crate::time::Timestamp;

/// The largest document that is taken, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How a document's content is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// `OpenAPI` 3.0 or 3.1, or Swagger 2.0, as JSON or YAML.
    Openapi,
    /// Markdown.
    Markdown,
    /// The content is an address to fetch the document from.
    Url,
}

impl DocumentKind {
    /// The word that stands for the kind in a row and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openapi => "openapi",
            Self::Markdown => "markdown",
            Self::Url => "url",
        }
    }

    /// The kind of such a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Openapi, Self::Markdown, Self::Url]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// What is known of a document without reading its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The document's id.
    pub id: DocumentId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The service it describes.
    pub service: ServiceId,
    /// How its content is to be read.
    pub kind: DocumentKind,
    /// What the operator calls it.
    pub title: Option<String>,
    /// The number of operations that were understood.
    pub operations: u32,
    /// The number of text sections that were understood.
    pub sections: u32,
    /// What could not be read, one sentence each.
    pub warnings: Vec<String>,
    /// When it was added.
    pub created_at: Timestamp,
}

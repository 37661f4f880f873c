//! A document that describes a service's API.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::field::{FieldValue, one_of};
use crate::id::{DocumentId, ServiceId, WorkspaceId};
use crate::time::Timestamp;

/// The size limit of a document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The format of a document's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = DocumentType))]
pub enum DocumentKind {
    /// `OpenAPI` 3.0 or 3.1, or Swagger 2.0, as JSON or YAML.
    Openapi,
    /// Markdown.
    Markdown,
    /// The content is a URL to fetch the document from.
    Url,
}

impl DocumentKind {
    /// Every kind.
    const ALL: [Self; 3] = [Self::Openapi, Self::Markdown, Self::Url];

    /// Returns the word for this kind in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openapi => "openapi",
            Self::Markdown => "markdown",
            Self::Url => "url",
        }
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl FieldValue for DocumentKind {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        one_of(value, &Self::ALL, Self::as_str)
    }
}

/// A document's metadata, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The document's id.
    pub id: DocumentId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The service it describes.
    pub service: ServiceId,
    /// The format of its content.
    pub kind: DocumentKind,
    /// The title that the operator gave it.
    pub title: Option<String>,
    /// The number of operations that were parsed.
    pub operations: u32,
    /// The number of text sections that were parsed.
    pub sections: u32,
    /// The parts that could not be read, one sentence each.
    pub warnings: Vec<String>,
    /// When it was added.
    pub created_at: Timestamp,
}

//! A document that describes a service's API.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::field::{FieldValue, one_of};
use crate::id::{DocumentId, ServiceId, WorkspaceId};
use crate::time::Timestamp;

/// The size limit of a document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The size limit of a document of which only a part is read, in bytes. The largest public descriptions
/// have some 45 MB.
pub const SELECTED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The format of a document's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = DocumentType))]
pub enum DocumentKind {
    /// An API description: `OpenAPI` 3.0 or 3.1 or Swagger 2.0 as JSON or YAML, Google Discovery, or a
    /// Postman collection 2.0 or 2.1.
    Openapi,
    /// Markdown.
    Markdown,
    /// An HTML page. Its text is kept.
    Html,
    /// The content is a URL to fetch the document from.
    Url,
}

impl DocumentKind {
    /// Every kind.
    const ALL: [Self; 4] = [Self::Openapi, Self::Markdown, Self::Html, Self::Url];

    /// Returns the word for this kind in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openapi => "openapi",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Url => "url",
        }
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The format of a document to add, or `auto` to detect it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = NewDocumentType))]
pub enum NewDocumentKind {
    /// An API description: `OpenAPI` 3.0 or 3.1 or Swagger 2.0 as JSON or YAML, Google Discovery, or a
    /// Postman collection 2.0 or 2.1.
    Openapi,
    /// Markdown.
    Markdown,
    /// An HTML page. Its text is kept.
    Html,
    /// The content is a URL to fetch the document from.
    Url,
    /// The gateway recognizes API descriptions and takes other text for Markdown. An HTML page is refused.
    Auto,
}

impl NewDocumentKind {
    const ALL: [Self; 5] = [
        Self::Openapi,
        Self::Markdown,
        Self::Html,
        Self::Url,
        Self::Auto,
    ];

    /// Returns the kind; `None` if it is to be recognized.
    pub fn kind(self) -> Option<DocumentKind> {
        match self {
            Self::Openapi => Some(DocumentKind::Openapi),
            Self::Markdown => Some(DocumentKind::Markdown),
            Self::Html => Some(DocumentKind::Html),
            Self::Url => Some(DocumentKind::Url),
            Self::Auto => None,
        }
    }
}

impl FieldValue for NewDocumentKind {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        let word = |kind: Self| kind.kind().map_or("auto", DocumentKind::as_str);
        one_of(value, &Self::ALL, word)
    }
}

/// The detected format of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum DocumentFormat {
    /// An API description: `OpenAPI` 3.0 or 3.1 or Swagger 2.0 as JSON or YAML, Google Discovery, or a
    /// Postman collection 2.0 or 2.1.
    Openapi,
    /// Markdown, or plain text.
    #[default]
    Markdown,
    /// An HTML page.
    Html,
}

impl DocumentFormat {
    /// Returns the kind of a document that is known to have this format.
    pub fn kind(self) -> DocumentKind {
        match self {
            Self::Openapi => DocumentKind::Openapi,
            Self::Markdown => DocumentKind::Markdown,
            Self::Html => DocumentKind::Html,
        }
    }

    /// Returns the word for this format in database rows and in JSON.
    pub fn as_str(self) -> &'static str {
        self.kind().as_str()
    }

    /// Parses such a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Openapi, Self::Markdown, Self::Html]
            .into_iter()
            .find(|format| format.as_str() == word)
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
    /// The format that it was found to have; `None` if an earlier version read it.
    pub format: Option<DocumentFormat>,
    /// The number of operations that were parsed.
    pub operations: u32,
    /// The number of text sections that were parsed.
    pub sections: u32,
    /// The parts that could not be read, one sentence each.
    pub warnings: Vec<String>,
    /// When it was added.
    pub created_at: Timestamp,
}

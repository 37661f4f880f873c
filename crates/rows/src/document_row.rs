//! Rows of `documents`.

use gaiterguard_domain::document::{Document, DocumentFormat, DocumentKind};
use gaiterguard_domain::id::{DocumentId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;

use gaiterguard_database::column::RowContext;
use gaiterguard_database::error::StoreError;

/// A document to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    /// The kind of its content: a document of this format, or the URL of one.
    pub kind: DocumentKind,
    /// The operator's title for it.
    pub title: Option<String>,
    /// The result of reading it.
    pub reading: DocumentReading,
}

/// The result of reading a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentReading {
    /// The format that the document was found to have.
    pub format: DocumentFormat,
    /// The number of operations.
    pub operations: u32,
    /// The number of text sections.
    pub sections: u32,
    /// The parts that could not be read, one sentence each.
    pub warnings: Vec<String>,
}

/// A document and the version of its current content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentVersion {
    /// The document.
    pub id: DocumentId,
    /// The service that it describes.
    pub service: ServiceId,
    /// The kind of its content: a document of this format, or the URL of one.
    pub kind: DocumentKind,
    /// Incremented whenever the content is fetched or read again.
    pub version: i64,
}

/// The version of a document's first content.
pub const FIRST_DOCUMENT_VERSION: i64 = 1;

#[derive(sqlx::FromRow)]
pub struct VersionRow {
    pub id: i64,
    pub service_id: i64,
    pub kind: String,
    pub version: i64,
}

impl TryFrom<VersionRow> for DocumentVersion {
    type Error = StoreError;

    fn try_from(row: VersionRow) -> Result<Self, StoreError> {
        let context = RowContext {
            table: "documents",
            id: &row.id,
        };
        Ok(Self {
            id: DocumentId(row.id),
            service: ServiceId(row.service_id),
            kind: context.required("kind", DocumentKind::parse(&row.kind))?,
            version: row.version,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct DocumentRow {
    pub id: i64,
    pub workspace_id: i64,
    pub service_id: i64,
    pub kind: String,
    pub title: Option<String>,
    pub format: Option<String>,
    pub operations: i64,
    pub sections: i64,
    pub warnings: String,
    pub created_at: i64,
}

impl TryFrom<DocumentRow> for Document {
    type Error = StoreError;

    fn try_from(row: DocumentRow) -> Result<Self, StoreError> {
        let context = RowContext {
            table: "documents",
            id: &row.id,
        };
        Ok(Self {
            id: DocumentId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            service: ServiceId(row.service_id),
            kind: context.required("kind", DocumentKind::parse(&row.kind))?,
            format: row
                .format
                .map(|word| context.required("format", DocumentFormat::parse(&word)))
                .transpose()?,
            operations: context.u32("operations", row.operations)?,
            sections: context.u32("sections", row.sections)?,
            warnings: context.json("warnings", &row.warnings)?,
            title: row.title,
            created_at: Timestamp(row.created_at),
        })
    }
}

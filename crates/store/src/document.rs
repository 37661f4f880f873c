//! Documents that describe services. Their content is sealed.

use gaiterguard_database::column::{RowContext, json};
use gaiterguard_database::connection::{AnyConnection, execute, fetch_all, fetch_optional};
use gaiterguard_database::error::{Abandoned, StoreError};
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::document::{Document, DocumentFormat, DocumentKind};
use gaiterguard_domain::id::{DataKeyId, DocumentId, ServiceId, WorkspaceId};
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::fetch_stored;
use gaiterguard_rows::stored::Stored;

use crate::store::Store;

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
struct VersionRow {
    id: i64,
    service_id: i64,
    kind: String,
    version: i64,
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

/// Returns the documents of a workspace's services that are not deleted, with their versions.
pub(crate) async fn document_versions(
    mut connection: AnyConnection<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<DocumentVersion>, StoreError> {
    fetch_all!(
        connection,
        VersionRow,
        "SELECT d.id, d.service_id, d.kind, d.version FROM documents d
         JOIN services s ON s.id = d.service_id AND s.deleted_at IS NULL
         WHERE d.workspace_id = $1 ORDER BY d.id",
        workspace.0,
    )
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

#[derive(sqlx::FromRow)]
struct DocumentRow {
    id: i64,
    workspace_id: i64,
    service_id: i64,
    kind: String,
    title: Option<String>,
    format: Option<String>,
    operations: i64,
    sections: i64,
    warnings: String,
    created_at: i64,
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

impl Store {
    /// Adds a document, with the content that `content` seals for its id. Returns `None` if the
    /// service does not exist.
    pub async fn document_create(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
        new: &NewDocument,
        at: Timestamp,
        content: impl FnOnce(DocumentId) -> Result<Sealed, Abandoned>,
        audit: impl FnOnce(DocumentId) -> NewAuditEntry,
    ) -> Result<Option<Document>, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let row = fetch_optional!(
            tx,
            (i64,),
            "INSERT INTO documents (workspace_id, service_id, kind, title, operations, sections,
                warnings, created_at, content, format)
             SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10 FROM services
             WHERE id = $2 AND workspace_id = $1 AND deleted_at IS NULL RETURNING id",
            workspace.0,
            service.0,
            new.kind.as_str(),
            &new.title,
            i64::from(new.reading.operations),
            i64::from(new.reading.sections),
            json(&new.reading.warnings),
            at.0,
            Vec::<u8>::new(),
            new.reading.format.as_str(),
        );
        let Some((id,)) = row else {
            tx.rollback().await?;
            return Ok(None);
        };
        let id = DocumentId(id);
        let sealed = match content(id) {
            Ok(sealed) => sealed,
            Err(abandoned) => {
                tx.rollback().await?;
                return Err(abandoned.into());
            }
        };
        execute!(
            tx,
            "UPDATE documents SET data_key_id = $2, content = $3 WHERE id = $1",
            id.0,
            sealed.data_key.0,
            &sealed.bytes,
        );
        tx.audit(audit(id));
        tx.commit().await?;
        Ok(Some(Document {
            id,
            workspace,
            service,
            kind: new.kind,
            title: new.title.clone(),
            format: Some(new.reading.format),
            operations: new.reading.operations,
            sections: new.reading.sections,
            warnings: new.reading.warnings.clone(),
            created_at: at,
        }))
    }

    /// Lists the documents of a service.
    pub async fn document_list(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
    ) -> Result<Vec<Stored<Document>>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(fetch_stored!(
            reader,
            "documents",
            "title",
            convert,
            "SELECT id, workspace_id, service_id, kind, title, format, operations, sections, warnings,
                created_at
             FROM documents WHERE service_id = $2 AND workspace_id = $1 ORDER BY id",
            workspace.0,
            service.0,
        ))
    }

    /// Returns a document.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] if its row is damaged.
    pub async fn document_get(
        &self,
        workspace: WorkspaceId,
        document: DocumentId,
    ) -> Result<Option<Document>, StoreError> {
        let mut reader = self.reader().await?;
        let stored = fetch_stored!(
            reader,
            "documents",
            "title",
            convert,
            "SELECT id, workspace_id, service_id, kind, title, format, operations, sections, warnings,
                created_at
             FROM documents WHERE id = $2 AND workspace_id = $1",
            workspace.0,
            document.0,
        );
        stored.into_iter().next().map(Stored::intact).transpose()
    }

    /// Returns a document's content, sealed.
    pub async fn document_content(
        &self,
        document: DocumentId,
    ) -> Result<Option<Sealed>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            (i64, Vec<u8>),
            "SELECT data_key_id, content FROM documents WHERE id = $1",
            document.0,
        );
        Ok(row.map(|(data_key, bytes)| Sealed {
            data_key: DataKeyId(data_key),
            bytes,
        }))
    }

    /// Stores what was read from a document again, with its content if that was fetched again too.
    /// Returns its new version; `None` if there is no such document.
    pub async fn document_update_reading(
        &self,
        workspace: WorkspaceId,
        document: DocumentId,
        reading: &DocumentReading,
        content: Option<&Sealed>,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<Option<i64>, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let updated = fetch_optional!(
            tx,
            (i64,),
            "UPDATE documents SET operations = $3, sections = $4, warnings = $5, format = $6,
                version = version + 1
             WHERE id = $2 AND workspace_id = $1 RETURNING version",
            workspace.0,
            document.0,
            i64::from(reading.operations),
            i64::from(reading.sections),
            json(&reading.warnings),
            reading.format.as_str(),
        );
        let Some((version,)) = updated else {
            tx.rollback().await?;
            return Ok(None);
        };
        if let Some(sealed) = content {
            execute!(
                tx,
                "UPDATE documents SET data_key_id = $2, content = $3 WHERE id = $1",
                document.0,
                sealed.data_key.0,
                &sealed.bytes,
            );
        }
        tx.audit(audit);
        tx.commit().await?;
        Ok(Some(version))
    }

    /// Deletes a document. Returns false if the service has no such document.
    pub async fn document_delete(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
        document: DocumentId,
        at: Timestamp,
        audit: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_definition_change(workspace, at).await?;
        let deleted = execute!(
            tx,
            "DELETE FROM documents WHERE id = $3 AND service_id = $2 AND workspace_id = $1",
            workspace.0,
            service.0,
            document.0,
        );
        tx.end(deleted, audit).await
    }
}

fn convert(row: DocumentRow) -> Result<Document, StoreError> {
    row.try_into()
}

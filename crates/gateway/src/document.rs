//! Documents that describe services. Their content is sealed like everything an operator or an
//! agent wrote.

use gaiterguard_domain::document::{DOCUMENT_BYTES_MAX, Document, DocumentKind};
use gaiterguard_domain::id::{DocumentId, ServiceId, WorkspaceId};
use gaiterguard_domain::target::Target;
use gaiterguard_store::{Abandoned, DocumentReading, NewDocument, StoreError};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::desk::{DefinitionError, Desk, Editor};
use crate::field::FieldReader;
use crate::literal;
use crate::sealing::Purpose;
use crate::service;
use crate::upstream::AddressPolicy;

/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 200;

/// The documents of a service.
pub async fn list(
    desk: &Desk,
    workspace: WorkspaceId,
    service: ServiceId,
) -> Result<Vec<Document>, DefinitionError> {
    service::get(desk, workspace, service).await?;
    Ok(desk.store().document_list(workspace, service).await?)
}

/// Adds a document: `{type, title?, content}`.
pub async fn create(
    desk: &Desk,
    editor: Editor,
    service: ServiceId,
    fields: &Map<String, Value>,
) -> Result<Document, DefinitionError> {
    let mut reader = FieldReader::new(fields);
    let kind = read_kind(&mut reader);
    let title = reader.text("title", TITLE_CHARS_MAX);
    let content = read_content(&mut reader, kind, desk.policy());
    reader.finish()?;
    let (Some(kind), Some(content)) = (kind, content) else {
        return Err(DefinitionError::Invalid(Vec::new()));
    };
    service::get(desk, editor.workspace, service).await?;
    let key = desk.sealing().payload_key(editor.workspace).await?;
    let new = NewDocument {
        kind,
        title,
        reading: DocumentReading::default(),
    };
    let at = desk.now();
    let mut refused = None;
    let made = desk
        .store()
        .document_create(
            editor.workspace,
            service,
            &new,
            at,
            |id| match key.seal(&Purpose::document(id), content.as_bytes()) {
                Ok(sealed) => Ok(sealed),
                Err(error) => {
                    refused = Some(error);
                    Err(Abandoned)
                }
            },
            |id| {
                editor.entry(
                    at,
                    "document.created",
                    subject(id),
                    json!({ "service": service, "type": kind, "bytes": content.len() }),
                )
            },
        )
        .await;
    match (made, refused) {
        (Err(StoreError::Abandoned), Some(refused)) => Err(refused.into()),
        (made, _) => made?.ok_or(DefinitionError::NotFound("service")),
    }
}

/// A document's content as it was given.
pub async fn content(
    desk: &Desk,
    workspace: WorkspaceId,
    id: DocumentId,
) -> Result<Zeroizing<Vec<u8>>, DefinitionError> {
    let missing = DefinitionError::NotFound("document");
    if desk.store().document_get(workspace, id).await?.is_none() {
        return Err(missing);
    }
    let sealed = desk.store().document_content(id).await?.ok_or(missing)?;
    let purpose = Purpose::document(id);
    let sealing = desk.sealing();
    Ok(sealing
        .open(workspace, sealed.data_key, &sealed.bytes, &purpose)
        .await?)
}

/// Removes a document.
pub async fn delete(
    desk: &Desk,
    editor: Editor,
    service: ServiceId,
    id: DocumentId,
) -> Result<(), DefinitionError> {
    let at = desk.now();
    let entry = editor.entry(
        at,
        "document.deleted",
        subject(id),
        json!({ "service": service }),
    );
    let found = desk
        .store()
        .document_delete(editor.workspace, service, id, at, entry)
        .await?;
    found
        .then_some(())
        .ok_or(DefinitionError::NotFound("document"))
}

fn read_kind(reader: &mut FieldReader<'_>) -> Option<DocumentKind> {
    let kind = DocumentKind::parse(reader.required_string("type")?);
    if kind.is_none() {
        reader.refuse("type", "must be one of openapi, markdown, url");
    }
    kind
}

fn read_content<'a>(
    reader: &mut FieldReader<'a>,
    kind: Option<DocumentKind>,
    policy: &AddressPolicy,
) -> Option<&'a str> {
    let content = reader.required_string("content")?;
    let trouble = if content.trim().is_empty() {
        Some("must not be empty".to_owned())
    } else if content.len() > DOCUMENT_BYTES_MAX {
        Some(format!("must be at most {DOCUMENT_BYTES_MAX} bytes long"))
    } else if kind == Some(DocumentKind::Url) {
        Target::parse(content.trim())
            .map_err(|refused| format!("is no address to fetch from: {refused}"))
            .and_then(|target| literal::check(target.origin(), policy))
            .err()
    } else {
        None
    };
    match trouble {
        None => Some(content),
        Some(message) => {
            reader.refuse("content", message);
            None
        }
    }
}

fn subject(id: DocumentId) -> String {
    format!("document:{id}")
}

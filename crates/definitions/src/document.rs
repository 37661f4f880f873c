//! Documents that describe services: they are read when they are added, and sealed like everything
//! an operator or an agent wrote.

use gaiterguard_apidocs::Document as Reading;
use gaiterguard_domain::document::{DOCUMENT_BYTES_MAX, Document, DocumentKind};
use gaiterguard_domain::field::{FieldError, FieldReader, KEY_NOT_STORED};
use gaiterguard_domain::id::{DocumentId, ServiceId, WorkspaceId};
use gaiterguard_domain::redact;
use gaiterguard_domain::target::Target;
use gaiterguard_sealing::Purpose;
use gaiterguard_store::{
    Abandoned, DocumentReading, FIRST_DOCUMENT_VERSION, NewDocument, StoreError, Stored,
};
use gaiterguard_upstream::{AddressPolicy, literal, page};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::desk::{DefinitionError, Desk, Editor, listed};
use crate::document_content::DocumentContent;
use crate::library::ReadError;
use crate::service;

/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 200;

/// The documents of a service.
pub async fn list(
    desk: &Desk,
    workspace: WorkspaceId,
    service: ServiceId,
) -> Result<Vec<Stored<Document>>, DefinitionError> {
    service::find(desk, workspace, service).await?;
    Ok(listed(
        desk.store().document_list(workspace, service).await?,
    ))
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
    let content = match kind {
        DocumentKind::Url => fetched(desk, content.trim()).await?,
        DocumentKind::Openapi | DocumentKind::Markdown => {
            Zeroizing::new(content.as_bytes().to_vec())
        }
    };
    let read = read(desk, kind, content.clone()).await?;
    let key = desk.sealing().payload_key(editor.workspace).await?;
    let new = NewDocument {
        kind,
        title: title.or_else(|| read.title.clone()),
        reading: reading_of(&read),
    };
    let at = desk.now();
    let mut refused = None;
    // What is made is known to the library before anything can ask it for this version.
    let mut read = Some(read);
    let made = desk
        .store()
        .document_create(
            editor.workspace,
            service,
            &new,
            at,
            |id| match key.seal(&Purpose::document(id), &content) {
                Ok(sealed) => {
                    if let Some(read) = read.take() {
                        let library = desk.library();
                        library.keep(editor.workspace, id, FIRST_DOCUMENT_VERSION, read);
                    }
                    Ok(sealed)
                }
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

/// Fetches a document anew if it has an address, and reads it anew.
pub async fn refresh(
    desk: &Desk,
    editor: Editor,
    service: ServiceId,
    id: DocumentId,
) -> Result<Document, DefinitionError> {
    let missing = || DefinitionError::NotFound("document");
    let workspace = editor.workspace;
    let known = desk.store().document_get(workspace, id).await?;
    let known = known
        .filter(|document| document.service == service)
        .ok_or_else(missing)?;
    let kept = kept(desk, workspace, id).await?;
    let (content, is_new) = match DocumentContent::of(known.kind, &kept).address {
        Some(address) => (fetched(desk, address).await?, true),
        None => (kept, false),
    };
    let read = read(desk, known.kind, content.clone()).await?;
    let reading = reading_of(&read);
    let purpose = Purpose::document(id);
    let sealed = if is_new {
        Some(desk.sealing().seal(workspace, &purpose, &content).await?)
    } else {
        None
    };
    let at = desk.now();
    let detail = json!({ "service": service, "type": known.kind, "bytes": content.len() });
    let entry = editor.entry(at, "document.refreshed", subject(id), detail);
    let version = desk
        .store()
        .document_update_reading(workspace, id, &reading, sealed.as_ref(), at, entry)
        .await?
        .ok_or_else(missing)?;
    desk.library().keep(workspace, id, version, read);
    Ok(Document {
        operations: reading.operations,
        sections: reading.sections,
        warnings: reading.warnings,
        ..known
    })
}

async fn fetched(desk: &Desk, address: &str) -> Result<Zeroizing<Vec<u8>>, DefinitionError> {
    match page::fetch(desk.upstream(), address).await {
        Ok(page) => Ok(DocumentContent::to_keep(address, &page)),
        Err(error) => Err(unusable(&error)),
    }
}

async fn read(
    desk: &Desk,
    kind: DocumentKind,
    content: Zeroizing<Vec<u8>>,
) -> Result<Reading, DefinitionError> {
    let searched = content.clone();
    let search = tokio::task::spawn_blocking(move || redact::holds_agent_key(&searched));
    if search.await.map_err(|_| unusable(&ReadError::Failed))? {
        let refused = FieldError::new("content", KEY_NOT_STORED);
        return Err(DefinitionError::Invalid(vec![refused]));
    }
    match desk.library().read(kind, content).await {
        Ok(read) => Ok(read),
        Err(ReadError::Sealing(error)) => Err(error.into()),
        Err(ReadError::Store(error)) => Err(error.into()),
        Err(error @ (ReadError::Unreadable(_) | ReadError::Failed)) => Err(unusable(&error)),
    }
}

/// What is wrong with a document is said of the field that it came in.
fn unusable(error: &dyn std::error::Error) -> DefinitionError {
    let message = format!("cannot be used: {error}");
    DefinitionError::Invalid(vec![FieldError::new("content", message)])
}

fn reading_of(read: &Reading) -> DocumentReading {
    let count = |items: usize| u32::try_from(items).unwrap_or(u32::MAX);
    DocumentReading {
        operations: count(read.operations.len()),
        sections: count(read.sections.len()),
        warnings: read.warnings.clone(),
    }
}

/// A document's content as it was given: of one that is fetched, its address.
pub async fn content(
    desk: &Desk,
    workspace: WorkspaceId,
    id: DocumentId,
) -> Result<Zeroizing<Vec<u8>>, DefinitionError> {
    let known = desk.store().document_get(workspace, id).await?;
    let known = known.ok_or(DefinitionError::NotFound("document"))?;
    let kept = kept(desk, workspace, id).await?;
    Ok(match DocumentContent::of(known.kind, &kept).address {
        Some(address) => Zeroizing::new(address.as_bytes().to_vec()),
        None => kept,
    })
}

async fn kept(
    desk: &Desk,
    workspace: WorkspaceId,
    id: DocumentId,
) -> Result<Zeroizing<Vec<u8>>, DefinitionError> {
    let missing = DefinitionError::NotFound("document");
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
    // A whole document is searched for agent keys where that holds nothing up.
    let content = reader.required_any_string("content")?;
    let trouble = if content.trim().is_empty() {
        Some("must not be empty".to_owned())
    } else if content.len() > DOCUMENT_BYTES_MAX {
        Some(format!("must be at most {DOCUMENT_BYTES_MAX} bytes long"))
    } else if kind == Some(DocumentKind::Url) && redact::holds_agent_key(content.as_bytes()) {
        Some(KEY_NOT_STORED.to_owned())
    } else if kind == Some(DocumentKind::Url) {
        Target::parse(content.trim())
            .map_err(|refused| {
                format!(
                    "must be an http or https URL that the gateway can fetch: \
                                        {refused}"
                )
            })
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

//! Documents that describe services. They are read when they are added, and sealed like all text
//! that operators and agents write.

use std::borrow::Cow;

use gaiterguard_apidocs::warning::WARNINGS_MAX;
use gaiterguard_apidocs::{Document as Reading, Include};
use gaiterguard_domain::document::{
    DOCUMENT_BYTES_MAX, Document, DocumentFormat, DocumentKind, NewDocumentKind,
};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::field::{Checked, FieldValue, KEY_NOT_STORED, any_string, refused};
use gaiterguard_domain::id::{DocumentId, ServiceId, WorkspaceId};
use gaiterguard_domain::redact;
use gaiterguard_domain::target::Target;
use gaiterguard_domain::text::Title;
use gaiterguard_domain::{all, body};
use gaiterguard_sealing::Purpose;
use gaiterguard_store::{
    self as store, Abandoned, DocumentReading, FIRST_DOCUMENT_VERSION, StoreError, Stored,
};
use gaiterguard_upstream::{AddressPolicy, literal};
use serde_json::{Value, json};
use tokio::sync::SemaphorePermit;
use zeroize::Zeroizing;

use crate::definition_store::{DefinitionError, DefinitionStore, Editor, listed};
use crate::document_content::DocumentContent;
use crate::document_refused::{WebPage, unreadable, unusable};
use crate::document_source::{Fetch, Source, entered, note_on};
use crate::library::ReadError;
use crate::service;

/// The limit on the documents of one service. All are read at the start and kept in memory.
const DOCUMENTS_MAX: usize = 100;

/// The length limit of a note on how a document was read, in characters. It may contain some URLs.
const NOTE_CHARS_MAX: usize = 1_000;

body! {
    /// A document to add.
    pub struct NewDocument {
        /// Format of `content`, or `auto` to detect it.
        kind "type": NewDocumentKind as NewDocumentKind,
        /// Title. Defaults to the title in the document.
        title "title": Option<Title> as Option<Title>,
        /// The document's text, or the URL to fetch it from. Up to 16 MiB; up to 64 MiB from a URL if
        /// `include` is set. Gzip-compressed content is decompressed; to send it as text, encode it in base64. The
        /// URL may point to an API description, to Markdown, to a web page that shows an API description,
        /// or to another HTML page if `allowHtml` is true.
        #[schema(min_length = 1)]
        content "content": EnteredContent as String,
        /// Whether to accept a URL that returns an HTML page, and keep the text of the page. Refused by
        /// default, because most such pages are login pages or API viewers, not the API description.
        allow_html "allowHtml": Option<bool> as Option<bool>,
        /// Whether to fetch the URL with the service's credential, now and when it is fetched again. The
        /// URL must have the same origin as the service's base URL, and redirects to another origin are refused.
        use_credential "useCredential": Option<bool> as Option<bool>,
        /// The part of an API description to read, now and when it is read again. Defaults to all of it.
        include "include": Option<Include> as Option<Include>,
    }
}

/// A document's content, or its URL, as entered. It is searched for agent keys later, on a thread
/// for blocking work, because it may be long.
#[derive(Clone, Debug)]
pub struct EnteredContent(String);

impl FieldValue for EnteredContent {
    fn parse(value: Value) -> Result<Self, Cow<'static, str>> {
        any_string(value).map(Self)
    }
}

/// Returns the documents of a service.
pub async fn list(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    service: ServiceId,
) -> Result<Vec<Stored<Document>>, DefinitionError> {
    service::find(definitions, workspace, service).await?;
    Ok(listed(
        definitions
            .store()
            .document_list(workspace, service)
            .await?,
    ))
}

/// Adds a document.
pub async fn create(
    definitions: &DefinitionStore,
    editor: Editor,
    service: ServiceId,
    new: NewDocument,
) -> Result<Document, DefinitionError> {
    let NewDocument {
        kind,
        title,
        content,
        allow_html,
        use_credential,
        include,
    } = new;
    let is_url = kind == Ok(NewDocumentKind::Url);
    let content = content.and_then(|content| usable(content, is_url, definitions.policy()));
    let (kind, title, content, allow_html, use_credential, include) =
        all!(kind, title, content, allow_html, use_credential, include)?;
    let include = include.filter(|include| !include.is_everything());
    let use_credential = use_credential.unwrap_or(false);
    let may_be_html = allow_html.unwrap_or(false);
    let described = service::get(definitions, editor.workspace, service).await?;
    let kind = kind.kind();
    if include.is_some() && matches!(kind, Some(DocumentKind::Markdown | DocumentKind::Html)) {
        return Ok(refused("include", "applies only to API descriptions")?);
    }
    let present = definitions
        .store()
        .document_list(editor.workspace, service)
        .await?;
    if present.len() >= DOCUMENTS_MAX {
        let message = format!(
            "cannot be added: the service has {DOCUMENTS_MAX} documents, which is the limit; delete one first"
        );
        return Ok(refused("content", message)?);
    }
    let _turn = turn(definitions, include.as_ref()).await?;
    let source = if is_url {
        let fetch = Fetch {
            definitions,
            service: &described,
            address: content.trim(),
            use_credential,
            include,
        };
        fetch.source(may_be_html).await?
    } else if use_credential {
        return Ok(refused("useCredential", "applies only to the type url")?);
    } else {
        entered(kind, content, include).await?
    };
    let Source {
        content,
        moved_to,
        notes,
        seems_at,
    } = source;
    let (format, mut read) = read(definitions, kind, content.clone()).await?;
    let may_be_html = kind == Some(DocumentKind::Html) || is_url && may_be_html;
    if format == DocumentFormat::Html && !may_be_html {
        let page = WebPage {
            content: &content,
            moved_to: moved_to.as_deref(),
            seems_at: seems_at.as_deref(),
        };
        return Err(page.refused(kind));
    }
    add_notes(&mut read, notes);
    let title = title.and_then(Title::into_filled);
    let unstored = Unstored {
        kind: kind.unwrap_or_else(|| format.kind()),
        title: title.or_else(|| read.title.clone()),
        content,
        format,
        read,
        use_credential,
    };
    unstored.store(definitions, editor, service).await
}

/// Reads a document again. A document with a URL is fetched again.
pub async fn refresh(
    definitions: &DefinitionStore,
    editor: Editor,
    service: ServiceId,
    id: DocumentId,
) -> Result<Document, DefinitionError> {
    let missing = || DefinitionError::NotFound("document");
    let workspace = editor.workspace;
    let known = definitions.store().document_get(workspace, id).await?;
    let known = known
        .filter(|document| document.service == service)
        .ok_or_else(missing)?;
    let kept = kept(definitions, workspace, id).await?;
    let present = DocumentContent::of(Some(known.kind), &kept);
    let uses_credential = present.uses_credential;
    // A page in place of the description asks for a login or reports an error.
    let was_html = known
        .format
        .is_none_or(|format| format == DocumentFormat::Html);
    let _turn = turn(definitions, present.include.as_ref()).await?;
    let is_new = present.address.is_some();
    let source = if let Some(address) = present.address {
        let described = service::get(definitions, workspace, service).await?;
        let fetch = Fetch {
            definitions,
            service: &described,
            address,
            use_credential: uses_credential,
            include: present.include.clone(),
        };
        fetch.source(was_html).await?
    } else {
        let notes = present.include.as_ref().map(note_on).into_iter().collect();
        Source::of(kept.clone(), notes)
    };
    let Source {
        content,
        moved_to,
        notes,
        seems_at,
    } = source;
    let (format, mut read) = read(definitions, Some(known.kind), content.clone()).await?;
    if is_new && format == DocumentFormat::Html && !was_html {
        let page = WebPage {
            content: &content,
            moved_to: moved_to.as_deref(),
            seems_at: seems_at.as_deref(),
        };
        return Err(page.refused(Some(known.kind)));
    }
    add_notes(&mut read, notes);
    let reading = reading_of(format, &read);
    let purpose = Purpose::document(id);
    let sealed = if is_new {
        Some(
            definitions
                .sealing()
                .seal(workspace, &purpose, &content)
                .await?,
        )
    } else {
        None
    };
    let at = definitions.now();
    let detail = detail(service, known.kind, content.len(), uses_credential);
    let entry = editor.entry(at, Event::DocumentRefreshed, Subject::Document(id), detail);
    let version = definitions
        .store()
        .document_update_reading(workspace, id, &reading, sealed.as_ref(), at, entry)
        .await?
        .ok_or_else(missing)?;
    definitions.library().keep(workspace, id, version, read);
    Ok(Document {
        format: Some(reading.format),
        operations: reading.operations,
        sections: reading.sections,
        warnings: reading.warnings,
        ..known
    })
}

/// Returns the detail of an audit entry about a document.
fn detail(service: ServiceId, kind: DocumentKind, bytes: usize, with_credential: bool) -> Value {
    let mut detail = json!({ "service": service, "type": kind, "bytes": bytes });
    if with_credential {
        detail["with_credential"] = true.into();
    }
    detail
}

/// Waits for the turn of a document that may be larger than others, because only a part of it is read.
async fn turn<'d>(
    definitions: &'d DefinitionStore,
    include: Option<&Include>,
) -> Result<Option<SemaphorePermit<'d>>, DefinitionError> {
    if include.is_none() {
        return Ok(None);
    }
    let turn = definitions.library().large_turn().await;
    turn.map(Some).map_err(|error| unusable(&error))
}

/// A document that has been read and is not stored yet.
struct Unstored {
    kind: DocumentKind,
    title: Option<String>,
    content: Zeroizing<Vec<u8>>,
    format: DocumentFormat,
    read: Reading,
    use_credential: bool,
}

impl Unstored {
    async fn store(
        self,
        definitions: &DefinitionStore,
        editor: Editor,
        service: ServiceId,
    ) -> Result<Document, DefinitionError> {
        let Self {
            kind,
            title,
            content,
            format,
            read,
            use_credential,
        } = self;
        let key = definitions.sealing().payload_key(editor.workspace).await?;
        let new = store::NewDocument {
            kind,
            title,
            reading: reading_of(format, &read),
        };
        let at = definitions.now();
        let mut refused = None;
        // The library knows the new document before anything can look up this version.
        let mut read = Some(read);
        let made = definitions
            .store()
            .document_create(
                editor.workspace,
                service,
                &new,
                at,
                |id| match key.seal(&Purpose::document(id), &content) {
                    Ok(sealed) => {
                        if let Some(read) = read.take() {
                            let library = definitions.library();
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
                        Event::DocumentCreated,
                        Subject::Document(id),
                        detail(service, kind, content.len(), use_credential),
                    )
                },
            )
            .await;
        match (made, refused) {
            (Err(StoreError::Abandoned), Some(refused)) => Err(refused.into()),
            (made, _) => made?.ok_or(DefinitionError::NotFound("service")),
        }
    }
}

/// Adds what was noted before a document was read to its warnings.
fn add_notes(read: &mut Reading, notes: Vec<String>) {
    let cut = |note: String| match note.char_indices().nth(NOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &note[..end]),
        None => note,
    };
    read.warnings.splice(0..0, notes.into_iter().map(cut));
    read.warnings.truncate(WARNINGS_MAX);
}

async fn read(
    definitions: &DefinitionStore,
    kind: Option<DocumentKind>,
    content: Zeroizing<Vec<u8>>,
) -> Result<(DocumentFormat, Reading), DefinitionError> {
    let searched = content.clone();
    let search = tokio::task::spawn_blocking(move || redact::holds_agent_key(&searched));
    if search.await.map_err(|_| unusable(&ReadError::Failed))? {
        return Ok(refused("content", KEY_NOT_STORED)?);
    }
    match definitions.library().read(kind, content).await {
        Ok(read) => Ok(read),
        Err(ReadError::Sealing(error)) => Err(error.into()),
        Err(ReadError::Store(error)) => Err(error.into()),
        Err(ReadError::Unreadable(error)) => Err(unreadable(&error)),
        Err(error @ ReadError::Failed) => Err(unusable(&error)),
    }
}

fn reading_of(format: DocumentFormat, read: &Reading) -> DocumentReading {
    let count = |items: usize| u32::try_from(items).unwrap_or(u32::MAX);
    DocumentReading {
        format,
        operations: count(read.operations.len()),
        sections: count(read.sections.len()),
        warnings: read.warnings.clone(),
    }
}

/// Returns a document's content as it was entered, which is the URL of a document that is fetched.
pub async fn content(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    id: DocumentId,
) -> Result<Zeroizing<Vec<u8>>, DefinitionError> {
    let known = definitions.store().document_get(workspace, id).await?;
    let known = known.ok_or(DefinitionError::NotFound("document"))?;
    let kept = kept(definitions, workspace, id).await?;
    let content = DocumentContent::of(Some(known.kind), &kept);
    let entered = content.address.map_or(content.bytes, str::as_bytes);
    Ok(Zeroizing::new(entered.to_vec()))
}

async fn kept(
    definitions: &DefinitionStore,
    workspace: WorkspaceId,
    id: DocumentId,
) -> Result<Zeroizing<Vec<u8>>, DefinitionError> {
    let missing = DefinitionError::NotFound("document");
    let sealed = definitions
        .store()
        .document_content(id)
        .await?
        .ok_or(missing)?;
    let purpose = Purpose::document(id);
    let sealing = definitions.sealing();
    Ok(sealing
        .open(workspace, sealed.data_key, &sealed.bytes, &purpose)
        .await?)
}

/// Deletes a document.
pub async fn delete(
    definitions: &DefinitionStore,
    editor: Editor,
    service: ServiceId,
    id: DocumentId,
) -> Result<(), DefinitionError> {
    let at = definitions.now();
    let entry = editor.entry(
        at,
        Event::DocumentDeleted,
        Subject::Document(id),
        json!({ "service": service }),
    );
    let found = definitions
        .store()
        .document_delete(editor.workspace, service, id, at, entry)
        .await?;
    found
        .then_some(())
        .ok_or(DefinitionError::NotFound("document"))
}

/// Returns the content if a document can be made of it.
fn usable(
    EnteredContent(content): EnteredContent,
    is_url: bool,
    policy: &AddressPolicy,
) -> Checked<String> {
    if content.trim().is_empty() {
        return refused("content", "must not be empty");
    }
    if content.len() > DOCUMENT_BYTES_MAX {
        let message = format!("must be at most {DOCUMENT_BYTES_MAX} bytes long");
        return refused("content", message);
    }
    if is_url {
        if redact::holds_agent_key(content.as_bytes()) {
            return refused("content", KEY_NOT_STORED);
        }
        let checked = Target::parse(content.trim())
            .map_err(|refused| {
                format!("must be an http or https URL that the gateway can fetch: {refused}")
            })
            .and_then(|target| literal::check(target.origin(), policy));
        if let Err(message) = checked {
            return refused("content", message);
        }
    }
    Ok(content)
}

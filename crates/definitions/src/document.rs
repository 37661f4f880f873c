//! Documents that describe services. They are read when they are added, and sealed like all text
//! that operators and agents write.

use std::borrow::Cow;

use gaiterguard_apidocs::{Document as Reading, asks_for_password};
use gaiterguard_credential::{ReadyCredential, inject};
use gaiterguard_domain::document::{
    DOCUMENT_BYTES_MAX, Document, DocumentFormat, DocumentKind, NewDocumentKind,
};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::field::{
    Checked, FieldError, FieldValue, KEY_NOT_STORED, any_string, refused,
};
use gaiterguard_domain::id::{DocumentId, ServiceId, WorkspaceId};
use gaiterguard_domain::redact;
use gaiterguard_domain::service::Service;
use gaiterguard_domain::target::Target;
use gaiterguard_domain::text::Title;
use gaiterguard_domain::{all, body};
use gaiterguard_sealing::Purpose;
use gaiterguard_store::{
    self as store, Abandoned, DocumentReading, FIRST_DOCUMENT_VERSION, StoreError, Stored,
};
use gaiterguard_upstream::page::{self, Injected, Page};
use gaiterguard_upstream::{AddressPolicy, literal};
use http::HeaderMap;
use http::uri::PathAndQuery;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::definition_store::{DefinitionError, DefinitionStore, Editor, listed};
use crate::document_content::DocumentContent;
use crate::library::ReadError;
use crate::service;

body! {
    /// A document to add.
    pub struct NewDocument {
        /// Format of `content`, or `auto` to have it recognized.
        kind "type": NewDocumentKind as NewDocumentKind,
        /// Title. Defaults to the title in the document.
        title "title": Option<Title> as Option<Title>,
        /// The document's text, or the URL to fetch it from. Up to 16 MB. The URL may point to an
        /// OpenAPI document or Markdown, or to an HTML page if `allowHtml` is true.
        #[schema(min_length = 1)]
        content "content": EnteredContent as String,
        /// Whether to accept a URL that returns an HTML page, and keep the text of the page. Refused by
        /// default, because most such pages are login pages or API viewers, not the API description.
        allow_html "allowHtml": Option<bool> as Option<bool>,
        /// Whether to fetch the URL with the service's credential, now and when it is fetched again. The
        /// URL must have the origin of the service's base URL, and redirects to another origin are refused.
        use_credential "useCredential": Option<bool> as Option<bool>,
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
    } = new;
    let is_url = kind == Ok(NewDocumentKind::Url);
    let content = content.and_then(|content| usable(content, is_url, definitions.policy()));
    let (kind, title, content, allow_html, use_credential) =
        all!(kind, title, content, allow_html, use_credential)?;
    let use_credential = use_credential.unwrap_or(false);
    let described = service::get(definitions, editor.workspace, service).await?;
    let kind = kind.kind();
    let (content, moved_to) = if is_url {
        fetched(definitions, &described, content.trim(), use_credential).await?
    } else if use_credential {
        return Ok(refused("useCredential", "applies only to the type url")?);
    } else {
        (Zeroizing::new(content.into_bytes()), None)
    };
    let (format, read) = read(definitions, kind, content.clone()).await?;
    let may_be_html = kind == Some(DocumentKind::Html) || is_url && allow_html.unwrap_or(false);
    if format == DocumentFormat::Html && !may_be_html {
        return Err(html_page(kind, &content, moved_to.as_deref()));
    }
    let kind = kind.unwrap_or_else(|| format.kind());
    let key = definitions.sealing().payload_key(editor.workspace).await?;
    let new = store::NewDocument {
        kind,
        title: title
            .and_then(Title::into_filled)
            .or_else(|| read.title.clone()),
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
    let present = DocumentContent::of(known.kind, &kept);
    let uses_credential = present.uses_credential;
    let (content, moved_to, is_new) = match present.address {
        Some(address) => {
            let described = service::get(definitions, workspace, service).await?;
            let fetched = fetched(definitions, &described, address, uses_credential);
            let (content, moved_to) = fetched.await?;
            (content, moved_to, true)
        }
        None => (kept, None, false),
    };
    let (format, read) = read(definitions, Some(known.kind), content.clone()).await?;
    // A page in place of the description is that of a login or of an error.
    let was_html = known
        .format
        .is_none_or(|format| format == DocumentFormat::Html);
    if is_new && format == DocumentFormat::Html && !was_html {
        return Err(html_page(Some(known.kind), &content, moved_to.as_deref()));
    }
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

/// Fetches the document of a service, with the service's credential if `use_credential` is set. Returns the
/// content to keep, and the URL to which redirects led.
async fn fetched(
    definitions: &DefinitionStore,
    service: &Service,
    address: &str,
    use_credential: bool,
) -> Result<(Zeroizing<Vec<u8>>, Option<String>), DefinitionError> {
    let upstream = definitions.upstream();
    let keep = |page: Page| {
        let content = DocumentContent::to_keep(address, use_credential, &page);
        (content, page.moved_to)
    };
    if !use_credential {
        let fetched = page::fetch(upstream, address, None).await;
        return fetched.map(keep).map_err(|error| unusable(&error));
    }
    let ready = credential(definitions, service, address).await?;
    let inject = |headers: &mut HeaderMap, path_and_query: &mut PathAndQuery| {
        let injected = inject(&ready.credential, headers, path_and_query);
        injected.map_err(|error| error.to_string())
    };
    let injected = Injected {
        inject: &inject,
        masker: ready.credential.masker(),
    };
    let masked = |text: &str| {
        let masked = injected.masker.mask_bytes(text.as_bytes());
        String::from_utf8_lossy(&masked).into_owned()
    };
    match page::fetch(upstream, address, Some(&injected)).await {
        Ok(mut page) => {
            page.moved_to = page.moved_to.as_deref().map(masked);
            Ok(keep(page))
        }
        Err(error) => Err(unusable_because(&masked(&error.to_string()))),
    }
}

/// Returns the credential with which a document of a service is fetched.
async fn credential(
    definitions: &DefinitionStore,
    service: &Service,
    address: &str,
) -> Result<ReadyCredential, DefinitionError> {
    let not_usable = |message: String| {
        let error = FieldError::new("useCredential", message);
        DefinitionError::CredentialNotUsable(vec![error])
    };
    let own = service.base_url.origin();
    let is_own = Target::parse(address).is_ok_and(|target| target.origin() == own);
    if !is_own {
        return Err(not_usable(format!(
            "can be set only for a URL of the service's own origin, {own}"
        )));
    }
    match definitions.credentials().ready(service).await {
        Ok(Some(ready)) => Ok(ready),
        Ok(None) => Err(not_usable(
            "is not possible: the service has no credential".to_owned(),
        )),
        Err(error) if error.is_own_failure() => {
            tracing::error!(%error, "a credential could not be read");
            Err(not_usable(
                "is not possible: the credential could not be read".to_owned(),
            ))
        }
        Err(error) => Err(not_usable(format!("is not possible: {error}"))),
    }
}

/// Refuses an HTML page, with what it seems to be.
fn html_page(
    kind: Option<DocumentKind>,
    content: &[u8],
    moved_to: Option<&str>,
) -> DefinitionError {
    let mut message = "is an HTML page, not an API description".to_owned();
    if asks_for_password(&String::from_utf8_lossy(content)) {
        message.push_str("; it asks for a password, so it is probably a login page");
    }
    if let Some(moved_to) = moved_to {
        message.push_str("; the URL redirects to ");
        message.push_str(&redact::agent_keys(moved_to));
    }
    message.push_str(match kind {
        Some(DocumentKind::Url) => "; to keep its text anyway, set allowHtml",
        _ => "; to keep its text anyway, use the type html",
    });
    DefinitionError::Invalid(vec![FieldError::new("content", message)])
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
        Err(error @ (ReadError::Unreadable(_) | ReadError::Failed)) => Err(unusable(&error)),
    }
}

/// Reports a problem of a document as an error of the field that contained it.
fn unusable(error: &dyn std::error::Error) -> DefinitionError {
    unusable_because(&error.to_string())
}

fn unusable_because(reason: &str) -> DefinitionError {
    let message = format!("cannot be used: {reason}");
    DefinitionError::Invalid(vec![FieldError::new("content", message)])
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
    Ok(match DocumentContent::of(known.kind, &kept).address {
        Some(address) => Zeroizing::new(address.as_bytes().to_vec()),
        None => kept,
    })
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

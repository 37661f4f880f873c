//! The content of a document before it is read: as it was entered, or fetched from a URL.

use gaiterguard_apidocs::viewer::search_page;
use gaiterguard_apidocs::{Include, Unreadable, bytes_max, unpacked};
use gaiterguard_domain::document::{DOCUMENT_BYTES_MAX, DocumentKind};
use gaiterguard_domain::service::Service;
use gaiterguard_upstream::page::Page;
use zeroize::Zeroizing;

use crate::definition_store::{DefinitionError, DefinitionStore};
use crate::document_content::DocumentContent;
use crate::document_fetcher::Fetcher;
use crate::document_page::{self, Found};
use crate::document_refused::{WebPage, unreadable, unusable, unusable_because};
use crate::library::ReadError;

/// The content of a document, and what was noted about it.
pub(crate) struct Source {
    /// The content to keep.
    pub(crate) content: Zeroizing<Vec<u8>>,
    /// The URL to which redirects led, if it has another path.
    pub(crate) moved_to: Option<String>,
    /// Sentences for the warnings of the document.
    pub(crate) notes: Vec<String>,
    /// Where the description of a web page seems to be, and why it was not read.
    pub(crate) seems_at: Option<String>,
}

impl Source {
    /// Returns a content that was not fetched.
    pub(crate) fn of(content: Zeroizing<Vec<u8>>, notes: Vec<String>) -> Self {
        Self {
            content,
            moved_to: None,
            notes,
            seems_at: None,
        }
    }
}

/// Returns the warning that only a part of a document is read.
pub(crate) fn note_on(include: &Include) -> String {
    format!("include: only the operations with these are read: {include}")
}

/// Returns a content as it was entered, decompressed. If an API description is wanted, or the format is not
/// known, it is taken out of a web page.
pub(crate) async fn entered(
    kind: Option<DocumentKind>,
    content: String,
    include: Option<Include>,
) -> Result<Source, DefinitionError> {
    let prepared = tokio::task::spawn_blocking(move || {
        let bytes = unpacked(content.as_bytes(), DOCUMENT_BYTES_MAX)?.into_owned();
        let leads = document_page::is_page(&bytes, None)
            .then(|| search_page(&String::from_utf8_lossy(&bytes)));
        Ok::<_, Unreadable>((bytes, leads))
    });
    let prepared = prepared.await.map_err(|_| unusable(&ReadError::Failed))?;
    let (mut content, leads) = prepared.map_err(|error| unreadable(&error))?;
    let mut notes: Vec<String> = include.as_ref().map(note_on).into_iter().collect();
    if let Some(leads) = leads
        && matches!(kind, None | Some(DocumentKind::Openapi))
    {
        let Some(embedded) = leads.embedded else {
            let seems_at = leads.descriptions.first().or(leads.links.first());
            let page = WebPage {
                content: &content,
                moved_to: None,
                seems_at: seems_at.map(String::as_str),
            };
            return Err(page.refused(kind));
        };
        content = embedded.into_bytes();
        notes.push(document_page::FROM_PAGE.to_owned());
    }
    let kept = DocumentContent {
        include,
        address: None,
        uses_credential: false,
        media_type: None,
        bytes: &content,
    };
    Ok(Source::of(kept.to_keep(), notes))
}

/// A document to fetch from a URL.
pub(crate) struct Fetch<'f> {
    pub(crate) definitions: &'f DefinitionStore,
    /// The service that it describes.
    pub(crate) service: &'f Service,
    pub(crate) address: &'f str,
    /// Whether to use the credential of the service.
    pub(crate) use_credential: bool,
    /// The part to read, if not all.
    pub(crate) include: Option<Include>,
}

impl Fetch<'_> {
    /// Fetches the document, or the one that a web page shows. If the page itself may be kept, its links
    /// are not followed.
    pub(crate) async fn source(self, may_be_html: bool) -> Result<Source, DefinitionError> {
        let library = self.definitions.library();
        let bytes_max = bytes_max(self.include.as_ref());
        let mut fetcher = Fetcher::new(self.definitions, bytes_max);
        if self.use_credential {
            fetcher.use_credential(self.service, self.address).await?;
        }
        let page = fetcher
            .get(self.address)
            .await
            .map_err(|reason| unusable_because(&reason))?;
        let moved_to = page.moved_to.clone();
        let Found {
            page,
            mut notes,
            seems_at,
        } = document_page::find(&fetcher, page, may_be_html, self.include.as_ref()).await;
        notes.extend(self.include.as_ref().map(note_on));
        let Page {
            media_type, bytes, ..
        } = page;
        let plain = tokio::task::spawn_blocking(move || {
            unpacked(&bytes, bytes_max).map(std::borrow::Cow::into_owned)
        });
        let plain = plain.await.map_err(|_| unusable(&ReadError::Failed))?;
        let mut bytes = plain.map_err(|error| unreadable(&error))?;
        // A larger document is not kept. It is fetched again when it is refreshed.
        if let Some(include) = &self.include
            && bytes.len() > DOCUMENT_BYTES_MAX
        {
            bytes = match library.select(bytes, include.clone()).await {
                Ok(part) => part,
                Err(ReadError::Unreadable(error)) => return Err(unreadable(&error)),
                Err(error) => return Err(unusable(&error)),
            };
        }
        let kept = DocumentContent {
            include: self.include,
            address: Some(self.address),
            uses_credential: self.use_credential,
            media_type: media_type.as_deref(),
            bytes: &bytes,
        };
        Ok(Source {
            content: kept.to_keep(),
            moved_to,
            notes,
            seems_at,
        })
    }
}

//! The parsed documents of all services. Each version of a document is parsed once and kept while
//! it is the current version.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gaiterguard_apidocs::{Catalog, Document, Format, Include, Unreadable, read_part, selected};
use gaiterguard_domain::document::{DocumentFormat, DocumentKind};
use gaiterguard_domain::id::{DocumentId, ServiceId, WorkspaceId};
use gaiterguard_sealing::{Purpose, Sealing, SealingError};
use gaiterguard_store::{DocumentVersion, Store, StoreError};
use tokio::sync::{Semaphore, SemaphorePermit};
use zeroize::Zeroizing;

use crate::document_content::DocumentContent;

/// Maximum number of documents that are parsed at the same time. A large one occupies a processor
/// and needs memory of many times its size.
const READING_MAX: usize = 2;

/// Maximum number of documents over the usual size limit that are fetched and parsed at the same time.
const LARGE_MAX: usize = 1;

/// Parses documents, and keeps those that are in use.
pub struct Library {
    store: Store,
    sealing: Sealing,
    shelves: Mutex<Shelves>,
    reading: Semaphore,
    large: Semaphore,
}

#[derive(Default)]
struct Shelves {
    documents: HashMap<DocumentId, Kept>,
    catalogs: HashMap<ServiceId, Shelf>,
}

struct Kept {
    workspace: WorkspaceId,
    version: i64,
    document: Arc<Document>,
}

struct Shelf {
    workspace: WorkspaceId,
    of: Vec<(DocumentId, i64)>,
    catalog: Arc<Catalog>,
}

/// The catalogs of a workspace's services, and the documents that are missing from them.
#[derive(Debug, Default)]
pub struct Catalogs {
    /// The catalog of each service that has documents.
    pub by_service: HashMap<ServiceId, Arc<Catalog>>,
    /// The documents that have not been read yet.
    pub missing: Vec<DocumentVersion>,
}

/// The reason why a document was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The content is not in the stated format.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The content could not be opened.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The parser did not finish.
    #[error("the reader of documents failed")]
    Failed,
}

impl Library {
    /// Creates an empty library.
    pub fn new(store: Store, sealing: Sealing) -> Arc<Self> {
        Arc::new(Self {
            store,
            sealing,
            shelves: Mutex::default(),
            reading: Semaphore::new(READING_MAX),
            large: Semaphore::new(LARGE_MAX),
        })
    }

    /// Parses a document's content, whose format is recognized if no kind is given.
    pub(crate) async fn read(
        &self,
        kind: Option<DocumentKind>,
        content: Zeroizing<Vec<u8>>,
    ) -> Result<(DocumentFormat, Document), ReadError> {
        let _turn = self
            .reading
            .acquire()
            .await
            .map_err(|_| ReadError::Failed)?;
        let read = tokio::task::spawn_blocking(move || {
            let content = DocumentContent::of(kind, &content);
            let format = match kind {
                Some(DocumentKind::Openapi) => Some(Format::OpenApi),
                Some(DocumentKind::Markdown) => Some(Format::Markdown),
                Some(DocumentKind::Html) => Some(Format::Html),
                Some(DocumentKind::Url) | None => None,
            };
            let include = content.include.as_ref();
            let (format, document) = read_part(format, content.bytes, content.media_type, include)?;
            let format = match format {
                Format::OpenApi => DocumentFormat::Openapi,
                Format::Markdown => DocumentFormat::Markdown,
                Format::Html => DocumentFormat::Html,
            };
            Ok::<_, Unreadable>((format, document))
        });
        Ok(read.await.map_err(|_| ReadError::Failed)??)
    }

    /// Waits for the turn of a document that may be larger than others.
    pub(crate) async fn large_turn(&self) -> Result<SemaphorePermit<'_>, ReadError> {
        self.large.acquire().await.map_err(|_| ReadError::Failed)
    }

    /// Returns the selected part of a document, as the content to keep.
    pub(crate) async fn select(
        &self,
        bytes: Vec<u8>,
        include: Include,
    ) -> Result<Vec<u8>, ReadError> {
        let _turn = self
            .reading
            .acquire()
            .await
            .map_err(|_| ReadError::Failed)?;
        let part = tokio::task::spawn_blocking(move || selected(&bytes, &include));
        Ok(part.await.map_err(|_| ReadError::Failed)??)
    }

    /// Keeps a version of a document, before it becomes the current version.
    pub(crate) fn keep(
        &self,
        workspace: WorkspaceId,
        id: DocumentId,
        version: i64,
        document: Document,
    ) {
        let kept = Kept {
            workspace,
            version,
            document: Arc::new(document),
        };
        match self.shelves().documents.entry(id) {
            Entry::Occupied(known) if known.get().version > version => {}
            Entry::Occupied(mut known) => *known.get_mut() = kept,
            Entry::Vacant(place) => {
                place.insert(kept);
            }
        }
    }

    /// Returns the catalogs of a workspace's services, as far as their documents have been read.
    /// Forgets documents that are not present.
    pub async fn catalogs(&self, workspace: WorkspaceId, present: &[DocumentVersion]) -> Catalogs {
        let mut catalogs = Catalogs::default();
        let mut wanted: HashMap<ServiceId, Vec<(DocumentId, i64, Arc<Document>)>> = HashMap::new();
        {
            let mut shelves = self.shelves();
            for version in present {
                match shelves.documents.get(&version.id) {
                    Some(kept) if kept.version == version.version => {
                        wanted.entry(version.service).or_default().push((
                            version.id,
                            version.version,
                            Arc::clone(&kept.document),
                        ));
                    }
                    _ => catalogs.missing.push(*version),
                }
            }
            // A document is kept before it is added, so only documents older than the newest present
            // one have been removed.
            shelves.forget(workspace, present);
            for (service, documents) in &wanted {
                let of: Vec<_> = documents.iter().map(|(id, at, _)| (*id, *at)).collect();
                if let Some(shelf) = shelves.catalogs.get(service)
                    && shelf.of == of
                {
                    catalogs
                        .by_service
                        .insert(*service, Arc::clone(&shelf.catalog));
                }
            }
        }
        wanted.retain(|service, _| !catalogs.by_service.contains_key(service));
        for (service, documents) in wanted {
            let of = documents.iter().map(|(id, at, _)| (*id, *at)).collect();
            let documents = documents.into_iter().map(|(_, _, read)| read).collect();
            let indexed = tokio::task::spawn_blocking(move || Catalog::new(documents)).await;
            let Ok(catalog) = indexed.map(Arc::new) else {
                tracing::error!(service = service.0, "its documents could not be indexed");
                continue;
            };
            let indexed = Shelf {
                workspace,
                of,
                catalog: Arc::clone(&catalog),
            };
            self.shelves().catalogs.insert(service, indexed);
            catalogs.by_service.insert(service, catalog);
        }
        catalogs
    }

    /// Reads the documents that are missing from the catalogs of a workspace. A document that can no
    /// longer be read counts as empty; its stored counts show that it once was readable.
    pub async fn read_missing(
        &self,
        workspace: WorkspaceId,
        missing: &[DocumentVersion],
    ) -> Result<(), ReadError> {
        for version in missing {
            let document = match self.read_stored(workspace, *version).await {
                Ok(Some(document)) => document,
                Ok(None) => continue,
                Err(ReadError::Unreadable(error)) => {
                    tracing::warn!(document = version.id.0, %error, "a document cannot be read");
                    Document::default()
                }
                // A damaged document, or one that the parser fails on, must not block the others.
                Err(ReadError::Sealing(error)) if error.is_damage() => {
                    tracing::error!(document = version.id.0, %error, "a document is damaged");
                    Document::default()
                }
                Err(ReadError::Failed) => {
                    tracing::error!(document = version.id.0, "the reader of a document failed");
                    Document::default()
                }
                Err(error) => return Err(error),
            };
            self.keep(workspace, version.id, version.version, document);
        }
        Ok(())
    }

    async fn read_stored(
        &self,
        workspace: WorkspaceId,
        version: DocumentVersion,
    ) -> Result<Option<Document>, ReadError> {
        let Some(sealed) = self.store.document_content(version.id).await? else {
            return Ok(None);
        };
        let purpose = Purpose::document(version.id);
        let content = self
            .sealing
            .open(workspace, sealed.data_key, &sealed.bytes, &purpose)
            .await?;
        let (_, document) = self.read(Some(version.kind), content).await?;
        Ok(Some(document))
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        // Every change under this lock is a single insert or removal, so a panic leaves no half of one.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelves {
    fn forget(&mut self, workspace: WorkspaceId, present: &[DocumentVersion]) {
        let newest = present
            .iter()
            .map(|version| version.id.0)
            .max()
            .unwrap_or(0);
        let is_present = |id: DocumentId| present.iter().any(|version| version.id == id);
        self.documents
            .retain(|id, kept| kept.workspace != workspace || id.0 > newest || is_present(*id));
        self.catalogs.retain(|service, shelf| {
            shelf.workspace != workspace || present.iter().any(|at| at.service == *service)
        });
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Library")
            .field("documents", &self.shelves().documents.len())
            .finish_non_exhaustive()
    }
}

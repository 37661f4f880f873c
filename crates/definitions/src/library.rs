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

/// Maximum number of services whose documents are indexed at the same time. One, so that a caller that waits for
/// the same service finds it indexed.
const INDEXING_MAX: usize = 1;

/// Maximum number of documents over the usual size limit that are fetched and parsed at the same time.
const LARGE_MAX: usize = 1;

/// Parses documents, and keeps those that are in use.
pub struct Library {
    store: Store,
    sealing: Sealing,
    shelves: Mutex<Shelves>,
    reading: Semaphore,
    indexing: Semaphore,
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
    of: Vec<DocumentVersion>,
    catalog: Arc<Catalog>,
}

/// The catalogs of a workspace's services, and the documents that are missing from them.
#[derive(Debug, Default)]
pub struct Catalogs {
    /// The catalog of each service that has documents.
    pub by_service: HashMap<ServiceId, Arc<Catalog>>,
    /// All documents of the other services: at least one of them has not been read, or they have not
    /// been indexed together.
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
            indexing: Semaphore::new(INDEXING_MAX),
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

    /// Returns the catalogs of a workspace's services, as far as their documents have been read and
    /// indexed. Forgets documents that are not present. It does neither of both itself, because it is
    /// called where the whole gateway waits for it.
    pub fn catalogs(&self, workspace: WorkspaceId, present: &[DocumentVersion]) -> Catalogs {
        let mut catalogs = Catalogs::default();
        let mut shelves = self.shelves();
        // A document is kept before it is added, so only documents older than the newest present
        // one have been removed.
        shelves.forget(workspace, present);
        for (service, documents) in by_service(present) {
            match shelves.catalog(service, &documents) {
                Some(catalog) => {
                    catalogs.by_service.insert(service, catalog);
                }
                None => catalogs.missing.extend(documents),
            }
        }
        catalogs
    }

    /// Reads and indexes the documents that are missing from the catalogs of a workspace, which can take
    /// seconds. A document that can no longer be read counts as empty; its stored counts show that it
    /// once was readable.
    pub async fn read_missing(
        &self,
        workspace: WorkspaceId,
        missing: &[DocumentVersion],
    ) -> Result<(), ReadError> {
        for version in missing {
            if self.shelves().document(version).is_some() {
                continue;
            }
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
        for (service, documents) in by_service(missing) {
            self.index(workspace, service, &documents).await?;
        }
        Ok(())
    }

    /// Indexes the documents of a service, unless they are indexed already or one of them is gone.
    async fn index(
        &self,
        workspace: WorkspaceId,
        service: ServiceId,
        versions: &[DocumentVersion],
    ) -> Result<(), ReadError> {
        let _turn = self
            .indexing
            .acquire()
            .await
            .map_err(|_| ReadError::Failed)?;
        let documents: Vec<_> = {
            let shelves = self.shelves();
            if shelves.catalog(service, versions).is_some() {
                return Ok(());
            }
            let documents = versions.iter().map(|version| shelves.document(version));
            let Some(documents) = documents.collect() else {
                return Ok(());
            };
            documents
        };
        let built = tokio::task::spawn_blocking(move || Catalog::new(documents)).await;
        let catalog = built.unwrap_or_else(|_| {
            tracing::error!(service = service.0, "its documents could not be indexed");
            Catalog::new(Vec::new())
        });
        let indexed = Shelf {
            workspace,
            of: versions.to_vec(),
            catalog: Arc::new(catalog),
        };
        self.shelves().catalogs.insert(service, indexed);
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

/// Groups documents by service, in the order of their ids.
fn by_service(versions: &[DocumentVersion]) -> HashMap<ServiceId, Vec<DocumentVersion>> {
    let mut groups: HashMap<ServiceId, Vec<DocumentVersion>> = HashMap::new();
    for version in versions {
        groups.entry(version.service).or_default().push(*version);
    }
    for group in groups.values_mut() {
        group.sort_unstable_by_key(|version| version.id.0);
    }
    groups
}

impl Shelves {
    /// Returns a version of a document, if it has been read.
    fn document(&self, version: &DocumentVersion) -> Option<Arc<Document>> {
        let kept = self.documents.get(&version.id)?;
        (kept.version == version.version).then(|| Arc::clone(&kept.document))
    }

    /// Returns the catalog of exactly these documents of a service.
    fn catalog(&self, service: ServiceId, of: &[DocumentVersion]) -> Option<Arc<Catalog>> {
        let kept = self.catalogs.get(&service)?;
        (kept.of == of).then(|| Arc::clone(&kept.catalog))
    }

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

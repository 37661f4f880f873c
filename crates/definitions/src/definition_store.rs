//! Parts that the changes of all definitions share. The module of each noun makes the changes.

use std::sync::Arc;

use gaiterguard_credential::Credentials;
use gaiterguard_domain::action::HumanDecision;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::field::FieldError;
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_sealing::{Sealing, SealingError};
use gaiterguard_store::{Store, StoreError, Stored};
use gaiterguard_upstream::{AddressPolicy, Upstream};
use gaiterguard_vault::NoRandomness;
use tokio::sync::Mutex;

use crate::library::Library;

/// How often a change is attempted before it fails because other changes are faster. Changes of one process wait
/// for one another, so each failed attempt means that another replica changed the same definition within
/// milliseconds.
const CHANGE_ATTEMPTS_MAX: usize = 5;

/// Access to the stored definitions of all workspaces. Clones share everything.
#[derive(Clone)]
pub struct DefinitionStore {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    sealing: Sealing,
    policy: AddressPolicy,
    upstream: Arc<Upstream>,
    credentials: Credentials,
    library: Arc<Library>,
    clock: Arc<dyn Clock>,
    changing: Mutex<()>,
}

/// The human who makes a change, and the workspace to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Editor {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The user.
    pub user: UserId,
}

/// The reason why a definition was not created, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// Invalid fields.
    #[error("{}", first_message(.0))]
    Invalid(Vec<FieldError>),
    /// The service's credential cannot be used.
    #[error("{}", first_message(.0))]
    CredentialNotUsable(Vec<FieldError>),
    /// A condition that does not compile.
    #[error("{}", first_message(.0))]
    NotUnderstood(Vec<FieldError>),
    /// Another definition in the workspace has this name.
    #[error("the name is already used in this workspace; choose another")]
    NameTaken,
    /// The workspace has no such definition.
    #[error("this workspace has no such {0}")]
    NotFound(&'static str),
    /// The editor's role does not allow the change, and why.
    #[error("{0}")]
    NotPermitted(String),
    /// The stored definition is damaged. It can be deleted but not changed.
    #[error(
        "the stored {0} is damaged and cannot be read: delete it and create it again, or repair \
         the database"
    )]
    Unreadable(&'static str),
    /// Another change was made at the same time.
    #[error("another change of the same definition is in progress; try again")]
    Changing,
    /// A value could not be sealed or opened.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for DefinitionError {
    fn from(error: StoreError) -> Self {
        if let StoreError::Inconsistent { table, .. } = &error
            && let Some(noun) = noun(table)
        {
            tracing::error!(%error, "a definition is damaged");
            return Self::Unreadable(noun);
        }
        Self::Store(error)
    }
}

/// Returns the kind of definition that the rows of a table hold.
fn noun(table: &str) -> Option<&'static str> {
    Some(match table {
        "services" | "credentials" => "service",
        "agents" => "agent",
        "rules" => "rule",
        "documents" => "document",
        "channels" => "channel",
        _ => return None,
    })
}

/// Logs the damaged definitions of a list and returns the list.
pub(crate) fn listed<T>(found: Vec<Stored<T>>) -> Vec<Stored<T>> {
    for definition in &found {
        if let Stored::Damaged(damaged) = definition {
            tracing::error!(error = %damaged.error(), "a definition is damaged");
        }
    }
    found
}

impl From<NoRandomness> for DefinitionError {
    fn from(error: NoRandomness) -> Self {
        Self::Sealing(error.into())
    }
}

impl From<Vec<FieldError>> for DefinitionError {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Invalid(errors)
    }
}

fn first_message(errors: &[FieldError]) -> String {
    errors.first().map_or_else(
        || "a field is invalid".to_owned(),
        |error| match (error.line, error.column) {
            (Some(line), Some(column)) => format!(
                "{}, line {line}, column {column}: {}",
                error.field, error.message
            ),
            _ => format!("{} {}", error.field, error.message),
        },
    )
}

impl DefinitionStore {
    /// Creates the access to definitions. `policy` decides about the addresses of upstreams,
    /// `upstream` fetches documents, if asked with one of `credentials`, and `library` reads them.
    pub fn new(
        store: Store,
        sealing: Sealing,
        policy: AddressPolicy,
        upstream: Arc<Upstream>,
        credentials: Credentials,
        library: Arc<Library>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                sealing,
                policy,
                upstream,
                credentials,
                library,
                clock,
                changing: Mutex::default(),
            }),
        }
    }

    /// Returns the database.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Returns what seals and opens stored text.
    pub fn sealing(&self) -> &Sealing {
        &self.inner.sealing
    }

    pub(crate) fn policy(&self) -> &AddressPolicy {
        &self.inner.policy
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.inner.upstream
    }

    pub fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }

    pub(crate) fn library(&self) -> &Library {
        &self.inner.library
    }

    /// Returns the time at which a change is made.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Makes a change that reads a definition and writes part of it back. If another replica changed
    /// the definition in between, `make` returns [`DefinitionError::Changing`] and is called again.
    /// Changes of the same process wait for one another.
    pub(crate) async fn change<T, F>(&self, make: impl Fn() -> F) -> Result<T, DefinitionError>
    where
        F: Future<Output = Result<T, DefinitionError>>,
    {
        let _turn = self.inner.changing.lock().await;
        for _ in 1..CHANGE_ATTEMPTS_MAX {
            match make().await {
                Err(DefinitionError::Changing) => {}
                done => return done,
            }
        }
        make().await
    }
}

impl Editor {
    /// Returns the audit entry of a change. `detail` never contains a secret.
    pub(crate) fn entry(
        self,
        at: Timestamp,
        event: Event,
        subject: Subject,
        detail: serde_json::Value,
    ) -> NewAuditEntry {
        NewAuditEntry {
            workspace: Some(self.workspace),
            at,
            actor: Actor::User(self.user),
            event,
            subject,
            detail,
        }
    }

    /// Returns the editor's decision at `at`, without a note.
    pub(crate) fn decision(self, at: Timestamp) -> HumanDecision {
        HumanDecision {
            by: self.user,
            at,
            note: None,
        }
    }
}

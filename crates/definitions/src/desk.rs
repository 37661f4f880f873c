//! Where operators change what decisions rest on. One file per noun does the changing; this one
//! holds what they share.

use std::sync::Arc;

use gaiterguard_domain::action::HumanDecision;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::field::FieldError;
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_sealing::{Sealing, SealingError};
use gaiterguard_store::{Store, StoreError, Stored};
use gaiterguard_upstream::{AddressPolicy, Upstream};
use gaiterguard_vault::NoRandomness;
use tokio::sync::Mutex;

use crate::library::Library;

/// How often a change is made before its maker is told that somebody else is changing the same.
const CHANGE_ATTEMPTS_MAX: usize = 5;

/// What every change of definitions needs. Clones share everything.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    sealing: Sealing,
    policy: AddressPolicy,
    upstream: Arc<Upstream>,
    library: Arc<Library>,
    clock: Arc<dyn Clock>,
    changing: Mutex<()>,
}

/// The human who makes a change, and the workspace it is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Editor {
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub user: UserId,
}

/// Why a definition was not made, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// Fields that cannot be taken as they are.
    #[error("{}", first_message(.0))]
    Invalid(Vec<FieldError>),
    /// Fields in a language that is not understood.
    #[error("{}", first_message(.0))]
    NotUnderstood(Vec<FieldError>),
    /// Another one in the workspace has this name.
    #[error("the name is already used in this workspace; choose another")]
    NameTaken,
    /// The workspace has no such thing.
    #[error("this workspace has no such {0}")]
    NotFound(&'static str),
    /// What is stored of it is damaged, so that it can be removed and not changed.
    #[error(
        "the stored {0} is damaged and cannot be read: delete it and create it again, or repair \
         the database"
    )]
    Unreadable(&'static str),
    /// Somebody else changed it at the same time.
    #[error("another change of the same definition is in progress; try again")]
    Changing,
    /// It could not be sealed or opened.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// It could not be stored or read.
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

/// What a row of a table defines.
fn noun(table: &str) -> Option<&'static str> {
    Some(match table {
        "services" | "credentials" => "service",
        "agents" => "agent",
        "rules" => "rule",
        "documents" => "document",
        _ => return None,
    })
}

/// A list of definitions, of which those that are damaged are logged and shown as that.
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

impl Desk {
    /// A desk over a store. `policy` is what upstreams' addresses are judged by; `upstream` is the
    /// way to documentation, and `library` knows what it says.
    pub fn new(
        store: Store,
        sealing: Sealing,
        policy: AddressPolicy,
        upstream: Arc<Upstream>,
        library: Arc<Library>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                sealing,
                policy,
                upstream,
                library,
                clock,
                changing: Mutex::default(),
            }),
        }
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    pub fn sealing(&self) -> &Sealing {
        &self.inner.sealing
    }

    pub(crate) fn policy(&self) -> &AddressPolicy {
        &self.inner.policy
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.inner.upstream
    }

    pub(crate) fn library(&self) -> &Library {
        &self.inner.library
    }

    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Makes a change that reads a definition and writes part of it back, which answers
    /// [`DefinitionError::Changing`] if the definition is not as it was read any more; it is then
    /// made anew. The changes of one process wait for one another, so that this is for those of
    /// other replicas.
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
    /// The entry of a change. `subject` is such as `service:3`; `detail` never holds a value that
    /// is secret.
    pub(crate) fn entry(
        self,
        at: Timestamp,
        event: &'static str,
        subject: String,
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

    /// The editor's word at `at`, without a note.
    pub(crate) fn word(self, at: Timestamp) -> HumanDecision {
        HumanDecision {
            by: self.user,
            at,
            note: None,
        }
    }
}

//! Everything in a workspace that needs a human, other than pending actions.

use gaiterguard_domain::id::{DocumentId, ServiceId};
use gaiterguard_domain::time::Timestamp;

/// Everything in a workspace that needs a human.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbox {
    /// How many actions are pending.
    pub pending: i64,
    /// How many executions have an unknown outcome.
    pub outcome_unknown: i64,
    /// How many approvals have not been used and expire within a fifth of their lifetime.
    pub expiring_approvals: i64,
    /// When the first of those expires.
    pub next_expiry: Option<Timestamp>,
    /// The services whose credential was refused, the latest refusal first.
    pub refused_credentials: Vec<RefusedCredential>,
    /// The documents in which nothing could be read, the oldest first.
    pub empty_documents: Vec<EmptyDocument>,
}

/// A service whose upstream refused the credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCredential {
    /// The service.
    pub service: ServiceId,
    /// Its name.
    pub name: String,
    /// How many responses had the status 401 or 403.
    pub count: i64,
    /// When the last of them arrived.
    pub last_at: Timestamp,
}

/// A document in which nothing could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmptyDocument {
    /// The document.
    pub id: DocumentId,
    /// The service that it describes.
    pub service: ServiceId,
    /// The name of that service.
    pub service_name: String,
    /// Its title.
    pub title: Option<String>,
}

//! Rows of `sightings`.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;

/// A keyed hash of a value.
pub type ValueHash = [u8; 16];

/// How a value became known. The numbers are those of the column `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SightingRowKind {
    /// The agent sent it before any response contained it.
    Sent = 0,
    /// A response contained it.
    Shown = 1,
    /// A response contained it as the id of an object, which counts even if the agent had sent it
    /// before.
    ShownAsId = 2,
    /// A request that a human approved contained it.
    Approved = 3,
    /// The agent created the object that it names.
    Created = 4,
}

impl SightingRowKind {
    const ALL: [Self; 5] = [
        Self::Sent,
        Self::Shown,
        Self::ShownAsId,
        Self::Approved,
        Self::Created,
    ];

    /// Returns the number of the column.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// Returns the kind with this number.
    pub fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// A value that was sent or shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SightingRow {
    /// The agent that sent the value or was shown it.
    pub agent: AgentId,
    /// The service that it was sent to or shown by.
    pub service: ServiceId,
    /// The hash of the value.
    pub hash: ValueHash,
    /// How the value became known.
    pub kind: SightingRowKind,
    /// When it became known.
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
pub struct FoundRow {
    pub hash: Vec<u8>,
    pub kind: i64,
    pub seen_at: i64,
}

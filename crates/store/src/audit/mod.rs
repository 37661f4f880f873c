//! The audit log: its queries and its verification.

mod assertion_check;
mod broken;
mod checkpoint;
mod current_rows;
mod log;
mod part_check;
mod proof;
mod row_check;
mod verify;

pub use self::broken::AuditBroken;
pub use self::checkpoint::{StoredAuditKey, Unsigned};
pub use self::log::{ActorFilter, AuditFilter, Resume};
pub use self::proof::{ChainPath, CoveringEntry, NoProof, RequestEvidence};

//! The audit log: its queries and its verification.

mod assertion_check;
mod broken;
mod current_rows;
mod log;
mod part_check;
mod row_check;
mod verify;

pub use self::broken::AuditBroken;
pub use self::log::{ActorFilter, AuditFilter, Resume};

//! The audit log: its queries and its verification.

mod broken;
mod current_rows;
mod log;
mod row_check;
mod verify;

pub use self::broken::AuditBroken;
pub use self::log::{ActorFilter, AuditFilter, Resume};

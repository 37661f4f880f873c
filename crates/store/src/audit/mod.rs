//! The audit log: its queries and its verification.

mod current_rows;
mod log;
mod row_check;
mod verify;

pub use self::log::{ActorFilter, AuditFilter, Resume};
pub use gaiterguard_rows::audit_broken::AuditBroken;

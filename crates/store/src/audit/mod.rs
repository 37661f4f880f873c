//! The audit log.

mod broken;
mod current_rows;
mod log;
mod row_check;
mod verify;

pub use self::broken::AuditBroken;
pub use self::log::Resume;

//! Promises to the people who decide.

mod approvals;
mod context;
mod decisions;
mod history;
mod provenance;
mod summary;
mod undo;

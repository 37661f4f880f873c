//! Promises to the people who decide.

mod approvals;
mod history;
mod provenance;
mod summary;

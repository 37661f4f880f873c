//! What people who decide rely on.

mod history;
mod provenance;

//! The commands, one file each. Each has a function `run` that returns the exit code.

pub(crate) mod audit_verify;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod serve;
pub(crate) mod user_create;
pub(crate) mod user_reset_password;
pub(crate) mod vault_rotate;

mod error;
mod offline_database;

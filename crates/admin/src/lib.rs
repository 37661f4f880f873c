//! The commands that work on the database without the engine: users, migrations, the rotation of keys,
//! the certificate of the proxy port, and the audit log with its checkpoints and proofs. They may run next to a
//! gateway.
//!
//! One file per command. Each has a function `run` that returns the exit code.

pub mod audit_check_proof;
pub mod audit_checkpoint;
pub mod audit_key;
pub mod audit_prove;
pub mod audit_verify;
pub mod ca_print;
pub mod ca_rotate;
pub mod migrate;
pub mod user_create;
pub mod user_reset_factors;
pub mod user_reset_password;
pub mod vault_rotate;

mod document_file;
mod error;
mod json;
mod offline_database;

//! The commands that work on the database without the engine: users, migrations, the rotation of keys,
//! the certificate of the proxy port, and the check of the audit log. They may run next to a gateway.
//!
//! One file per command. Each has a function `run` that returns the exit code.

pub mod audit_verify;
pub mod ca_print;
pub mod ca_rotate;
pub mod migrate;
pub mod user_create;
pub mod user_reset_factors;
pub mod user_reset_password;
pub mod vault_rotate;

mod error;
mod offline_database;

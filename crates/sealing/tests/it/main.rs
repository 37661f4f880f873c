//! Sealing on a real store, with SQLite and PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod damage;
mod opening;
mod rotation;
mod start;
mod support;

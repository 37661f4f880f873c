//! Write connections, the transactions on them, and what follows a commit.
//!
//! Every change is made in a [`transaction::Transaction`], which chains its audit entries and commits them
//! with the change. Each write connection has an audit hash chain of its own.
//!
//! This crate must never hold a query of a noun.

pub mod checkpoint;
pub mod commit;
pub mod connection;
pub mod feed;
pub mod pool;
pub mod sync;
pub mod transaction;

mod audit_insert;

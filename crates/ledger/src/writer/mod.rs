//! Write connections, the transactions on them, and what follows a commit.

pub mod checkpoint;
pub mod commit;
pub mod connection;
pub mod feed;
pub mod pool;
pub mod rule_hits;
pub mod sync;
pub mod transaction;

mod audit_insert;

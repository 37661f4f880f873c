//! Write connections, the transactions on them, and what follows a commit.

pub(crate) mod checkpoint;
pub(crate) mod commit;
pub(crate) mod connection;
pub(crate) mod feed;
pub(crate) mod pool;
pub(crate) mod sync;
pub(crate) mod transaction;

mod audit_insert;

//! Access to a database of either kind: connections, statements, cursors, and errors.

pub(crate) mod connection;
pub(crate) mod cursor;
pub(crate) mod error;
pub(crate) mod many_rows;
pub(crate) mod sqlite_file;

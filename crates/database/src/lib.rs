//! Access to a database of either kind: connections, statements, columns, cursors, and errors.
//!
//! Almost every statement is one text that SQLite and PostgreSQL both understand; where they differ, the two texts
//! are next to each other ([`connection::Dialect`]). A query is a function of the crate `store`, which uses the macros
//! here to run it on whichever database there is.
//!
//! This crate must never hold a table, a query of a noun, or a row.

pub mod column;
pub mod connection;
pub mod cursor;
pub mod error;
pub mod many_rows;
pub mod sqlite_file;

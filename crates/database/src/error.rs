//! Errors of the store.

use std::borrow::Cow;

use thiserror::Error;

/// Why the store could not do what was requested.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached, is busy, or did not respond in time. The request was not
    /// carried out, or the caller must check before it relies on either outcome.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database rolled the transaction back because of another one, for example in a deadlock.
    /// Nothing was written, and the transaction can be retried immediately.
    #[error("the transaction conflicted with another one: {0}")]
    Conflict(String),
    /// A column contains a value that the gateway never writes.
    #[error("row {id} of table {table} has an invalid value in column {column}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: Cow<'static, str>,
        /// The row's key.
        id: String,
    },
    /// A column contains a value that does not match the column's type.
    #[error("a row has an invalid value in column {column}")]
    Undecodable {
        /// The column.
        column: String,
    },
    /// Another gateway serves from this SQLite database.
    #[error("another gateway is already serving from {0}; only PostgreSQL can be shared")]
    AlreadyServed(String),
    /// The database URL is not supported.
    #[error("{0}")]
    InvalidUrl(String),
    /// A migration does not match the database.
    #[error("the database cannot be migrated: {0}")]
    Migration(String),
    /// A cursor that this store did not issue.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The caller gave up while it prepared the row; nothing was written.
    #[error("the caller gave up before the row was complete")]
    Abandoned,
    /// The database refused a statement.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] sqlx::Error),
}

/// A cursor that this store did not issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cursor was not issued by this gateway")]
pub struct InvalidCursor;

/// Returned by a caller's closure if it cannot prepare what the row needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abandoned;

impl From<Abandoned> for StoreError {
    fn from(Abandoned: Abandoned) -> Self {
        Self::Abandoned
    }
}

impl StoreError {
    /// Whether trying again later may help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Conflict(_))
    }

    /// Whether stored data is damaged, so that trying again does not help.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Inconsistent { .. } | Self::Undecodable { .. })
    }

    pub fn inconsistent(
        table: &'static str,
        column: impl Into<Cow<'static, str>>,
        id: impl std::fmt::Display,
    ) -> Self {
        Self::Inconsistent {
            table,
            column: column.into(),
            id: id.to_string(),
        }
    }

    /// The error for something that took too long.
    pub fn timed_out(what: &str) -> Self {
        Self::Unavailable(format!("{what} timed out"))
    }

    /// The error for a commit that turned out not to have happened.
    pub fn not_committed() -> Self {
        Self::Unavailable("the change was not committed".to_owned())
    }

    /// The error for a connection that cannot be opened. Whatever the reason is, the database is
    /// unavailable.
    pub fn unreachable(error: &sqlx::Error) -> Self {
        Self::Unavailable(error.to_string())
    }

    /// Returns the error for another caller of the same batch.
    #[must_use]
    pub fn to_unavailable(&self) -> Self {
        Self::Unavailable(self.to_string())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::ColumnDecode { index, .. } = &error {
            // sqlx puts quotation marks around a column that is read by name.
            let column = index.trim_matches('"').to_owned();
            Self::Undecodable { column }
        } else if is_conflict(&error) {
            Self::Conflict(error.to_string())
        } else if is_unavailable(&error) {
            Self::Unavailable(error.to_string())
        } else {
            Self::Refused(error)
        }
    }
}

pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Whether PostgreSQL rolled the transaction back because of another one (SQLSTATE class 40).
fn is_conflict(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code.len() == 5 && code.starts_with("40"))
}

fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_transient(&code)),
        _ => false,
    }
}

/// Whether a database's error code describes trouble that may pass. SQLite's are extended result
/// codes in decimal, whose lowest byte is the primary code; PostgreSQL's are the five characters of
/// SQLSTATE, of which the first two are the class.
fn is_transient(code: &str) -> bool {
    /// BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN.
    const SQLITE_CODES: [u32; 8] = [5, 6, 7, 8, 9, 10, 13, 14];
    /// Connection exception, insufficient resources, operator intervention, system error.
    const POSTGRES_CLASSES: [&str; 4] = ["08", "53", "57", "58"];
    /// Lock not available, read-only transaction (a standby after a failover), and a database that
    /// does not exist (yet).
    const POSTGRES_CODES: [&str; 3] = ["55P03", "25006", "3D000"];
    if code.len() == 5 {
        return POSTGRES_CLASSES.iter().any(|class| code.starts_with(class))
            || POSTGRES_CODES.contains(&code);
    }
    code.parse::<u32>()
        .is_ok_and(|code| SQLITE_CODES.contains(&(code & 0xff)))
}

//! What can go wrong between the gateway and its memory.

use std::borrow::Cow;

use thiserror::Error;

/// Why the store could not do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached, is busy or did not answer in time. What was asked was not
    /// done, or its caller must look again before relying on either.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Another transaction went first (a deadlock that the database broke up). Nothing was done,
    /// and the same may be tried again at once.
    #[error("another transaction went first: {0}")]
    Overtaken(String),
    /// A row that no code of ours writes.
    #[error("the row {id} of table {table} holds what it never should in column {column}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: Cow<'static, str>,
        /// The row's key.
        id: String,
    },
    /// A row of which a column does not even hold what its type says.
    #[error("a row holds what it never should in column {column}")]
    Undecodable {
        /// The column.
        column: String,
    },
    /// Another gateway serves from this SQLite database.
    #[error("another gateway is already serving from {0}; only PostgreSQL can be shared")]
    AlreadyServed(String),
    /// The address of the database is none that is understood.
    #[error("{0}")]
    Address(String),
    /// A migration does not fit the database.
    #[error("the database cannot be migrated: {0}")]
    Migration(String),
    /// A cursor that this store did not make.
    #[error(transparent)]
    Cursor(#[from] CursorRefused),
    /// The caller gave up while the row was being made; nothing was written.
    #[error("the caller gave up before the row was complete")]
    Abandoned,
    /// The database refused a statement.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] sqlx::Error),
}

/// A cursor that this store did not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cursor is not one that this gateway gave out")]
pub struct CursorRefused;

/// The caller's way out of making a row, where it cannot make what the row needs.
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
        matches!(self, Self::Unavailable(_) | Self::Overtaken(_))
    }

    /// Whether what is stored is damaged: trying again does not help.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Inconsistent { .. } | Self::Undecodable { .. })
    }

    pub(crate) fn inconsistent(
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

    pub(crate) fn late(what: &str) -> Self {
        Self::Unavailable(format!("{what} did not come in time"))
    }

    /// Whatever keeps a connection from being opened, the database is not there to be asked.
    pub(crate) fn unreachable(error: &sqlx::Error) -> Self {
        Self::Unavailable(error.to_string())
    }

    /// For waiters of one batch, each of whom is to be told the same.
    pub(crate) fn told_again(&self) -> Self {
        Self::Unavailable(self.to_string())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::ColumnDecode { index, .. } = &error {
            // A column that is asked for by its name is shown in quotation marks.
            let column = index.trim_matches('"').to_owned();
            Self::Undecodable { column }
        } else if is_overtaken(&error) {
            Self::Overtaken(error.to_string())
        } else if is_unavailable(&error) {
            Self::Unavailable(error.to_string())
        } else {
            Self::Refused(error)
        }
    }
}

pub(crate) fn is_unique_violation(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Whether PostgreSQL rolled the transaction back for the sake of another (SQLSTATE class 40).
fn is_overtaken(error: &sqlx::Error) -> bool {
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
        sqlx::Error::Database(error) => error.code().is_some_and(|code| passes(&code)),
        _ => false,
    }
}

/// Whether a database's own code tells of trouble that may pass. SQLite's are extended result
/// codes in decimal, whose lowest byte is the kind; PostgreSQL's are the five characters of
/// SQLSTATE, whose first two are the class.
fn passes(code: &str) -> bool {
    const SQLITE_KINDS: [u32; 8] = [5, 6, 7, 8, 9, 10, 13, 14];
    const POSTGRES_CLASSES: [&str; 4] = ["08", "53", "57", "58"];
    if code.len() == 5 {
        return POSTGRES_CLASSES.iter().any(|class| code.starts_with(class))
            || matches!(code, "55P03" | "25006" | "3D000");
    }
    code.parse::<u32>()
        .is_ok_and(|code| SQLITE_KINDS.contains(&(code & 0xff)))
}

//! One text for two databases: connections of either kind, and the macros that run a statement on
//! whichever it is.

use std::time::Duration;

use gaiterguard_domain::time::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Postgres, Sqlite};

use crate::error::StoreError;
use crate::rows::ManyRows;

/// How long a connection may take to open.
pub(crate) const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// A connection of either kind, borrowed for a statement.
pub(crate) enum On<'c> {
    /// To SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// To PostgreSQL.
    Postgres(&'c mut PgConnection),
}

impl On<'_> {
    /// The same connection for one statement of several.
    pub(crate) fn on(&mut self) -> On<'_> {
        match self {
            Self::Sqlite(connection) => On::Sqlite(connection),
            Self::Postgres(connection) => On::Postgres(connection),
        }
    }
}

/// Runs `$body` with a connection of whichever kind `$target` has.
macro_rules! on {
    ($target:expr, $connection:ident => $body:expr) => {
        match $target.on() {
            $crate::connection::On::Sqlite($connection) => $body,
            $crate::connection::On::Postgres($connection) => $body,
        }
    };
}

/// Runs a statement and answers how many rows it touched.
macro_rules! execute {
    ($target:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::connection::on!($target, connection =>
            sqlx::query($sql)$(.bind($value))*.execute(connection).await?.rows_affected())
    };
}

/// Runs a query and answers all its rows.
macro_rules! fetch_all {
    ($target:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::connection::on!($target, connection =>
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_all(connection).await?)
    };
}

/// Runs a query and answers its first row, if it has one.
macro_rules! fetch_optional {
    ($target:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::connection::on!($target, connection =>
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_optional(connection).await?)
    };
}

/// Runs a query that always has a row and answers it.
macro_rules! fetch_one {
    ($target:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::connection::on!($target, connection =>
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_one(connection).await?)
    };
}

pub(crate) use {execute, fetch_all, fetch_one, fetch_optional, on};

/// Where connections lead.
#[derive(Clone)]
pub(crate) enum Target {
    /// To this SQLite file.
    Sqlite(Box<SqliteConnectOptions>),
    /// To this PostgreSQL server.
    Postgres(Box<PgConnectOptions>),
}

/// A connection of its owner's own.
pub(crate) enum Connection {
    /// To SQLite.
    Sqlite(Box<SqliteConnection>),
    /// To PostgreSQL.
    Postgres(Box<PgConnection>),
}

impl Connection {
    pub(crate) async fn open(target: &Target) -> Result<Self, StoreError> {
        let opening = async {
            Ok::<_, sqlx::Error>(match target {
                Target::Sqlite(options) => Self::Sqlite(Box::new(options.connect().await?)),
                Target::Postgres(options) => Self::Postgres(Box::new(options.connect().await?)),
            })
        };
        match tokio::time::timeout(CONNECT_WAIT, opening).await {
            Ok(opened) => opened.map_err(|error| StoreError::unreachable(&error)),
            Err(_) => Err(StoreError::late("a connection")),
        }
    }

    pub(crate) fn on(&mut self) -> On<'_> {
        match self {
            Self::Sqlite(connection) => On::Sqlite(connection),
            Self::Postgres(connection) => On::Postgres(connection),
        }
    }

    /// The one of two texts that this connection's database understands.
    pub(crate) fn text(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// A statement of `size` rows as this connection's database reads it.
    pub(crate) fn many(&self, statement: &'static ManyRows, size: usize) -> &'static str {
        match self {
            Self::Sqlite(_) => statement.unnumbered(size),
            Self::Postgres(_) => statement.numbered(size),
        }
    }

    /// Begins a transaction that may write. SQLite takes its write lock at once: a transaction
    /// that reads first and then cannot get it would have to be done again.
    pub(crate) async fn begin(&mut self) -> Result<(), StoreError> {
        let text = self.text("BEGIN IMMEDIATE", "BEGIN");
        execute!(self, text);
        Ok(())
    }

    pub(crate) async fn commit(&mut self) -> Result<(), StoreError> {
        execute!(self, "COMMIT");
        Ok(())
    }

    pub(crate) async fn rollback(&mut self) -> Result<(), StoreError> {
        execute!(self, "ROLLBACK");
        Ok(())
    }
}

/// The time by which leases are measured. Replicas on PostgreSQL all read the server's clock, since
/// their own may differ by more than a lease lasts. SQLite has one process, whose time is `own`.
pub(crate) async fn lease_time(on: On<'_>, own: Timestamp) -> Result<Timestamp, StoreError> {
    match on {
        On::Sqlite(_) => Ok(own),
        On::Postgres(connection) => {
            let text = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";
            let query = sqlx::query_as::<_, (i64,)>(text);
            let (now,) = query.fetch_one(connection).await?;
            Ok(Timestamp(now))
        }
    }
}

/// A connection lent by a pool of readers.
pub(crate) enum Read {
    /// To SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// To PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

impl Read {
    pub(crate) fn on(&mut self) -> On<'_> {
        match self {
            Self::Sqlite(connection) => On::Sqlite(connection),
            Self::Postgres(connection) => On::Postgres(connection),
        }
    }

    /// The one of two texts that this connection's database understands.
    pub(crate) fn text(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// A statement of `size` rows as this connection's database reads it.
    pub(crate) fn many(&self, statement: &'static ManyRows, size: usize) -> &'static str {
        match self {
            Self::Sqlite(_) => statement.unnumbered(size),
            Self::Postgres(_) => statement.numbered(size),
        }
    }
}

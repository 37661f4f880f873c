//! One SQL text for two databases: connections of either kind, and macros that run a statement on
//! whichever kind it is.

use std::time::Duration;

use gaiterguard_domain::time::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, FromRow as _, Postgres, Sqlite};

use crate::error::StoreError;
use crate::many_rows::{ManyRows, chunks, joined};

/// How long opening a connection may take. A server that is up accepts within milliseconds; the
/// limit makes calls fail within seconds while it is down.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A borrowed connection of either kind, for one statement.
pub enum AnyConnection<'c> {
    /// A connection to SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// A connection to PostgreSQL.
    Postgres(&'c mut PgConnection),
}

impl AnyConnection<'_> {
    /// Reborrows the connection, for one statement of several.
    pub fn any(&mut self) -> AnyConnection<'_> {
        match self {
            Self::Sqlite(connection) => AnyConnection::Sqlite(connection),
            Self::Postgres(connection) => AnyConnection::Postgres(connection),
        }
    }
}

/// Runs `$body` with the connection of `$target`, whichever kind it is.
#[macro_export]
macro_rules! with_connection {
    ($target:expr, $connection:ident => $body:expr) => {
        match $target.any() {
            $crate::connection::AnyConnection::Sqlite($connection) => $body,
            $crate::connection::AnyConnection::Postgres($connection) => $body,
        }
    };
}

/// Runs a statement and returns the number of rows it affected.
#[macro_export]
macro_rules! execute {
    ($target:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::with_connection!($target, connection =>
            sqlx::query($sql)$(.bind($value))*.execute(connection).await?.rows_affected())
    };
}

/// Runs a query and returns all its rows.
#[macro_export]
macro_rules! fetch_all {
    ($target:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::with_connection!($target, connection =>
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_all(connection).await?)
    };
}

/// Runs a query and returns its first row, if any.
#[macro_export]
macro_rules! fetch_optional {
    ($target:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::with_connection!($target, connection =>
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_optional(connection).await?)
    };
}

/// Runs a query that always has a row and returns that row.
#[macro_export]
macro_rules! fetch_one {
    ($target:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::with_connection!($target, connection =>
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_one(connection).await?)
    };
}

pub use crate::{execute, fetch_all, fetch_one, fetch_optional, with_connection};

/// Which database's SQL a connection understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    Postgres,
}

impl Dialect {
    /// Returns the one of two texts that this database understands.
    pub fn sql(self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite => sqlite,
            Self::Postgres => postgres,
        }
    }

    /// Returns a statement of `size` rows, as this database reads it.
    pub fn many_rows(self, statement: &'static ManyRows, size: usize) -> &'static str {
        match self {
            Self::Sqlite => statement.unnumbered(size),
            Self::Postgres => statement.numbered(size),
        }
    }
}

/// The database that connections are opened to.
#[derive(Clone)]
pub enum ConnectTarget {
    /// A SQLite file.
    Sqlite(Box<SqliteConnectOptions>),
    /// A PostgreSQL server.
    Postgres(Box<PgConnectOptions>),
}

/// The event that a commit survives when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// The death of the process. A later commit that survives more makes this one survive it too.
    Process,
    /// The loss of power: the commit is on stable storage.
    Storage,
}

/// A query by ids that runs as a transaction begins, without a round trip or a hand-over of its own.
#[derive(Clone)]
pub struct FirstQuery {
    /// The query around its list of ids. It returns [`FirstRow`]s.
    pub statement: &'static ManyRows,
    /// The ids.
    pub ids: Vec<i64>,
}

/// A row of a [`FirstQuery`]. Rows of several queries arrive together, so the first number must say which query a
/// row belongs to.
pub type FirstRow = (i64, i64, i64, i64, i64);

/// An owned connection, which belongs to no pool.
pub struct Connection {
    kind: Kind,
    /// The least that commits of a connection to SQLite survive.
    durability: Durability,
}

enum Kind {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Connection {
    /// Opens a connection whose commits are on stable storage when they return.
    pub async fn open(target: &ConnectTarget) -> Result<Self, StoreError> {
        let opening = async {
            Ok::<_, sqlx::Error>(match target {
                ConnectTarget::Sqlite(options) => Kind::Sqlite(Box::new(options.connect().await?)),
                ConnectTarget::Postgres(options) => {
                    Kind::Postgres(Box::new(options.connect().await?))
                }
            })
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, opening).await {
            Ok(Ok(kind)) => Ok(Self {
                kind,
                durability: Durability::Storage,
            }),
            Ok(Err(error)) => Err(StoreError::unreachable(&error)),
            Err(_) => Err(StoreError::timed_out("opening a connection")),
        }
    }

    pub fn any(&mut self) -> AnyConnection<'_> {
        match &mut self.kind {
            Kind::Sqlite(connection) => AnyConnection::Sqlite(connection),
            Kind::Postgres(connection) => AnyConnection::Postgres(connection),
        }
    }

    pub fn dialect(&self) -> Dialect {
        match self.kind {
            Kind::Sqlite(_) => Dialect::Sqlite,
            Kind::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Begins a transaction that may write, and whose commit survives at least what `durability` says.
    /// SQLite takes its write lock immediately: a transaction that first reads and then fails to get the
    /// lock would have to start over.
    pub async fn begin(&mut self, durability: Durability) -> Result<(), StoreError> {
        self.begin_with(durability, &[]).await.map(|_| ())
    }

    /// Begins a transaction like [`Self::begin`], together with its first queries. Returns the rows of all of them.
    pub async fn begin_with(
        &mut self,
        durability: Durability,
        first: &[FirstQuery],
    ) -> Result<Vec<FirstRow>, StoreError> {
        match &mut self.kind {
            Kind::Sqlite(connection) => {
                let change = (durability != self.durability).then_some(durability);
                // If this fails, the level is unknown, so the lower one is assumed.
                self.durability = self.durability.min(durability);
                let begin = match change {
                    None => "BEGIN IMMEDIATE",
                    Some(Durability::Process) => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
                    Some(Durability::Storage) => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
                };
                let queries: Vec<_> = first
                    .iter()
                    .flat_map(|first| chunks(&first.ids).map(|ids| (first.statement, ids)))
                    .collect();
                let texts = queries
                    .iter()
                    .map(|(statement, ids)| statement.unnumbered(ids.size));
                let sql = joined(std::iter::once(begin).chain(texts));
                let ids = queries.iter().flat_map(|(_, ids)| ids.padded());
                let query = ids.fold(
                    sqlx::query_as(AssertSqlSafe(sql)),
                    sqlx::query::QueryAs::bind,
                );
                let rows = query.fetch_all(connection.as_mut()).await?;
                self.durability = durability;
                Ok(rows)
            }
            Kind::Postgres(connection) => {
                // The level of the transaction alone. The server's own may ask for more than `on`, such as a
                // standby's flush.
                let level = match durability {
                    Durability::Process => Some("SET LOCAL synchronous_commit = off"),
                    Durability::Storage => None,
                };
                let queries = first.iter().filter(|first| !first.ids.is_empty());
                let queries = queries.map(|first| first.statement.of_numbers(&first.ids));
                let queries: Vec<String> = queries.collect();
                let texts = queries.iter().map(String::as_str);
                let sql = joined(std::iter::once("BEGIN").chain(level).chain(texts));
                let rows = sqlx::raw_sql(AssertSqlSafe(sql))
                    .fetch_all(connection.as_mut())
                    .await?;
                let rows = rows.iter().map(FirstRow::from_row);
                Ok(rows.collect::<Result<_, sqlx::Error>>()?)
            }
        }
    }

    pub async fn commit(&mut self) -> Result<(), StoreError> {
        execute!(self, "COMMIT");
        Ok(())
    }

    pub async fn rollback(&mut self) -> Result<(), StoreError> {
        execute!(self, "ROLLBACK");
        Ok(())
    }
}

/// Returns the time by which leases are measured. Replicas on PostgreSQL all read the server's
/// clock, because their own clocks may differ by more than a lease. SQLite has one process, so its
/// own time `own` is enough.
pub async fn lease_time(
    connection: AnyConnection<'_>,
    own: Timestamp,
) -> Result<Timestamp, StoreError> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(own),
        AnyConnection::Postgres(connection) => {
            let text = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";
            let query = sqlx::query_as::<_, (i64,)>(text);
            let (now,) = query.fetch_one(connection).await?;
            Ok(Timestamp(now))
        }
    }
}

/// A connection from the pool of readers.
pub enum ReadConnection {
    /// A connection to SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// A connection to PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

impl ReadConnection {
    pub fn any(&mut self) -> AnyConnection<'_> {
        match self {
            Self::Sqlite(connection) => AnyConnection::Sqlite(connection),
            Self::Postgres(connection) => AnyConnection::Postgres(connection),
        }
    }

    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

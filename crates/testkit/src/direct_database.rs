//! A direct connection to a gateway's database, for state that no response shows and for damage that the
//! gateway must notice.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use crate::gateway::TestGateway;

/// A connection of the test to a gateway's database.
pub enum DirectDatabase {
    /// To the file of an embedded database.
    Sqlite(SqliteConnection),
    /// To a PostgreSQL server.
    Postgres(PgConnection),
}

impl DirectDatabase {
    /// Connects to the database of a gateway.
    pub async fn open(gateway: &TestGateway) -> Self {
        Self::connect(&gateway.database_url()).await
    }

    /// Connects to the database with this URL.
    pub async fn connect(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            SqliteConnection::connect(url).await.map(Self::Sqlite)
        } else {
            PgConnection::connect(url).await.map(Self::Postgres)
        }
        .unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// Executes a statement. Panics if it changes no row.
    pub async fn change(&mut self, statement: &str) {
        let rows = self.execute(statement).await;
        assert!(rows > 0 || statement.starts_with("CREATE"), "{statement}");
    }

    /// Executes a statement and returns how many rows it changed.
    pub async fn execute(&mut self, statement: &str) -> u64 {
        let text = AssertSqlSafe(statement.to_owned());
        let done = match self {
            Self::Sqlite(connection) => {
                let done = sqlx::raw_sql(text).execute(connection).await;
                done.map(|done| done.rows_affected())
            }
            Self::Postgres(connection) => {
                let done = sqlx::raw_sql(text).execute(connection).await;
                done.map(|done| done.rows_affected())
            }
        };
        done.unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// Executes a statement without checking references between tables. Panics if it changes no row.
    pub async fn change_unchecked(&mut self, statement: &str) {
        self.execute(match self {
            Self::Sqlite(_) => "PRAGMA foreign_keys = OFF",
            Self::Postgres(_) => "SET session_replication_role = replica",
        })
        .await;
        self.change(statement).await;
    }

    /// Returns the single number that a query selects.
    pub async fn number(&mut self, query: &str) -> i64 {
        let text = AssertSqlSafe(query.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(text).fetch_one(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(text).fetch_one(connection).await,
        }
        .unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// Returns how the database would execute a query, with indexes preferred to scans of tables that are small in
    /// tests.
    pub async fn plan(&mut self, query: &str) -> String {
        let lines: Vec<String> = match self {
            Self::Sqlite(connection) => {
                let text = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
                let rows = sqlx::query_as::<_, (i64, i64, i64, String)>(text);
                let rows = rows.fetch_all(connection).await;
                rows.map(|rows| rows.into_iter().map(|(.., detail)| detail).collect())
            }
            Self::Postgres(connection) => {
                let prefer = sqlx::raw_sql("SET enable_seqscan = off; SET enable_bitmapscan = off");
                prefer.execute(&mut *connection).await.expect("a setting");
                let text = AssertSqlSafe(format!("EXPLAIN {query}"));
                sqlx::query_scalar(text).fetch_all(connection).await
            }
        }
        .unwrap_or_else(|error| panic!("{query}: {error}"));
        lines.join("\n")
    }
}

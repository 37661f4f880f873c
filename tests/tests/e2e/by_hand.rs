//! A connection to a gateway's database behind its back, for looking where no answer shows anything
//! and for damage that the gateway must notice.

use gaiterguard_tests::{Storage, TestGateway};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

/// A connection of the test's own.
pub(crate) enum ByHand {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl ByHand {
    pub(crate) async fn open(gateway: &TestGateway) -> Self {
        let url = gateway.database_url();
        match gateway.storage() {
            Storage::Sqlite => Self::Sqlite(SqliteConnection::connect(&url).await.unwrap()),
            Storage::Postgres => Self::Postgres(PgConnection::connect(&url).await.unwrap()),
        }
    }

    /// Does what a statement says; panics if it changes no row.
    pub(crate) async fn change(&mut self, statement: &str) {
        let text = AssertSqlSafe(statement.to_owned());
        let rows = match self {
            Self::Sqlite(connection) => {
                let done = sqlx::raw_sql(text).execute(connection).await;
                done.unwrap().rows_affected()
            }
            Self::Postgres(connection) => {
                let done = sqlx::raw_sql(text).execute(connection).await;
                done.unwrap().rows_affected()
            }
        };
        assert!(rows > 0 || statement.starts_with("CREATE"), "{statement}");
    }

    /// The one number that a query answers.
    pub(crate) async fn number(&mut self, query: &str) -> i64 {
        let text = AssertSqlSafe(query.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(text).fetch_one(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(text).fetch_one(connection).await,
        }
        .unwrap_or_else(|error| panic!("{query}: {error}"))
    }
}

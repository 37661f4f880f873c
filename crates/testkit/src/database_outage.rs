//! Makes a gateway's database unavailable for a while: locked by another process, or refusing every
//! connection.

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::database::Storage;
use crate::gateway::TestGateway;

/// An outage of a gateway's database, in which nothing can be written to it. [`DatabaseOutage::end`] ends it.
#[derive(Debug)]
pub struct DatabaseOutage {
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// Holds the lock that every writer needs.
    Lock(SqliteConnection),
    /// The server refuses connections to this database only.
    Refusal { admin: PgConnection, name: String },
}

impl DatabaseOutage {
    /// Makes the database of a gateway unavailable.
    pub async fn begin(gateway: &TestGateway) -> Self {
        let url = gateway.database_url();
        let cause = match gateway.storage() {
            Storage::Sqlite => {
                let mut lock = SqliteConnection::connect(&url)
                    .await
                    .expect("the database opens");
                run(&mut lock, "PRAGMA busy_timeout = 10000").await;
                run(&mut lock, "BEGIN IMMEDIATE").await;
                Cause::Lock(lock)
            }
            Storage::Postgres => {
                let (server, name) = url.rsplit_once('/').expect("the URL names a database");
                let mut admin = PgConnection::connect(&format!("{server}/postgres"))
                    .await
                    .expect("the server accepts a connection");
                allow(&mut admin, name, false).await;
                let end = format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                );
                sqlx::raw_sql(sqlx::AssertSqlSafe(end))
                    .execute(&mut admin)
                    .await
                    .expect("the server ends its connections");
                let name = name.to_owned();
                Cause::Refusal { admin, name }
            }
        };
        Self { cause }
    }

    /// Makes the database available again.
    pub async fn end(self) {
        match self.cause {
            Cause::Lock(mut lock) => run(&mut lock, "ROLLBACK").await,
            Cause::Refusal { mut admin, name } => allow(&mut admin, &name, true).await,
        }
    }
}

async fn run(connection: &mut SqliteConnection, statement: &'static str) {
    sqlx::raw_sql(statement)
        .execute(connection)
        .await
        .expect("the statement succeeds");
}

async fn allow(admin: &mut PgConnection, name: &str, allowed: bool) {
    let statement = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(admin)
        .await
        .expect("the database is altered");
}

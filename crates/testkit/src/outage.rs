//! A database that is away for a while, as the gateway sees it: locked by another process, or
//! refusing every connection.

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::database::Storage;
use crate::gateway::TestGateway;

/// While this lives, nothing can be written to a gateway's database. End it with [`Outage::end`].
#[derive(Debug)]
pub struct Outage {
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// Holds the lock that every writer needs.
    Lock(SqliteConnection),
    /// The server goes on, without this database.
    Refusal { admin: PgConnection, name: String },
}

impl Outage {
    /// Takes the database of a gateway away.
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
                    .expect("the server takes a connection");
                allow(&mut admin, name, false).await;
                let end = format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                );
                sqlx::raw_sql(sqlx::AssertSqlSafe(end))
                    .execute(&mut admin)
                    .await
                    .expect("its connections are ended");
                let name = name.to_owned();
                Cause::Refusal { admin, name }
            }
        };
        Self { cause }
    }

    /// Gives it back.
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
        .expect("the statement is taken");
}

async fn allow(admin: &mut PgConnection, name: &str, allowed: bool) {
    let statement = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(admin)
        .await
        .expect("the database is altered");
}

//! The two kinds of database that a gateway can use. On PostgreSQL, each gateway of a test gets a database of
//! its own, which is dropped with it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

/// Which kind of database the gateway of a test uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A file in the gateway's temporary data folder.
    Sqlite,
    /// A database of its own on the server that `TEST_DATABASE_URL` names.
    Postgres,
}

/// An empty database for one test. Dropping it removes the database.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    _resource: Resource,
}

/// The resource that is removed with a [`TestDatabase`].
#[derive(Debug)]
enum Resource {
    Folder(#[expect(dead_code, reason = "it is kept for its `Drop`")] TempDir),
    Database(#[expect(dead_code, reason = "it is kept for its `Drop`")] PostgresDatabase),
}

impl TestDatabase {
    /// Creates a database. On PostgreSQL it panics if `TEST_DATABASE_URL` is not set.
    pub async fn create(storage: Storage) -> Self {
        match storage {
            Storage::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                Self {
                    url: format!(
                        "sqlite://{}",
                        folder.path().join("gaiterguard.db").display()
                    ),
                    _resource: Resource::Folder(folder),
                }
            }
            Storage::Postgres => {
                let database = PostgresDatabase::create().await;
                Self {
                    url: database.url(),
                    _resource: Resource::Database(database),
                }
            }
        }
    }

    /// Returns its URL for sqlx.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A PostgreSQL database that is dropped with this value.
#[derive(Debug)]
pub(crate) struct PostgresDatabase {
    server: String,
    name: String,
}

impl PostgresDatabase {
    #[expect(clippy::disallowed_methods, reason = "it is a setting of the tests")]
    pub(crate) async fn create() -> Self {
        let server = std::env::var("TEST_DATABASE_URL").expect(
            "TEST_DATABASE_URL is not set: use `make test`, or `scripts/with-postgres.sh COMMAND`",
        );
        let name = unique_name();
        execute(&server, format!("CREATE DATABASE {name}"))
            .await
            .expect("the server creates a database");
        Self { server, name }
    }

    pub(crate) fn url(&self) -> String {
        let (server, _) = self
            .server
            .rsplit_once('/')
            .expect("the server's URL names a database");
        format!("{server}/{}", self.name)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The value is dropped inside the test's runtime, where `block_on` would panic.
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async move {
                let _ = tokio::time::timeout(Duration::from_secs(10), execute(&server, statement))
                    .await;
            });
            Ok::<(), std::io::Error>(())
        })
        .join();
    }
}

async fn execute(server: &str, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&mut connection)
        .await?;
    connection.close().await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the name must differ from those of other runs"
)]
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanoseconds = std::time::SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    format!(
        "test_{}_{}_{}",
        nanoseconds.as_nanos(),
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

#[cfg(test)]
mod tests {
    use super::{PgConnection, PostgresDatabase};
    use sqlx::Connection as _;

    #[tokio::test]
    async fn a_database_is_dropped_with_its_value() {
        let database = PostgresDatabase::create().await;
        let url = database.url();
        PgConnection::connect(&url)
            .await
            .unwrap()
            .close()
            .await
            .unwrap();
        drop(database);
        let gone = PgConnection::connect(&url).await.unwrap_err();
        assert!(gone.to_string().contains("does not exist"), "{gone}");
    }
}

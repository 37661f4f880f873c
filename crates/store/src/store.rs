//! Opening a database, and the handle that every query starts from.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gaiterguard_database::connection::{
    AnyConnection, ConnectTarget, Connection, Durability, ReadConnection, fetch_one,
};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::sqlite_file;
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::ledger::{ByteBudget, ReplicaId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::queue::Ledger;
use gaiterguard_ledger::writer::connection::WriterConnection;
use gaiterguard_ledger::writer::feed::{Feed, Notice};
use gaiterguard_ledger::writer::pool::WriterPool;
use gaiterguard_ledger::writer::sync::{self, Log};
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_ledger::writer::{checkpoint, feed};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::sync::broadcast;
use tokio::task::AbortHandle;

/// How long a reader may wait for a connection. While the database is down, calls fail after this
/// time; once it is back, the next call uses it.
const READER_TIMEOUT: Duration = Duration::from_secs(2);

/// How long SQLite waits for another process's lock. Longer than any transaction of a command-line
/// tool on the same file takes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many write connections PostgreSQL gets. While one waits for its commit, the next batch is
/// written on the other. SQLite has one, because it allows one writer at a time.
const POSTGRES_WRITERS: usize = 2;

/// How many connections may read at the same time by default. Queries take milliseconds, so a few
/// connections serve many requests, and each one costs PostgreSQL a process.
const READERS_MAX: u32 = 8;

/// How many prepared statements each connection keeps. More than the crate has statements, so that
/// none is prepared twice.
const STATEMENTS_MAX: usize = 256;

/// The purpose a database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To serve requests. Only one process can open a SQLite file for this at a time.
    Serve,
    /// To run a command, possibly next to a running gateway.
    Tool,
}

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// The replica that owns claims and executions made through this store.
    pub replica: ReplicaId,
    /// The purpose the database is opened for.
    pub purpose: Purpose,
    /// How many connections may read at the same time.
    pub readers_max: u32,
    /// The event that the record of a read survives before its response is returned.
    pub read_durability: Durability,
    /// How many bytes of responses are stored for replay.
    pub response_budget: ByteBudget,
}

impl StoreOptions {
    /// Returns the default options.
    pub fn new(replica: ReplicaId, purpose: Purpose) -> Self {
        Self {
            replica,
            purpose,
            readers_max: READERS_MAX,
            read_durability: Durability::Process,
            response_budget: ByteBudget::UNBOUNDED,
        }
    }
}

/// A handle on the gateway's database. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    writers: Arc<WriterPool>,
    readers: Readers,
    ledger: Ledger,
    tasks: Vec<AbortHandle>,
    /// Held for as long as this process serves from a SQLite file.
    _lock: Option<File>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Store {
    /// Opens a database at `sqlite://PATH` or `postgres://…`. A missing SQLite file is created; a
    /// PostgreSQL server is first connected to when it is first used. Must be called inside a tokio
    /// runtime.
    ///
    /// # Errors
    ///
    /// [`StoreError::InvalidUrl`] for a URL that is not supported, and
    /// [`StoreError::AlreadyServed`] if another gateway serves from the SQLite file.
    pub fn open(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        if let Some(path) = url
            .strip_prefix("sqlite://")
            .or_else(|| url.strip_prefix("sqlite:"))
        {
            let path = Path::new(path.split('?').next().unwrap_or(path));
            return Self::open_sqlite(path, options);
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url, options);
        }
        Err(StoreError::InvalidUrl(
            "the database URL must begin with sqlite:// or postgres://".to_owned(),
        ))
    }

    fn open_sqlite(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        if path.as_os_str().is_empty() || path == Path::new(":memory:") {
            return Err(StoreError::InvalidUrl(
                "the database URL must name a file, as in sqlite:///var/lib/gaiterguard.db"
                    .to_owned(),
            ));
        }
        let lock = match options.purpose {
            Purpose::Serve => Some(sqlite_file::lock(path)?),
            Purpose::Tool => None,
        };
        sqlite_file::create_private(path)?;
        let connect = sqlite_options(path);
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers_max)
            .acquire_timeout(READER_TIMEOUT)
            .test_before_acquire(false)
            .connect_lazy_with(connect.clone().pragma("query_only", "ON"));
        let target = ConnectTarget::Sqlite(Box::new(connect));
        let (feed, _) = Feed::new(options.replica, false);
        let writers = Arc::new(writer_pool(target.clone(), options, 1, Arc::new(feed)));
        let checkpoints = tokio::spawn(checkpoint::run(target, Arc::clone(&writers)));
        let syncing = tokio::spawn(sync::run(Log::of_sqlite(path), Arc::clone(&writers)));
        Ok(Self::assemble(
            writers,
            Readers::Sqlite(readers),
            vec![checkpoints.abort_handle(), syncing.abort_handle()],
            lock,
        ))
    }

    fn open_postgres(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        let connect = postgres_options(url)?;
        let readers = PgPoolOptions::new()
            .max_connections(options.readers_max)
            .acquire_timeout(READER_TIMEOUT)
            .connect_lazy_with(connect.clone());
        let target = ConnectTarget::Postgres(Box::new(connect.clone()));
        let (feed, outbound) = Feed::new(options.replica, true);
        let feed = Arc::new(feed);
        let writers = writer_pool(target.clone(), options, POSTGRES_WRITERS, Arc::clone(&feed));
        let mut tasks = Vec::new();
        if let Some(outbound) = outbound {
            let announcing = feed::announce(target.clone(), Arc::clone(&feed), outbound);
            tasks.push(tokio::spawn(announcing).abort_handle());
        }
        let writers = Arc::new(writers);
        let syncing = sync::run(Log::Postgres(target), Arc::clone(&writers));
        tasks.push(tokio::spawn(syncing).abort_handle());
        if options.purpose == Purpose::Serve {
            let listening = feed::listen(connect, readers.clone(), feed);
            tasks.push(tokio::spawn(listening).abort_handle());
        }
        Ok(Self::assemble(
            writers,
            Readers::Postgres(readers),
            tasks,
            None,
        ))
    }

    fn assemble(
        writers: Arc<WriterPool>,
        readers: Readers,
        mut tasks: Vec<AbortHandle>,
        lock: Option<File>,
    ) -> Self {
        let (ledger, ledger_tasks) = Ledger::start(&writers);
        tasks.extend(ledger_tasks);
        Self {
            inner: Arc::new(Inner {
                writers,
                readers,
                ledger,
                tasks,
                _lock: lock,
            }),
        }
    }

    /// Applies pending migrations. Several gateways may call this at the same time.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = Connection::open(self.writers().target()).await?;
        let migrated = match connection.any() {
            AnyConnection::Sqlite(connection) => {
                sqlx::migrate!("./migrations/sqlite").run(connection).await
            }
            AnyConnection::Postgres(connection) => {
                // The timeout catches statements that hang; a long migration is not one.
                sqlx::query("SET statement_timeout = 0")
                    .execute(&mut *connection)
                    .await?;
                // Otherwise each start would log that the migrations table already exists.
                sqlx::query("SET client_min_messages = warning")
                    .execute(&mut *connection)
                    .await?;
                sqlx::migrate!("./migrations/postgres")
                    .run(connection)
                    .await
            }
        };
        migrated.map_err(|error| match error {
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            error => StoreError::Migration(error.to_string()),
        })
    }

    /// Whether several gateways may serve from this database at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self.inner.readers, Readers::Postgres(_))
    }

    /// Checks that the database responds.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let check = async {
            let mut reader = self.reader().await?;
            let (_,) = fetch_one!(
                reader,
                (i64,),
                "SELECT next FROM counters WHERE name = 'requests'"
            );
            Ok(())
        };
        tokio::time::timeout(READER_TIMEOUT, check)
            .await
            .unwrap_or_else(|_| Err(StoreError::timed_out("the database's response")))
    }

    /// Subscribes to what is committed from now on.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.writers().feed().subscribe()
    }

    /// Writes what is still queued, and closes every connection.
    pub async fn close(&self) {
        self.inner.ledger.flush().await;
        for task in &self.inner.tasks {
            task.abort();
        }
        for writer in self.writers().connections() {
            *writer.lock().await = WriterConnection::default();
        }
        match &self.inner.readers {
            Readers::Sqlite(pool) => pool.close().await,
            Readers::Postgres(pool) => pool.close().await,
        }
    }

    pub(crate) fn writers(&self) -> &Arc<WriterPool> {
        &self.inner.writers
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    pub(crate) async fn reader(&self) -> Result<ReadConnection, StoreError> {
        // Boxed, because the future that opens a connection takes 14 KiB, and would take them in the future
        // of every caller, such as a held call, for as long as that waits.
        let acquired = match &self.inner.readers {
            Readers::Sqlite(pool) => Box::pin(pool.acquire()).await.map(ReadConnection::Sqlite),
            Readers::Postgres(pool) => Box::pin(pool.acquire()).await.map(ReadConnection::Postgres),
        };
        acquired.map_err(|error| StoreError::unreachable(&error))
    }

    /// Begins a change of the definitions that decisions in a workspace depend on. Incrementing the
    /// version makes the ledger reject decisions that were made on the old definitions.
    pub(crate) async fn begin_definition_change(
        &self,
        workspace: WorkspaceId,
        at: Timestamp,
    ) -> Result<Transaction, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        tx.authority_bump(workspace).await?;
        Ok(tx)
    }
}

fn writer_pool(
    target: ConnectTarget,
    options: StoreOptions,
    connections: usize,
    feed: Arc<Feed>,
) -> WriterPool {
    WriterPool::new(
        target,
        options.replica,
        connections,
        feed,
        options.read_durability,
        options.response_budget,
    )
}

/// Returns how connections to a SQLite file are opened.
fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        // Readers do not block the writer, nor the writer them.
        .journal_mode(SqliteJournalMode::Wal)
        // With NORMAL, a power failure could lose commits: a claim that is lost would let a request
        // be sent twice. Only batches of reads lower it, see `Durability`.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS_MAX)
        // Deleted rows may contain sealed secrets whose keys leak later, so their bytes are zeroed.
        .pragma("secure_delete", "ON")
        // A background task runs the checkpoints instead, see `writer::checkpoint`.
        .pragma("wal_autocheckpoint", "0")
        .disable_statement_logging()
}

/// Parses the URL of a PostgreSQL server into how connections to it are opened.
fn postgres_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let connect: PgConnectOptions = url.parse().map_err(|_| {
        // The parser's own message may repeat the password.
        StoreError::InvalidUrl("the database URL is not a valid PostgreSQL URL".to_owned())
    })?;
    Ok(connect
        .application_name("gaiterguard")
        .statement_cache_capacity(STATEMENTS_MAX)
        // The server ends what a lost or stuck gateway has begun, so that its locks are released.
        // Both limits are longer than the writers' own timeouts, which apply first.
        .options([
            ("statement_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "15s"),
        ])
        .disable_statement_logging())
}

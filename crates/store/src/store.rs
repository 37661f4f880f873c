//! Opening a database, and what every other file of this room starts from.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gaiterguard_domain::ledger::{ByteBudget, ReplicaId};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, broadcast};
use tokio::task::AbortHandle;

use crate::connection::{Connection, On, Read, Target, fetch_one};
use crate::error::StoreError;
use crate::feed::{Feed, Notice};
use crate::lane::Lane;
use crate::ledger::Ledger;
use crate::{checkpoint, feed};

/// How long a reader may wait for a connection. A database that is gone is told of after this
/// time, and used again as soon as it is back.
const READER_WAIT: Duration = Duration::from_secs(2);

/// How long SQLite waits for another process's lock.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// How many writers PostgreSQL is given. While one waits for its commit, the next is filled.
const POSTGRES_LANES: usize = 2;

/// How many prepared statements each connection keeps.
const STATEMENTS_KEPT_MAX: usize = 256;

/// What a database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To serve. On SQLite there is one such at a time.
    Serve,
    /// For a command beside a gateway that may be running.
    Tool,
}

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// The run that claims and executions are begun in the name of.
    pub replica: ReplicaId,
    /// What for.
    pub purpose: Purpose,
    /// The most connections that read at once.
    pub readers_max: u32,
    /// How many bytes of responses are kept for replay.
    pub kept_responses: ByteBudget,
}

impl StoreOptions {
    /// The usual options.
    pub fn new(replica: ReplicaId, purpose: Purpose) -> Self {
        Self {
            replica,
            purpose,
            readers_max: 8,
            kept_responses: ByteBudget::UNBOUNDED,
        }
    }
}

/// The gateway's memory. A clone is another handle on the same one.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    readers: Readers,
    ledger: Ledger,
    tasks: Vec<AbortHandle>,
    /// Held for as long as this process serves from a SQLite file.
    _served: Option<File>,
}

enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// What writers and background tasks share.
pub(crate) struct Shared {
    target: Target,
    replica: ReplicaId,
    lanes: Vec<Arc<Mutex<Lane>>>,
    turn: AtomicUsize,
    feed: Feed,
    committed: Notify,
    kept_responses: ByteBudget,
}

impl Shared {
    pub(crate) fn kept_responses(&self) -> ByteBudget {
        self.kept_responses
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    pub(crate) fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The name that claims and executions carry.
    pub(crate) fn owner(&self) -> String {
        owner(self.replica)
    }

    pub(crate) fn lanes(&self) -> &[Arc<Mutex<Lane>>] {
        &self.lanes
    }

    /// A lane that nobody uses, or else the next in turn when it is free.
    pub(crate) async fn lane_free(&self) -> OwnedMutexGuard<Lane> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        for step in 0..self.lanes.len() {
            let lane = &self.lanes[(turn + step) % self.lanes.len()];
            if let Ok(free) = Arc::clone(lane).try_lock_owned() {
                return free;
            }
        }
        Arc::clone(&self.lanes[turn % self.lanes.len()])
            .lock_owned()
            .await
    }

    pub(crate) fn committed(&self) {
        self.committed.notify_one();
    }

    pub(crate) async fn wait_committed(&self) {
        self.committed.notified().await;
    }
}

/// The name of a run as rows spell it.
pub(crate) fn owner(replica: ReplicaId) -> String {
    replica.0.hyphenated().to_string()
}

impl Drop for Inner {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Store {
    /// Opens a database at `sqlite://PATH` or `postgres://…`. A SQLite file is made if there is
    /// none; PostgreSQL is first connected to when it is first used. Must be called inside a tokio
    /// runtime.
    ///
    /// # Errors
    ///
    /// [`StoreError::Address`] for an address that is not understood, and
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
        Err(StoreError::Address(
            "the address of the database must begin with sqlite:// or postgres://".to_owned(),
        ))
    }

    fn open_sqlite(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        if path.as_os_str().is_empty() || path == Path::new(":memory:") {
            return Err(StoreError::Address(
                "the address of the database must name a file, as in sqlite:///var/lib/gaiterguard.db"
                    .to_owned(),
            ));
        }
        let served = match options.purpose {
            Purpose::Serve => Some(lock(path)?),
            Purpose::Tool => None,
        };
        // SQLite gives its log the same permissions as the file.
        open_private(path).map_err(|error| refused(path, &error))?;
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_WAIT)
            .statement_cache_capacity(STATEMENTS_KEPT_MAX)
            .pragma("secure_delete", "ON")
            .pragma("wal_autocheckpoint", "0")
            .disable_statement_logging();
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers_max)
            .acquire_timeout(READER_WAIT)
            .test_before_acquire(false)
            .connect_lazy_with(connect.clone().pragma("query_only", "ON"));
        let target = Target::Sqlite(Box::new(connect));
        let (feed, _) = Feed::new(options.replica, false);
        let shared = Arc::new(Shared::new(target.clone(), options, 1, feed));
        let checkpoints = tokio::spawn(checkpoint::run(target, Arc::clone(&shared)));
        Ok(Self::assemble(
            shared,
            Readers::Sqlite(readers),
            vec![checkpoints.abort_handle()],
            served,
        ))
    }

    fn open_postgres(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        let connect: PgConnectOptions = url.parse().map_err(|_| {
            StoreError::Address("the address of the database is no PostgreSQL address".to_owned())
        })?;
        let connect = connect
            .application_name("gaiterguard")
            .statement_cache_capacity(STATEMENTS_KEPT_MAX)
            .options([
                ("statement_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "15s"),
            ])
            .disable_statement_logging();
        let readers = PgPoolOptions::new()
            .max_connections(options.readers_max)
            .acquire_timeout(READER_WAIT)
            .connect_lazy_with(connect.clone());
        let target = Target::Postgres(Box::new(connect.clone()));
        let (feed, outbound) = Feed::new(options.replica, true);
        let shared = Arc::new(Shared::new(target.clone(), options, POSTGRES_LANES, feed));
        let mut tasks = Vec::new();
        if let Some(outbound) = outbound {
            let notifying = feed::notify(target, Arc::clone(&shared), outbound);
            tasks.push(tokio::spawn(notifying).abort_handle());
        }
        if options.purpose == Purpose::Serve {
            let listening = feed::listen(connect, readers.clone(), Arc::clone(&shared));
            tasks.push(tokio::spawn(listening).abort_handle());
        }
        Ok(Self::assemble(
            shared,
            Readers::Postgres(readers),
            tasks,
            None,
        ))
    }

    fn assemble(
        shared: Arc<Shared>,
        readers: Readers,
        mut tasks: Vec<AbortHandle>,
        served: Option<File>,
    ) -> Self {
        let (ledger, writers) = Ledger::start(&shared);
        tasks.extend(writers);
        Self {
            inner: Arc::new(Inner {
                shared,
                readers,
                ledger,
                tasks,
                _served: served,
            }),
        }
    }

    /// Brings the database's tables up to date. Several gateways may do this at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = Connection::open(self.shared().target()).await?;
        let migrated = match connection.on() {
            On::Sqlite(connection) => sqlx::migrate!("./migrations/sqlite").run(connection).await,
            On::Postgres(connection) => {
                // A long migration must not be taken for a statement that hangs.
                sqlx::query("SET statement_timeout = 0")
                    .execute(&mut *connection)
                    .await?;
                // That a table is there already is nothing to tell the operator of at each start.
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

    /// Whether several gateways may serve from this database at once.
    pub fn is_shared(&self) -> bool {
        matches!(self.inner.readers, Readers::Postgres(_))
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let asking = async {
            let mut read = self.read().await?;
            let (_,) = fetch_one!(
                read,
                (i64,),
                "SELECT next FROM counters WHERE name = 'requests'"
            );
            Ok(())
        };
        tokio::time::timeout(READER_WAIT, asking)
            .await
            .unwrap_or_else(|_| Err(StoreError::late("the database's answer")))
    }

    /// What is committed from now on.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.shared().feed().subscribe()
    }

    /// Writes what is still waiting to be written, and closes every connection.
    pub async fn close(&self) {
        self.inner.ledger.flush().await;
        for task in &self.inner.tasks {
            task.abort();
        }
        for lane in self.shared().lanes() {
            *lane.lock().await = Lane::default();
        }
        match &self.inner.readers {
            Readers::Sqlite(pool) => pool.close().await,
            Readers::Postgres(pool) => pool.close().await,
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    pub(crate) async fn read(&self) -> Result<Read, StoreError> {
        let lent = match &self.inner.readers {
            Readers::Sqlite(pool) => pool.acquire().await.map(Read::Sqlite),
            Readers::Postgres(pool) => pool.acquire().await.map(Read::Postgres),
        };
        lent.map_err(|error| StoreError::unreachable(&error))
    }
}

impl Shared {
    fn new(target: Target, options: StoreOptions, lanes: usize, feed: Feed) -> Self {
        Self {
            target,
            replica: options.replica,
            lanes: (0..lanes).map(|_| Arc::default()).collect(),
            turn: AtomicUsize::new(0),
            feed,
            committed: Notify::new(),
            kept_responses: options.kept_responses,
        }
    }
}

fn refused(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

/// Opens a file that its owner alone may read, and makes it if there is none.
fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        let file = options.open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// Takes the lock that one serving process holds beside its database.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let beside = PathBuf::from(beside);
    let file = open_private(&beside).map_err(|error| refused(&beside, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::AlreadyServed(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(refused(&beside, &error)),
    }
}

//! The raw rate of durable rows on this machine, which is the upper limit for a ledger.
//!
//! Writers wait until their row is committed before they write the next one. Each commit takes all
//! waiting rows and writes them with one multi-row `INSERT`: group commit.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinSet,
    time,
};

use crate::{
    BenchError, BenchResult,
    load::{Load, count},
    process,
    sample::{Sample, percentile},
};

/// With the other columns, a row is about 1.2 KB.
const TEXT_BYTES: usize = 1100;
const COLUMNS: usize = 9;
/// The limit on the rows of a statement.
const BATCH_ROWS_MAX: usize = 64;
const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(500);
/// Connections that commit in turn on PostgreSQL, where one can run while another waits for disk.
const POSTGRES_CONNECTIONS: usize = 2;

const COLUMN_NAMES: &str = "entry_key, agent_id, service_id, state, method, digest, created_at, \
                            completed_at, detail";

struct Row {
    key: String,
    number: i64,
    committed: oneshot::Sender<()>,
}

/// Rows a second into `SQLite` (WAL, `synchronous=FULL`, checkpoints off the writer) in `directory`.
pub fn measure_sqlite(directory: &Path, load: Load) -> BenchResult<Sample> {
    let file = tempfile::Builder::new()
        .prefix("raw-")
        .suffix(".db")
        .tempfile_in(directory)?;
    let path = file.path().to_owned();
    runtime()?.block_on(async {
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        let mut writer = options
            .clone()
            .pragma("wal_autocheckpoint", "0")
            .connect()
            .await?;
        sqlx::raw_sql(AssertSqlSafe(table("BLOB")))
            .execute(&mut writer)
            .await?;
        let mut checkpointer = options.connect().await?;
        let checkpoints = tokio::spawn(async move {
            loop {
                time::sleep(CHECKPOINT_INTERVAL).await;
                let checkpoint = sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)");
                // The next checkpoint makes up for a failed one.
                checkpoint.execute(&mut checkpointer).await.ok();
            }
        });
        let (rows, waiting) = mpsc::channel(load.connections);
        let writer = tokio::spawn(commit_to_sqlite(writer, waiting));
        let sample = write(rows, load).await;
        checkpoints.abort();
        writer.await??;
        sample
    })
}

/// Rows a second into the PostgreSQL database at `url`.
pub fn measure_postgres(url: &str, load: Load) -> BenchResult<Sample> {
    runtime()?.block_on(async {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql("DROP TABLE IF EXISTS raw_ledger")
            .execute(&mut connection)
            .await?;
        sqlx::raw_sql(AssertSqlSafe(table("BYTEA")))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        let (rows, waiting) = mpsc::channel(load.connections);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut writers = JoinSet::new();
        for _ in 0..POSTGRES_CONNECTIONS {
            let connection = PgConnection::connect(url).await?;
            writers.spawn(commit_to_postgres(connection, Arc::clone(&waiting)));
        }
        let sample = write(rows, load).await;
        while let Some(ended) = writers.join_next().await {
            ended??;
        }
        sample
    })
}

fn runtime() -> BenchResult<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

fn table(bytes_type: &str) -> String {
    format!(
        "CREATE TABLE raw_ledger (entry_key TEXT NOT NULL UNIQUE, agent_id BIGINT NOT NULL, \
         service_id BIGINT NOT NULL, state TEXT NOT NULL, method TEXT NOT NULL, \
         digest {bytes_type} NOT NULL, created_at BIGINT NOT NULL, completed_at BIGINT NOT NULL, \
         detail TEXT NOT NULL)"
    )
}

fn insert(rows: usize) -> String {
    let row = |row: usize| {
        let first = row * COLUMNS + 1;
        let places: Vec<String> = (first..first + COLUMNS)
            .map(|place| format!("${place}"))
            .collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO raw_ledger ({COLUMN_NAMES}) VALUES {}",
        rows.join(", ")
    )
}

/// Binds the columns of every row in `$batch` to `$query`: the two databases' queries have
/// different types.
macro_rules! bind_rows {
    ($query:expr, $batch:expr, $text:expr) => {
        $batch.iter().fold($query, |query, row| {
            query
                .bind(row.key.clone())
                .bind(row.number)
                .bind(1_i64)
                .bind("EXECUTING")
                .bind("POST")
                .bind([7_u8; 32].to_vec())
                .bind(row.number)
                .bind(row.number)
                .bind($text.to_owned())
        })
    };
}

async fn commit_to_sqlite(
    mut connection: SqliteConnection,
    mut waiting: mpsc::Receiver<Row>,
) -> BenchResult<()> {
    let statements: Vec<String> = (0..=BATCH_ROWS_MAX).map(insert).collect();
    let text = "x".repeat(TEXT_BYTES);
    let mut batch = Vec::with_capacity(BATCH_ROWS_MAX);
    while waiting.recv_many(&mut batch, BATCH_ROWS_MAX).await > 0 {
        let query = sqlx::query(AssertSqlSafe(statements[batch.len()].clone()));
        bind_rows!(query, batch, text)
            .execute(&mut connection)
            .await?;
        wake(&mut batch);
    }
    connection.close().await?;
    Ok(())
}

async fn commit_to_postgres(
    mut connection: PgConnection,
    waiting: Arc<Mutex<mpsc::Receiver<Row>>>,
) -> BenchResult<()> {
    let statements: Vec<String> = (0..=BATCH_ROWS_MAX).map(insert).collect();
    let text = "x".repeat(TEXT_BYTES);
    let mut batch = Vec::with_capacity(BATCH_ROWS_MAX);
    while waiting
        .lock()
        .await
        .recv_many(&mut batch, BATCH_ROWS_MAX)
        .await
        > 0
    {
        let query = sqlx::query(AssertSqlSafe(statements[batch.len()].clone()));
        bind_rows!(query, batch, text)
            .execute(&mut connection)
            .await?;
        wake(&mut batch);
    }
    connection.close().await?;
    Ok(())
}

/// Notifies every writer of the batch that its row is committed.
fn wake(batch: &mut Vec<Row>) {
    for row in batch.drain(..) {
        // A writer that has stopped needs no notification.
        row.committed.send(()).ok();
    }
}

/// Writes rows from as many writers as `load` has connections, and measures the time of each.
async fn write(rows: mpsc::Sender<Row>, load: Load) -> BenchResult<Sample> {
    let over = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..load.connections {
        let rows = rows.clone();
        let over = Arc::clone(&over);
        writers.spawn(async move {
            let mut committed_rows: Vec<(Instant, u64)> = Vec::new();
            let mut number = 0_i64;
            while !over.load(Ordering::Relaxed) {
                number += 1;
                let (committed, safe) = oneshot::channel();
                let began = Instant::now();
                let row = Row {
                    key: format!("{writer}-{number}"),
                    number,
                    committed,
                };
                rows.send(row).await.map_err(|_| "the writer has ended")?;
                safe.await.map_err(|_| "the writer has ended")?;
                let latency = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
                committed_rows.push((Instant::now(), latency));
            }
            Ok::<_, BenchError>(committed_rows)
        });
    }
    drop(rows);
    time::sleep(load.warm_up).await;
    let cpu_before = process::cpu_time(std::process::id())?;
    let began = Instant::now();
    time::sleep(load.measure).await;
    let ended = Instant::now();
    let cpu = process::cpu_time(std::process::id())?.saturating_sub(cpu_before);
    over.store(true, Ordering::Relaxed);

    let mut latencies = Vec::new();
    while let Some(joined) = writers.join_next().await {
        let committed = joined??;
        let measured = committed
            .into_iter()
            .filter(|(at, _)| (began..ended).contains(at));
        latencies.extend(measured.map(|(_, latency)| latency));
    }
    latencies.sort_unstable();
    if latencies.is_empty() {
        return Err("no row was committed".into());
    }
    Ok(Sample {
        requests_per_second: count(latencies.len()) / (ended - began).as_secs_f64(),
        p50: Duration::from_nanos(percentile(&latencies, 50)),
        p99: Duration::from_nanos(percentile(&latencies, 99)),
        cpu_per_request: Some(cpu.div_f64(count(latencies.len()))),
        database_cpu_per_request: None,
        failed: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_numbers_its_places_over_all_rows() {
        let statement = insert(2);
        assert!(statement.ends_with(
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9), \
             ($10, $11, $12, $13, $14, $15, $16, $17, $18)"
        ));
    }

    #[test]
    fn rows_reach_sqlite_from_many_writers() {
        let directory = tempfile::tempdir().unwrap();
        let load = Load {
            connections: 8,
            warm_up: Duration::from_millis(10),
            measure: Duration::from_millis(100),
        };
        let sample = measure_sqlite(directory.path(), load).unwrap();
        assert!(sample.requests_per_second > 1.0);
        assert!(sample.p50 <= sample.p99);
    }
}

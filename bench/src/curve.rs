//! The cost curve: what a read costs as one number grows, everything else being equal. Each point is a gateway of its
//! own on `SQLite`, filled before its load begins.

use std::{fmt, net::SocketAddr, path::Path, time::Duration};

use http::Method;
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};

use crate::{
    BenchResult,
    gateway::{Access, Gateway, GatewaySettings, RULES},
    http_client::ApiClient,
    load::{self, Accounted, Load},
    process,
    sample::Sample,
    scenario::{self, SERVICE},
};

/// The number that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Agents, whose keys are used in turn.
    Agents,
    /// Rules of the service. Only the one that allows matches.
    Rules,
    /// Requests in the ledger, each with an audit entry.
    Stored,
    /// Requests that wait for a human.
    Pending,
}

impl Dimension {
    /// All dimensions.
    pub const ALL: [Self; 4] = [Self::Agents, Self::Rules, Self::Stored, Self::Pending];

    /// The points that are measured.
    pub fn points(self) -> &'static [usize] {
        match self {
            Self::Agents => &[1, 100, 1_000, 10_000],
            Self::Rules => &[RULES, 10, 100, 1_000],
            Self::Stored => &[0, 10_000, 100_000, 1_000_000],
            Self::Pending => &[0, 100, 1_000, 10_000],
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Agents => "agents",
            Self::Rules => "rules",
            Self::Stored => "stored requests",
            Self::Pending => "pending requests",
        })
    }
}

/// How long the creation of agents may take. A slow machine measures fewer.
const AGENTS_PATIENCE: Duration = Duration::from_mins(10);

/// The chain of audit entries that are not the gateway's. No gateway opens it, because chains count from 1.
const FILLED_CHAIN: i64 = -1;

/// A point of the curve.
#[derive(Clone, Debug)]
pub struct Point {
    /// How many there were.
    pub count: usize,
    /// The load on the gateway.
    pub sample: Sample,
    /// The most memory that the process had, in bytes.
    pub peak_memory: u64,
}

/// Measures one point. `directory` must be empty.
pub async fn measure(
    dimension: Dimension,
    count: usize,
    binary: &Path,
    directory: &Path,
    upstream: SocketAddr,
    load: Load,
) -> BenchResult<Point> {
    let settings = GatewaySettings::on_sqlite(binary, directory.to_owned());
    let mut gateway = Gateway::start(&settings).await?;
    let access = gateway.set_up(upstream).await?;
    let mut keys = vec![access.ruled_key.clone()];
    match dimension {
        Dimension::Agents => {
            let agents = gateway
                .create_agents(&access, count - 1, 8, AGENTS_PATIENCE)
                .await?;
            allow_service(&gateway, &access).await?;
            keys.extend(agents);
        }
        Dimension::Rules => gateway.create_rules(&access, count).await?,
        Dimension::Stored | Dimension::Pending => {
            let key = match dimension {
                Dimension::Pending => &access.watched_key,
                _ => &access.ruled_key,
            };
            propose_once(&gateway, key).await?;
            gateway.daemon.stop();
            fill(directory, dimension, count).await?;
            gateway = Gateway::start(&settings).await?;
        }
    }
    let target = scenario::proxied_get(gateway.address, keys)?;
    let accounted = Accounted {
        system: Some(gateway.daemon.pid()),
        database: None,
    };
    let sample = tokio::task::spawn_blocking(move || load::run(&target, load, accounted)).await??;
    Ok(Point {
        count,
        sample,
        peak_memory: process::peak_memory(gateway.daemon.pid())?,
    })
}

/// Adds a rule that allows the requests of every agent to the service.
async fn allow_service(gateway: &Gateway, access: &Access) -> BenchResult<()> {
    let mut api = ApiClient::connect(gateway.address, Some(access.token.clone())).await?;
    let rule = json!({
        "name": "Forward everything", "effect": "allow", "enabled": true,
        "service_id": access.service_id,
    });
    api.call(Method::POST, "/rules", rule).await?;
    Ok(())
}

/// Sends a request, whose rows are copied later.
async fn propose_once(gateway: &Gateway, key: &str) -> BenchResult<()> {
    let mut api = ApiClient::connect(gateway.address, Some(key.to_owned())).await?;
    let proposal = json!({
        "service": SERVICE, "method": "GET", "path": "/resource/filled", "intent": "Fill the ledger",
    });
    // A held request has the status 428, which is an error for this client, and is just what is needed.
    api.call(Method::POST, "/proxy", proposal).await.ok();
    Ok(())
}

/// Copies the newest request of a stopped gateway, with its audit entry or its action, until there are `count`.
async fn fill(directory: &Path, dimension: Dimension, count: usize) -> BenchResult<()> {
    let url = format!("sqlite://{}", directory.join("gaiterguard.db").display());
    let mut database = SqliteConnection::connect(&url).await?;
    let count = i64::try_from(count)?;
    let first: i64 = sqlx::query_scalar("SELECT next FROM counters WHERE name = 'requests'")
        .fetch_one(&mut database)
        .await?;
    if dimension == Dimension::Stored {
        copy(
            &mut database,
            "requests",
            "id",
            &[("id", "n + $2")],
            count,
            first,
        )
        .await?;
        let of_entry = [("id", "-n"), ("chain", "$2"), ("sequence", "n")];
        copy(
            &mut database,
            "audit",
            "sequence",
            &of_entry,
            count,
            FILLED_CHAIN,
        )
        .await?;
    } else {
        let of_action = [("id", "printf('01920000-0000-7000-8000-%012x', n + $2)")];
        copy(
            &mut database,
            "actions",
            "created_at",
            &of_action,
            count,
            first,
        )
        .await?;
    }
    sqlx::query("UPDATE counters SET next = next + $1 WHERE name = 'requests'")
        .bind(count + 1)
        .execute(&mut database)
        .await?;
    database.close().await?;
    Ok(())
}

/// Inserts `count` copies of the row with the greatest `newest`, with other values in some columns. In these, `n`
/// counts from 1, and `$2` is `offset`.
async fn copy(
    database: &mut SqliteConnection,
    table: &str,
    newest: &str,
    changed: &[(&str, &str)],
    count: i64,
    offset: i64,
) -> BenchResult<()> {
    let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)")
        .bind(table)
        .fetch_all(&mut *database)
        .await?;
    let values = columns.iter().map(|column| {
        let other = changed.iter().find(|(name, _)| name == column);
        other.map_or_else(
            || format!("newest.{column}"),
            |(_, value)| (*value).to_owned(),
        )
    });
    let sql = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 WHERE $1 > 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
         INSERT INTO {table} ({}) SELECT {} FROM numbers,
         (SELECT * FROM {table} ORDER BY {newest} DESC LIMIT 1) AS newest",
        columns.join(", "),
        values.collect::<Vec<_>>().join(", "),
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(count)
        .bind(offset)
        .execute(database)
        .await?;
    Ok(())
}

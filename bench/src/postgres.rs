//! A PostgreSQL server to measure on: one that a setting names, or one started for this run from
//! an installation found on the machine, with `fsync` on as it comes.

use std::{
    fs,
    io::Read,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use tokio::time;

use crate::{
    BenchResult, nginx, process,
    upstream::{Listening, listen},
};

/// The user and group `nobody`, which PostgreSQL runs as when the bench runs as root: as root it
/// refuses to start.
const NOBODY: u32 = 65534;

const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A server, and the databases made in it for this run.
pub struct Postgres {
    administration: String,
    databases: Vec<String>,
    started: Option<Started>,
}

/// A server of this run's own: stopped first, its files removed after.
struct Started {
    listening: Listening,
    _home: TempDir,
}

impl Postgres {
    /// The server at `url`, or else one started in `directory`; `None` without either.
    pub fn start(url: Option<String>, directory: &Path) -> BenchResult<Option<Self>> {
        if let Some(administration) = url {
            return Ok(Some(Self {
                administration,
                started: None,
                databases: Vec::new(),
            }));
        }
        let Some(binaries) = installation() else {
            return Ok(None);
        };
        let (started, administration) = start_server(&binaries, directory)?;
        Ok(Some(Self {
            administration,
            databases: Vec::new(),
            started: Some(started),
        }))
    }

    /// The server's process, if it runs on this machine and was started here.
    pub fn pid(&self) -> Option<u32> {
        self.started
            .as_ref()
            .map(|started| started.listening.daemon.pid())
    }

    /// Makes an empty database and gives its URL. It goes with [`Postgres::clean_up`].
    pub async fn create_database(&mut self, purpose: &str) -> BenchResult<String> {
        let name = format!("gaiterguard_bench_{}_{purpose}", std::process::id());
        let mut connection = self.connect().await?;
        let create = format!("CREATE DATABASE {name}");
        sqlx::raw_sql(AssertSqlSafe(create))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        let url = with_database(&self.administration, &name);
        self.databases.push(name);
        Ok(url)
    }

    /// A server just started listens before it lets anyone in.
    async fn connect(&self) -> BenchResult<PgConnection> {
        let began = Instant::now();
        loop {
            match PgConnection::connect(&self.administration).await {
                Ok(connection) => return Ok(connection),
                Err(error) if began.elapsed() > START_TIMEOUT => return Err(error.into()),
                Err(_) => time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Drops the databases made here; a server started here needs none of it.
    pub async fn clean_up(&mut self) -> BenchResult<()> {
        if self.started.is_some() {
            return Ok(());
        }
        let mut connection = PgConnection::connect(&self.administration).await?;
        for name in self.databases.drain(..) {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            sqlx::raw_sql(AssertSqlSafe(drop))
                .execute(&mut connection)
                .await?;
        }
        Ok(())
    }
}

/// `url` with its database replaced, its parameters kept.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url
        .split_once('?')
        .map_or((url, String::new()), |(a, p)| (a, format!("?{p}")));
    let server_start = address.find("://").map_or(0, |at| at + 3);
    let server_end = address[server_start..]
        .find('/')
        .map_or(address.len(), |at| at + server_start);
    format!("{}/{name}{parameters}", &address[..server_end])
}

/// The newest installation that has both programs the bench needs.
fn installation() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.extend(
        ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"].map(|path| (0, path.into())),
    );
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let complete = |path: &PathBuf| path.join("initdb").exists() && path.join("postgres").exists();
    found.into_iter().map(|(_, path)| path).find(complete)
}

fn start_server(binaries: &Path, directory: &Path) -> BenchResult<(Started, String)> {
    // Its own temporary folder, and not one below `directory`: the server's user could not enter.
    let directory_of_server = tempfile::Builder::new()
        .prefix("gaiterguard-bench-")
        .tempdir()?;
    let home = directory_of_server.path().to_owned();
    let password = random_hex()?;
    let password_file = home.join("password");
    fs::write(&password_file, &password)?;
    if nginx::is_root() {
        chown(&home, Some(NOBODY), Some(NOBODY))?;
        chown(&password_file, Some(NOBODY), Some(NOBODY))?;
    }
    let data = home.join("data");
    let made = as_server_user(&binaries.join("initdb"))
        .args([
            "--username",
            "bench",
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
        ])
        .args(["--locale", "C", "--pgdata"])
        .arg(&data)
        .arg("--pwfile")
        .arg(&password_file)
        .stdin(Stdio::null())
        .output()?;
    if !made.status.success() {
        return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)).into());
    }
    let address = process::free_address()?;
    let mut command = as_server_user(&binaries.join("postgres"));
    command
        .arg("-D")
        .arg(&data)
        .args(["-h", "127.0.0.1", "-p"])
        .arg(address.port().to_string());
    command.args(["-c", "unix_socket_directories="]);
    let mut listening = listen("postgres", command, address, directory)?;
    // SIGINT is its fast shutdown; SIGTERM would wait for every client to leave.
    listening.daemon.set_stop_signal("INT");
    let url = format!("postgres://bench:{password}@{address}/postgres");
    Ok((
        Started {
            listening,
            _home: directory_of_server,
        },
        url,
    ))
}

/// `program` as an ordinary user. `setpriv` replaces itself by the program, so the process id and
/// the signals are the program's.
fn as_server_user(program: &Path) -> Command {
    if !nginx::is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
        .arg(program);
    command.current_dir("/");
    command
}

/// 128 bits of the system's randomness, in hexadecimal.
pub fn random_hex() -> BenchResult<String> {
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_replaced_and_parameters_stay() {
        let of = |url| with_database(url, "new");
        assert_eq!(
            of("postgres://u:p@h:1/old?sslmode=disable"),
            "postgres://u:p@h:1/new?sslmode=disable"
        );
        assert_eq!(of("postgres://h"), "postgres://h/new");
    }
}

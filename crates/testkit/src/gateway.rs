//! The gateway as a process, with a database and ports of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

use crate::binary::gateway_binary;
use crate::client::Client;
use crate::database::{PostgresDatabase, Storage};
use crate::reserved_port::ReservedPort;
use crate::server_process::ServerProcess;

/// A start runs the migrations, which takes a while on a busy machine.
const START_LIMIT: Duration = Duration::from_mins(1);
/// Commands other than `serve` end by themselves, some after minutes on a busy machine.
const COMMAND_LIMIT: Duration = Duration::from_mins(8);
/// A drain waits for running calls.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// The settings of a [`TestGateway`] that is not started yet.
#[must_use]
pub struct TestGatewayBuilder {
    storage: Storage,
    settings: BTreeMap<String, String>,
    dashboard_port: bool,
    intercept_port: bool,
}

impl TestGatewayBuilder {
    /// Sets one of the gateway's settings, by the name of its variable.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers and strings read alike at the call"
    )]
    pub fn setting(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.insert(name.to_owned(), value.to_string());
        self
    }

    /// Gives the dashboard a port of its own.
    pub fn dashboard_port(mut self) -> Self {
        self.dashboard_port = true;
        self
    }

    /// Gives the gateway a port for the forward proxy.
    pub fn intercept_port(mut self) -> Self {
        self.intercept_port = true;
        self
    }

    /// Starts the gateway and waits until it is ready. Panics with its log if it does not become ready.
    pub async fn start(self) -> TestGateway {
        let mut gateway = self.prepare().await;
        gateway.start_process().await;
        gateway
    }

    /// Creates the database, the folder and the ports without starting anything: for other commands of the
    /// binary, and for a first start that must fail.
    pub async fn prepare(self) -> TestGateway {
        let Self {
            storage,
            mut settings,
            dashboard_port,
            intercept_port,
        } = self;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = ReservedPort::take();
        let dashboard_port = dashboard_port.then(ReservedPort::take);
        let intercept_port = intercept_port.then(ReservedPort::take);
        let mut set = |name: &str, value: String| {
            settings.entry(name.to_owned()).or_insert(value);
        };
        set("HOST", "127.0.0.1".to_owned());
        set("PORT", port.number().to_string());
        set("DATA_DIR", folder.path().join("data").display().to_string());
        set("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8".to_owned());
        if let Some(port) = &dashboard_port {
            set("DASHBOARD_PORT", port.number().to_string());
        }
        if let Some(port) = &intercept_port {
            set("INTERCEPT_PORT", port.number().to_string());
        }
        let database = match storage {
            Storage::Sqlite => None,
            Storage::Postgres => {
                let database = PostgresDatabase::create().await;
                set("DATABASE_URL", database.url());
                set(
                    "JWT_SECRET",
                    "a-secret-of-the-tests-for-tokens-0123456789".to_owned(),
                );
                set(
                    "ENCRYPTION_SECRET",
                    "a-secret-of-the-tests-for-the-vault-0123456789".to_owned(),
                );
                Some(database)
            }
        };
        TestGateway {
            process: None,
            settings,
            port,
            dashboard_port,
            intercept_port,
            storage,
            database,
            folder,
        }
    }
}

/// The gateway of a test. Dropping it kills the process and removes its data.
pub struct TestGateway {
    // Fields are dropped in this order: the process before the resources that it uses.
    process: Option<ServerProcess>,
    settings: BTreeMap<String, String>,
    port: ReservedPort,
    dashboard_port: Option<ReservedPort>,
    intercept_port: Option<ReservedPort>,
    storage: Storage,
    database: Option<PostgresDatabase>,
    folder: TempDir,
}

/// Runs a command with `input` on its standard input and returns its exit status and output. Panics if it
/// does not end within eight minutes.
pub async fn finish(command: Command, input: &str) -> Output {
    let mut command = tokio::process::Command::from(command);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let what = format!("{:?}", command.as_std());
    let mut child = command.spawn().expect("the binary can be run");
    let mut to_child = child.stdin.take().expect("standard input is a pipe");
    // A command that does not read may have closed it.
    let _ = to_child.write_all(input.as_bytes()).await;
    drop(to_child);
    let ended = tokio::time::timeout(COMMAND_LIMIT, child.wait_with_output()).await;
    let ended = ended.unwrap_or_else(|_| panic!("{what} did not end within {COMMAND_LIMIT:?}"));
    ended.expect("the command ends")
}

impl TestGateway {
    /// Prepares a gateway. Upstreams on loopback addresses are allowed unless the test sets
    /// `UPSTREAM_PRIVATE_ALLOW` itself.
    pub fn builder(storage: Storage) -> TestGatewayBuilder {
        TestGatewayBuilder {
            storage,
            settings: BTreeMap::new(),
            dashboard_port: false,
            intercept_port: false,
        }
    }

    /// Starts a gateway with the default settings.
    pub async fn start(storage: Storage) -> Self {
        Self::builder(storage).start().await
    }

    /// Returns a client of the port that agents call.
    pub fn client(&self) -> Client {
        Client::new(self.port.address())
    }

    /// Returns a client of the port that humans call: the agents' port unless the dashboard has its own.
    pub fn dashboard(&self) -> Client {
        Client::new(self.dashboard_port.as_ref().unwrap_or(&self.port).address())
    }

    /// Returns the port that agents call.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Returns the address of the forward proxy. Panics without [`intercept_port`](TestGatewayBuilder::intercept_port).
    pub fn intercept_address(&self) -> SocketAddr {
        let port = self.intercept_port.as_ref();
        port.expect("the gateway has a forward proxy").address()
    }

    /// Returns the URL that agents call.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Returns the folder of the generated secrets and the embedded database.
    pub fn data_dir(&self) -> PathBuf {
        PathBuf::from(&self.settings["DATA_DIR"])
    }

    /// Returns a temporary folder of this gateway.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns which kind of database it uses.
    pub fn storage(&self) -> Storage {
        self.storage
    }

    /// Returns the URL of its database for sqlx.
    pub fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => format!(
                "sqlite://{}",
                self.data_dir().join("gaiterguard.db").display()
            ),
        }
    }

    /// Returns everything that its processes have printed.
    pub fn logs(&self) -> String {
        std::fs::read(self.log_file())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Returns the process id. Panics if the gateway is not running.
    pub fn process_id(&self) -> u32 {
        self.process.as_ref().expect("the gateway is running").id()
    }

    /// Returns the most memory that the process has had resident, in bytes. Panics if the gateway is not running.
    pub fn peak_memory_bytes(&self) -> usize {
        let path = format!("/proc/{}/status", self.process_id());
        let status = std::fs::read_to_string(path).expect("Linux describes the process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
        kibibytes.expect("Linux reports the peak in KiB") << 10
    }

    /// Starts another replica with the same database, data folder and settings, on ports of its own. It must be
    /// dropped before this one.
    pub async fn start_replica(&self) -> Self {
        let port = ReservedPort::take();
        let dashboard_port = self.dashboard_port.as_ref().map(|_| ReservedPort::take());
        let mut settings = self.settings.clone();
        settings.insert("PORT".to_owned(), port.number().to_string());
        if let Some(port) = &dashboard_port {
            settings.insert("DASHBOARD_PORT".to_owned(), port.number().to_string());
        }
        let intercept_port = self.intercept_port.as_ref().map(|_| ReservedPort::take());
        if let Some(port) = &intercept_port {
            settings.insert("INTERCEPT_PORT".to_owned(), port.number().to_string());
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut replica = Self {
            process: None,
            settings,
            port,
            dashboard_port,
            intercept_port,
            storage: self.storage,
            database: None,
            folder,
        };
        replica
            .settings
            .insert("DATABASE_URL".to_owned(), self.database_url());
        replica.start_process().await;
        replica
    }

    /// Changes a setting for the next start.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers and strings read alike at the call"
    )]
    pub fn set(&mut self, name: &str, value: impl ToString) {
        self.settings.insert(name.to_owned(), value.to_string());
    }

    /// Sends SIGKILL, so that the process can finish nothing.
    pub fn kill9(&mut self) {
        self.process
            .as_mut()
            .expect("the gateway is running")
            .kill();
        self.process = None;
    }

    /// Sends SIGTERM and waits for the process to end.
    pub async fn terminate(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the gateway is running");
        process.signal_terminate();
        process.wait(STOP_LIMIT).await
    }

    /// Sends SIGTERM without waiting, to observe the gateway while it drains.
    pub fn begin_to_terminate(&self) {
        self.process
            .as_ref()
            .expect("the gateway is running")
            .signal_terminate();
    }

    /// Waits until the process ends by itself.
    pub async fn wait(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the gateway is running");
        process.wait(STOP_LIMIT).await
    }

    /// Starts it again on its data, after [`kill9`](Self::kill9) or [`terminate`](Self::terminate). Kills it first
    /// if it is still running.
    pub async fn restart(&mut self) {
        self.process = None;
        self.start_process().await;
    }

    /// Runs another command of the binary with the same settings and `input` on its standard input, like
    /// [`finish`].
    pub async fn run(&self, arguments: &[&str], input: &str) -> Output {
        finish(self.command(arguments), input).await
    }

    /// Builds a command of the binary with the same settings, for the test to run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(gateway_binary());
        command
            .args(arguments)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "TMPDIR"))
            .envs(&self.settings)
            // A folder without a `.env` file, unlike the checkout.
            .current_dir(self.folder.path());
        command
    }

    async fn start_process(&mut self) {
        let command = self.command(&["serve"]);
        let process = ServerProcess::start("gaiterguard", command, self.log_file());
        let process = self.process.insert(process);
        let client = Client::new(self.port.address());
        let started = std::time::Instant::now();
        loop {
            process.assert_running();
            let ready = client
                .get("/ready")
                .limit(Duration::from_secs(5))
                .try_send()
                .await;
            if ready.is_ok_and(|response| response.status == 200) {
                return;
            }
            assert!(
                started.elapsed() < START_LIMIT,
                "not ready within {START_LIMIT:?}:\n{}",
                process.last_logs()
            );
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("gateway.log")
    }
}

//! The gateway as a process of its own, on a database and ports of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

use crate::binary::gateway_binary;
use crate::client::Client;
use crate::database::{PostgresDatabase, Storage};
use crate::port::ReservedPort;
use crate::process::ServerProcess;

/// A start runs the migrations; on a busy machine that takes a while.
const START_LIMIT: Duration = Duration::from_mins(1);
/// Commands other than serving end by themselves, some after minutes on a busy machine.
const COMMAND_LIMIT: Duration = Duration::from_mins(4);
/// A drain waits for running calls.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// How a [`TestGateway`] is to be started.
#[must_use]
pub struct TestGatewayBuilder {
    storage: Storage,
    settings: BTreeMap<String, String>,
    dashboard_port: bool,
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

    /// Starts the gateway and waits until it is ready; panics with its log if it does not become so.
    pub async fn start(self) -> TestGateway {
        let mut gateway = self.prepare().await;
        gateway.start_process().await;
        gateway
    }

    /// Makes database, folder and ports, without starting anything: for other commands of the binary,
    /// and for a first start that is to fail.
    pub async fn prepare(self) -> TestGateway {
        let Self {
            storage,
            mut settings,
            dashboard_port,
        } = self;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = ReservedPort::take();
        let dashboard_port = dashboard_port.then(ReservedPort::take);
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
            storage,
            database,
            folder,
        }
    }
}

/// A gateway of one test. It is killed, and what it stored removed, when this value is dropped.
pub struct TestGateway {
    // Dropped in this order: the process before what it uses.
    process: Option<ServerProcess>,
    settings: BTreeMap<String, String>,
    port: ReservedPort,
    dashboard_port: Option<ReservedPort>,
    storage: Storage,
    database: Option<PostgresDatabase>,
    folder: TempDir,
}

/// Runs a command with `input` on its standard input and gives back its exit status and what it
/// printed; panics if it does not end within some minutes.
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
    /// A gateway to be set up. Upstreams on loopback addresses are allowed unless the test sets
    /// `UPSTREAM_PRIVATE_ALLOW` itself.
    pub fn builder(storage: Storage) -> TestGatewayBuilder {
        TestGatewayBuilder {
            storage,
            settings: BTreeMap::new(),
            dashboard_port: false,
        }
    }

    /// Starts a gateway with the settings that a first start has.
    pub async fn start(storage: Storage) -> Self {
        Self::builder(storage).start().await
    }

    /// A client of the port that agents call.
    pub fn client(&self) -> Client {
        Client::new(self.port.address())
    }

    /// A client of the port that humans call: the same one unless the dashboard has its own.
    pub fn dashboard(&self) -> Client {
        Client::new(self.dashboard_port.as_ref().unwrap_or(&self.port).address())
    }

    /// The port that agents call.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The address that agents call, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// The folder of generated secrets and the embedded database.
    pub fn data_dir(&self) -> PathBuf {
        PathBuf::from(&self.settings["DATA_DIR"])
    }

    /// A folder of this test's own, removed with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it stands on.
    pub fn storage(&self) -> Storage {
        self.storage
    }

    /// The URL under which sqlx reaches its database.
    pub fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => format!(
                "sqlite://{}",
                self.data_dir().join("gaiterguard.db").display()
            ),
        }
    }

    /// Everything that its processes printed until now.
    pub fn logs(&self) -> String {
        std::fs::read(self.log_file())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The process id; panics if it is not running.
    pub fn process_id(&self) -> u32 {
        self.process.as_ref().expect("the gateway is running").id()
    }

    /// A further replica on the same database and data folder, on ports of its own, with the same
    /// settings; it must be dropped before this one.
    pub async fn start_replica(&self) -> Self {
        let port = ReservedPort::take();
        let dashboard_port = self.dashboard_port.as_ref().map(|_| ReservedPort::take());
        let mut settings = self.settings.clone();
        settings.insert("PORT".to_owned(), port.number().to_string());
        if let Some(port) = &dashboard_port {
            settings.insert("DASHBOARD_PORT".to_owned(), port.number().to_string());
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut replica = Self {
            process: None,
            settings,
            port,
            dashboard_port,
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

    /// `kill -9`: nothing is flushed, nothing is said.
    pub fn kill9(&mut self) {
        self.process
            .as_mut()
            .expect("the gateway is running")
            .kill();
        self.process = None;
    }

    /// Sends SIGTERM and waits for the end.
    pub async fn terminate(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the gateway is running");
        process.signal_terminate();
        process.wait(STOP_LIMIT).await
    }

    /// Sends SIGTERM and does not wait: for what happens while it drains.
    pub fn begin_to_terminate(&self) {
        self.process
            .as_ref()
            .expect("the gateway is running")
            .signal_terminate();
    }

    /// Waits until the process has ended by itself.
    pub async fn wait(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the gateway is running");
        process.wait(STOP_LIMIT).await
    }

    /// Starts it again on what it left, after [`kill9`](Self::kill9) or
    /// [`terminate`](Self::terminate); kills it first if it still runs.
    pub async fn restart(&mut self) {
        self.process = None;
        self.start_process().await;
    }

    /// Runs another command of the binary with the same settings and `input` on its standard input;
    /// see [`finish`].
    pub async fn run(&self, arguments: &[&str], input: &str) -> Output {
        finish(self.command(arguments), input).await
    }

    /// The binary with the same settings and `arguments`, to be run by the test itself.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(gateway_binary());
        command
            .args(arguments)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "TMPDIR"))
            .envs(&self.settings)
            // So that no .env file of the checkout is read.
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

//! A real server of a Python package as an upstream: a program in `tests/upstreams` that records what it
//! receives.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;
use crate::python::python_command;
use crate::reserved_port::ReservedPort;
use crate::server_process::ServerProcess;

/// Large packages take a while to import on a busy machine.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A running server. Dropping it ends the process.
pub struct PythonUpstream {
    process: ServerProcess,
    port: ReservedPort,
    folder: TempDir,
}

impl PythonUpstream {
    /// Starts a program of `tests/upstreams` with these environment variables and waits until it responds to a
    /// GET of `/`. Panics with its output if it does not.
    pub async fn start(program: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = ReservedPort::take();
        let upstreams = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/upstreams");
        let mut command = python_command("python", folder.path());
        command
            .arg(upstreams.join(program))
            .arg(port.number().to_string())
            .arg(record(folder.path()))
            .envs(variables.iter().copied());
        let log = folder.path().join("upstream.log");
        let mut upstream = Self {
            process: ServerProcess::start(program, command, log),
            port,
            folder,
        };
        upstream.until_ready().await;
        upstream
    }

    /// Returns its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Returns a client that calls it directly.
    pub fn client(&self) -> Client {
        Client::new(self.port.address())
    }

    /// Returns the heads of all requests that it received: `method`, `target` and `headers`, whose names are in
    /// lower case.
    pub fn received(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(record(self.folder.path())).expect("the record exists");
        let heads = text.lines().map(serde_json::from_str);
        heads.collect::<Result<_, _>>().expect("lines of JSON")
    }

    async fn until_ready(&mut self) {
        let client = self.client();
        let started = Instant::now();
        loop {
            self.process.assert_running();
            let call = client.get("/").limit(Duration::from_secs(5));
            if call.try_send().await.is_ok() {
                return;
            }
            assert!(
                started.elapsed() < START_LIMIT,
                "not ready:\n{}",
                self.process.last_logs()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Returns the file of the requests that it received.
fn record(folder: &Path) -> std::path::PathBuf {
    folder.join("received.jsonl")
}

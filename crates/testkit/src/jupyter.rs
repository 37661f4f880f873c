//! A real Jupyter server as an upstream: files behind a token, and a Swagger document.

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::client::Client;
use crate::python::{python_command, python_tools};
use crate::reserved_port::ReservedPort;
use crate::server_process::ServerProcess;

const START_LIMIT: Duration = Duration::from_mins(1);

/// A Jupyter server. Dropping it ends the process.
pub struct Jupyter {
    process: ServerProcess,
    port: ReservedPort,
    folder: TempDir,
    /// A real credential of that server, for `Authorization: token …`.
    pub token: String,
}

impl Jupyter {
    /// Starts a server of an empty folder and waits until it responds.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("files")).expect("a folder of files");
        let port = ReservedPort::take();
        let token = hex::encode(Sha256::digest(folder.path().display().to_string()));
        let mut command = python_command("python", folder.path());
        command.args([
            "-m",
            "jupyter_server",
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
        ]);
        command.arg(format!("--ServerApp.port={}", port.number()));
        command.arg("--ServerApp.port_retries=0");
        command.arg(format!(
            "--ServerApp.root_dir={}",
            folder.path().join("files").display()
        ));
        // Deleted files must not be moved to the trash.
        command.arg("--FileContentsManager.delete_to_trash=False");
        // A variable, because every user of the machine can read arguments.
        command.env("JUPYTER_TOKEN", &token);
        let log = folder.path().join("jupyter.log");
        let process = ServerProcess::start("jupyter", command, log);
        let mut jupyter = Self {
            process,
            port,
            folder,
            token,
        };
        jupyter.until_ready().await;
        jupyter
    }

    /// Returns its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Returns the path of one of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("files").join(name)
    }

    /// Returns the Swagger 2.0 document in YAML that the package includes for its own API.
    pub fn description(&self) -> String {
        let library = python_tools().join("lib");
        let versions = std::fs::read_dir(library).expect("the environment has a library");
        versions
            .filter_map(Result::ok)
            .map(|version| {
                version
                    .path()
                    .join("site-packages/jupyter_server/services/api/api.yaml")
            })
            .find_map(|path| std::fs::read_to_string(path).ok())
            .expect("the package includes its description")
    }

    async fn until_ready(&mut self) {
        let client = Client::new(self.port.address());
        let started = std::time::Instant::now();
        loop {
            self.process.assert_running();
            let call = client.get("/api").limit(Duration::from_secs(5));
            if call
                .try_send()
                .await
                .is_ok_and(|response| response.status == 200)
            {
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

#[cfg(test)]
mod tests {
    use super::Jupyter;
    use crate::client::Client;

    #[tokio::test]
    async fn files_are_served_only_with_the_token() {
        let jupyter = Jupyter::start().await;
        std::fs::write(jupyter.file("a.txt"), "text").unwrap();
        let client = Client::new(jupyter.port.address());
        client.get("/api/contents").send().await.expect_status(403);
        let token = format!("token {}", jupyter.token);
        let listed = client
            .get("/api/contents")
            .header("authorization", &token)
            .send()
            .await;
        assert_eq!(
            listed.expect_status(200).json()["content"][0]["name"],
            "a.txt"
        );
        assert!(jupyter.description().contains("swagger"));
    }
}

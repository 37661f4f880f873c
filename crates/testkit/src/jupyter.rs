//! A real Jupyter server as an upstream: files behind a token, and a Swagger document of its own.

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::client::Client;
use crate::port::ReservedPort;
use crate::process::ServerProcess;
use crate::python::{python_command, python_tools};

const START_LIMIT: Duration = Duration::from_mins(1);

/// A Jupyter server that ends with this value.
pub struct Jupyter {
    process: ServerProcess,
    port: ReservedPort,
    folder: TempDir,
    /// A real credential of that server: it takes `Authorization: token …`.
    pub token: String,
}

impl Jupyter {
    /// Starts one that serves an empty folder and waits until it answers.
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
        // What is deleted is to be gone, not in a wastebasket.
        command.arg("--FileContentsManager.delete_to_trash=False");
        // As a variable, since arguments can be read by everyone on the machine.
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

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Where a file of the server lies on this machine's disk.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("files").join(name)
    }

    /// The Swagger 2.0 document that the package ships for its own API, as YAML.
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
            .expect("the package ships its description")
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
    async fn it_serves_files_to_those_who_hold_the_token_only() {
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

//! nginx as a process.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gaiterguard_testkit::{Client, ReservedPort, eventually};
use tempfile::TempDir;

/// How long it may take to start on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Where packages install it. On Debian, the `PATH` of an ordinary user does not have its folder.
const FOLDERS: &str = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin";

/// A running nginx. Dropping it ends the process.
pub(super) struct Nginx {
    process: Child,
    address: SocketAddr,
    // Its files and its port belong to it while it runs.
    _folder: TempDir,
    _port: ReservedPort,
}

impl Nginx {
    /// Starts nginx with the `server` block of its configuration, which listens on `port`. Panics with its log
    /// if it does not start.
    pub(super) async fn start(port: ReservedPort, server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nginx.conf");
        let log = folder.path().join("error.log");
        std::fs::write(&file, configuration(folder.path(), server)).unwrap();
        let mut command = Command::new("nginx");
        command
            .env_clear()
            .env("PATH", FOLDERS)
            .arg("-p")
            .arg(folder.path())
            .arg("-e")
            .arg(&log)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null());
        let process = command.spawn().unwrap_or_else(|error| {
            panic!("nginx did not start, see scripts/prerequisites.sh: {error}")
        });
        let mut nginx = Self {
            process,
            address: port.address(),
            _folder: folder,
            _port: port,
        };
        let address = nginx.address;
        let process = &mut nginx.process;
        eventually("nginx listens", START_LIMIT, || {
            let ended = process.try_wait().unwrap();
            let logs = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none(), "nginx ended:\n{logs}");
            async move { tokio::net::TcpStream::connect(address).await.ok() }
        })
        .await;
        nginx
    }

    /// Returns a client that calls it.
    pub(super) fn client(&self) -> Client {
        Client::new(self.address)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns a configuration in which nothing differs from the defaults but files and processes: one process, which
/// has no child that could outlive it, and all files in `folder`.
fn configuration(folder: &Path, server: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"
    )
}

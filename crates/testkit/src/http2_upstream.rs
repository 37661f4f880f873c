//! An upstream that speaks HTTP/2 only: `node:http2`, with TLS for `localhost`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The line that it prints for each connection.
const CONNECTION: &str = "connection";

/// A server whose response is the method, the path and the length of the body, with a trailer `x-asked-by` that
/// repeats the `Authorization` of the request. At `/stream` it is an event, and does not end.
pub struct Http2Upstream {
    port: u16,
    folder: TempDir,
    printed: Arc<Mutex<Vec<String>>>,
    _server: Child,
}

impl Http2Upstream {
    /// Starts the server.
    pub async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]);
        let made = made.expect("a certificate");
        let folder = tempfile::tempdir().expect("a folder");
        let pem_file = folder.path().join("upstream.pem");
        let pem = made.cert.pem() + &made.signing_key.serialize_pem();
        std::fs::write(&pem_file, pem).expect("it is written");
        let script = "../../tests/upstreams/http2.mjs";
        let mut server = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
            .arg(&pem_file)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node can be run");
        let output = server.stdout.take().expect("it is a pipe");
        let mut lines = BufReader::new(output).lines();
        let port = lines.next_line().await.expect("it prints a line");
        let port = port.expect("it prints its port").parse();
        let printed = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn({
            let printed = Arc::clone(&printed);
            async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    printed.lock().expect("no test panics with it").push(line);
                }
            }
        });
        Self {
            port: port.expect("a port"),
            folder,
            printed,
            _server: server,
        }
    }

    /// Returns its URL, without a path.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Returns the file of its certificate, in PEM.
    pub fn certificate_file(&self) -> PathBuf {
        self.folder.path().join("upstream.pem")
    }

    /// Returns the method and path of each request so far.
    pub fn requests(&self) -> Vec<String> {
        let mut printed = self.printed();
        printed.retain(|line| line != CONNECTION);
        printed
    }

    /// Returns how many connections it has accepted.
    pub fn connections(&self) -> usize {
        let printed = self.printed();
        printed.iter().filter(|line| *line == CONNECTION).count()
    }

    fn printed(&self) -> Vec<String> {
        let printed = self.printed.lock();
        printed.expect("no test panics with it").clone()
    }
}

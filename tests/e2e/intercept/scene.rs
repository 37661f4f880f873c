//! A gateway with a proxy port, in front of an upstream with TLS and a name.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{EchoUpstream, Storage, TestGateway, eventually, finish, raw_exchange};
use serde_json::Value;

/// How long a test waits for bytes of the proxy.
const RAW_LIMIT: Duration = Duration::from_secs(10);

/// A scene whose service is at `https://localhost:PORT`, and the file of the gateway's CA certificate.
pub(super) struct Proxied {
    pub(super) scene: Scene,
    pub(super) ca_file: PathBuf,
}

/// The response to a command-line client.
pub(super) struct Received {
    /// The status, and 0 if there was no response.
    pub(super) status: u16,
    /// The status of the response to CONNECT, and 0 if there was none.
    pub(super) connect_status: u16,
    pub(super) text: String,
}

impl Proxied {
    pub(super) async fn new() -> Self {
        let upstream = EchoUpstream::start_with_tls(&["localhost"]).await;
        let file = upstream.certificate_file().display().to_string();
        Self::trusting(upstream, Some(file)).await
    }

    /// Creates a scene whose gateway trusts the upstreams of this file.
    pub(super) async fn trusting(upstream: EchoUpstream, file: Option<String>) -> Self {
        let mut builder = TestGateway::builder(Storage::Sqlite)
            .intercept_port()
            .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128")
            .setting("LOG", "debug");
        if let Some(file) = file {
            builder = builder.setting("UPSTREAM_CA_FILE", file);
        }
        let scheme = upstream.url().split(':').next().unwrap().to_owned();
        let url = format!("{scheme}://localhost:{}", upstream.address().port());
        let scene = Scene::before(builder, upstream, &url).await;
        let pem = scene.gateway.client().get("/ca.pem").send().await;
        let pem = pem.expect_status(200).text();
        let ca_file = scene.gateway.folder().join("ca.pem");
        std::fs::write(&ca_file, pem).unwrap();
        Self { scene, ca_file }
    }

    /// Returns the authority of the upstream.
    pub(super) fn authority(&self) -> String {
        format!("localhost:{}", self.scene.upstream.address().port())
    }

    /// Returns an address of the upstream.
    pub(super) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.authority())
    }

    /// Returns the proxy with the agent's key, as in `HTTPS_PROXY`.
    pub(super) fn proxy_url(&self) -> String {
        let key = &self.scene.agent.key;
        format!(
            "http://report:{key}@{}",
            self.scene.gateway.intercept_address()
        )
    }

    /// Returns a command of curl that uses the proxy.
    pub(super) fn curl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--show-error", "--max-time", "60"])
            .args(["--include", "--suppress-connect-headers"])
            .args(["--write-out", "\n%{http_code} %{http_connect}\n"])
            .args(["--proxy", &self.proxy_url(), "--noproxy", ""])
            .arg("--cacert")
            .arg(&self.ca_file)
            .args(arguments);
        command
    }

    /// Sends a request with curl.
    pub(super) async fn send(&self, arguments: &[&str]) -> Received {
        let output = finish(self.curl(arguments), "").await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let text = format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
        let mut numbers = text.lines().rev().filter_map(|line| {
            let (status, connect) = line.split_once(' ')?;
            let is_number = status.len() == 3 && connect.len() == 3;
            is_number.then_some((status.parse().ok()?, connect.parse().ok()?))
        });
        let (status, connect_status) = numbers.next().unwrap_or_else(|| panic!("{text}"));
        Received {
            status,
            connect_status,
            text,
        }
    }

    /// Sends these bytes to the proxy and returns everything it sends back.
    pub(super) async fn raw(&self, bytes: &str) -> String {
        let address = self.scene.gateway.intercept_address();
        let pieces = [(Duration::ZERO, bytes.as_bytes())];
        let received = raw_exchange(address, &pieces, RAW_LIMIT).await;
        String::from_utf8_lossy(&received).into_owned()
    }

    /// Returns the details of the recorded refusals, oldest first, once there are this many.
    pub(super) async fn refusals(&self, count: usize) -> Vec<Value> {
        let human = &self.scene.human;
        eventually("the refusals are recorded", RAW_LIMIT, || async {
            let entries = human.read("/audit?limit=100").await;
            let entries = entries["items"].as_array().unwrap().iter().rev();
            let refusals = entries.filter(|entry| entry["event"] == "proxy.refused");
            let details: Vec<Value> = refusals
                .map(|entry| {
                    let agent = format!("agent:{}", self.scene.agent.id);
                    assert_eq!(entry["actor"], agent);
                    entry["detail"].clone()
                })
                .collect();
            (details.len() == count).then_some(details)
        })
        .await
    }

    /// Returns the header with the agent's key.
    pub(super) fn authorization(&self) -> String {
        let pair = format!("report:{}", self.scene.agent.key);
        format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(pair))
    }

    /// Returns the head of a CONNECT request with the agent's key, after which the proxy closes the connection
    /// if it refuses.
    pub(super) fn connect(&self, authority: &str) -> String {
        let authorization = self.authorization();
        format!(
            "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n{authorization}\r\n"
        )
    }
}

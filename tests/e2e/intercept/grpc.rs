//! gRPC through the proxy port: the package grpcio on both sides, over HTTP/2 from end to end.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use gaiterguard_testkit::scene::CREDENTIAL;
use gaiterguard_testkit::{
    Agent, EchoUpstream, Human, Storage, TestGateway, finish, python_command,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/proxied_grpc.py")
}

/// A gateway in front of an upstream with TLS, to which calls of gRPC are made.
struct Things {
    folder: TempDir,
    gateway: TestGateway,
    human: Human,
    agent: Agent,
    address: String,
}

/// A server of gRPC, and what it prints.
struct Server {
    _process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Things {
    /// Creates a gateway in front of a server of gRPC.
    async fn new() -> (Self, Server) {
        let folder = tempfile::tempdir().unwrap();
        let pem_file = folder.path().join("upstream.pem");
        let mut server = python_command("python", folder.path());
        server.arg(script()).arg("serve").arg(&pem_file);
        let mut process = tokio::process::Command::from(server)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().unwrap();
        let things = Self::before(folder, format!("localhost:{port}"), &pem_file).await;
        let server = Server {
            _process: process,
            lines,
        };
        (things, server)
    }

    async fn before(folder: TempDir, address: String, pem_file: &Path) -> Self {
        let gateway = TestGateway::builder(Storage::Sqlite)
            .intercept_port()
            .setting("UPSTREAM_CA_FILE", pem_file.display())
            .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128")
            .start()
            .await;
        let human = Human::register(&gateway).await;
        let url = format!("https://{address}");
        let service = human.create_bearer_service("things", &url, CREDENTIAL);
        let service = service.await;
        let agent = human.create_agent("caller", &[&service]).await;
        for (name, effect) in [("Pay", "require_approval"), ("Delete", "deny")] {
            let condition = format!("request.path == '/things.Things/{name}'");
            let rule = json!({
                "name": name, "effect": effect, "condition": condition, "enabled": true,
            });
            human.create_rule(rule).await;
        }
        let rule = json!({"name": "Everything", "effect": "allow", "enabled": true});
        human.create_rule(rule).await;
        let pem = gateway.client().get("/ca.pem").send().await.text();
        std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
        Self {
            folder,
            gateway,
            human,
            agent,
            address,
        }
    }

    /// Makes a call, and returns what the client prints.
    async fn call(&self, kind: &str, method: &str, metadata: &[&str]) -> Vec<Value> {
        let mut client = python_command("python", self.folder.path());
        let proxy = format!(
            "http://x:{}@{}",
            self.agent.key,
            self.gateway.intercept_address()
        );
        client
            .env("grpc_proxy", proxy)
            .arg(script())
            .args(["call", &self.address])
            .arg(self.folder.path().join("ca.pem"))
            .args([kind, method])
            .args(metadata);
        let output = finish(client, "").await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        let printed = String::from_utf8(output.stdout).unwrap();
        printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Server {
    /// Returns the next line that the server prints.
    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(Duration::from_secs(20), self.lines.next_line());
        line.await.unwrap().unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_call_has_the_injected_credential_and_keeps_its_metadata_and_status() {
    let (things, _server) = Things::new().await;
    let printed = things
        .call("unary", "Get", &["authorization=Bearer placeholder"])
        .await;
    // The server shows the credential, so it is masked.
    let masked = "*".repeat(CREDENTIAL.len());
    assert_eq!(
        printed[0]["message"],
        format!("got hello from Bearer {masked}")
    );
    assert_eq!(printed[1]["status"], "OK");
    assert_eq!(printed[1]["trailing"]["x-cost"], "7");

    let printed = things.call("unary", "Fail", &[]).await;
    assert_eq!(printed[0]["status"], "NOT_FOUND");
    assert_eq!(printed[0]["text"], format!("no such key: Bearer {masked}"));

    let requests = things.human.read("/requests").await;
    let entry = &requests["items"][1];
    assert_eq!(entry["method"], "POST");
    assert_eq!(
        entry["target_url"],
        format!("https://{}/things.Things/Get", things.address)
    );
    assert_eq!(entry["upstream_status"], 200);
}

#[tokio::test]
async fn a_held_call_names_its_action_or_waits_for_a_human() {
    let (things, mut server) = Things::new().await;
    let printed = things.call("unary", "Pay", &[]).await;
    assert_eq!(printed[0]["status"], "FAILED_PRECONDITION", "{printed:?}");
    let pending = things.human.pending().await;
    assert_eq!(pending.len(), 1);
    let text = printed[0]["text"].as_str().unwrap();
    let action = pending[0]["action_id"].as_str().unwrap();
    assert!(
        text.contains(action) && text.contains("prefer: wait="),
        "{text}"
    );

    // The same call again is the same action, and waits for the decision.
    let (printed, _) = tokio::join!(
        things.call("unary", "Pay", &["prefer=wait=60"]),
        things
            .human
            .decide_next("/things.Things/Pay", "approve", "checked"),
    );
    assert_eq!(printed[1]["status"], "OK", "{printed:?}");
    assert_eq!(printed[1]["trailing"]["x-cost"], "7");
    assert!(server.line().await.contains("hello"));

    let (printed, _) = tokio::join!(
        things.call("unary", "Pay", &["prefer=wait=60"]),
        things
            .human
            .decide_next("/things.Things/Pay", "deny", "too much"),
    );
    assert_eq!(printed[0]["status"], "PERMISSION_DENIED", "{printed:?}");
}

#[tokio::test]
async fn a_refused_call_has_a_status_of_grpc() {
    let (things, _server) = Things::new().await;
    let printed = things.call("unary", "Delete", &[]).await;
    assert_eq!(printed[0]["status"], "PERMISSION_DENIED", "{printed:?}");
    let text = printed[0]["text"].as_str().unwrap();
    assert!(text.contains("rule"), "{text}");
    let block = format!("/agents/{}/block", things.agent.id);
    things.human.post(&block).send().await.expect_status(200);
    // The tunnel is refused, which clients of gRPC report as a failure of the connection.
    let printed = things.call("unary", "Get", &[]).await;
    assert_eq!(printed[0]["status"], "UNAVAILABLE", "{printed:?}");
}

#[tokio::test]
async fn messages_pass_in_both_directions_as_they_are_sent() {
    let (things, _server) = Things::new().await;
    let printed = things.call("watch", "Watch", &[]).await;
    let messages: Vec<_> = printed[..3]
        .iter()
        .map(|one| one["message"].clone())
        .collect();
    assert_eq!(messages, ["event 0", "event 1", "event 2"]);
    assert_eq!(printed[3]["status"], "OK");
    let after = |index: usize| printed[index]["after_ms"].as_u64().unwrap();
    assert!(after(2) - after(0) >= 400, "{printed:?}");

    let printed = things.call("upload", "Upload", &[]).await;
    assert_eq!(printed[0]["message"], "3000000 bytes");
    assert_eq!(printed[1]["status"], "OK");

    let printed = things.call("chat", "Chat", &[]).await;
    let messages: Vec<_> = printed[..3]
        .iter()
        .map(|one| one["message"].clone())
        .collect();
    assert_eq!(messages, ["you said one", "you said two", "you said three"]);
    assert_eq!(printed[3]["status"], "OK");
}

#[tokio::test]
async fn a_repeated_call_with_a_key_has_its_stored_response_and_status() {
    let (things, mut server) = Things::new().await;
    for method in ["Get", "Fail"] {
        let key = format!("idempotency-key={method}");
        let first = things.call("unary", method, &[&key]).await;
        let again = things.call("unary", method, &[&key]).await;
        for (first, again) in first.iter().zip(&again) {
            for member in ["message", "status", "text"] {
                assert_eq!(first[member], again[member], "{first} {again}");
            }
        }
        assert_eq!(first.len(), again.len());
    }
    assert!(server.line().await.contains("hello"));
    assert_eq!(
        things.human.read("/requests").await["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_hundred_calls_share_a_connection() {
    let (things, _server) = Things::new().await;
    let printed = things.call("together", "Get", &[]).await;
    assert_eq!(printed[0]["message"], 100);
    assert_eq!(printed[1]["status"], "OK");
}

#[tokio::test]
async fn a_cancelled_call_is_cancelled_at_the_server() {
    let (things, mut server) = Things::new().await;
    let printed = things.call("cancel", "Wait", &[]).await;
    assert_eq!(printed[0]["status"], "CANCELLED");
    let block = format!("/agents/{}/block", things.agent.id);
    things.human.post(&block).send().await.expect_status(200);
    assert!(server.line().await.contains("ended"));
}

#[tokio::test]
async fn a_call_to_an_upstream_without_http_2_fails_clearly() {
    let upstream = EchoUpstream::start_with_tls(&["localhost"]).await;
    let address = format!("localhost:{}", upstream.address().port());
    let folder = tempfile::tempdir().unwrap();
    let things = Things::before(folder, address, &upstream.certificate_file()).await;
    let printed = things.call("unary", "Get", &[]).await;
    assert_eq!(printed[0]["status"], "UNAVAILABLE", "{printed:?}");
    let text = printed[0]["text"].as_str().unwrap();
    assert!(text.contains("does not speak HTTP/2"), "{text}");
    assert!(text.contains("nothing was sent"), "{text}");
    assert!(upstream.received().is_empty());
}

#[tokio::test]
async fn a_call_over_http_1_is_refused_with_the_remedy() {
    let (things, _server) = Things::new().await;
    let call = things
        .agent
        .call(http::Method::POST, "/s/things/things.Things/Get");
    let response = call.header("content-type", "application/grpc").send().await;
    let problem = response.expect_problem(415, "unsupported_media_type");
    assert!(
        problem.text().contains("INTERCEPT_PORT"),
        "{}",
        problem.text()
    );
}

//! HTTP/2 through the proxy port: with real clients, and against clients that flood it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_testkit::scene::{CREDENTIAL, Scene};
use gaiterguard_testkit::{
    Agent, Http2Upstream, Reply, Storage, TestGateway, finish, python_command,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::scene::Proxied;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

#[tokio::test]
async fn a_client_of_http_2_gets_what_one_of_http_1_gets() {
    let proxied = Proxied::new().await;
    let allow = json!({
        "name": "Uploads", "effect": "allow", "enabled": true,
        "condition": "request.path == '/v1/upload'",
    });
    proxied.scene.human.create_rule(allow).await;
    let deny = json!({
        "name": "No secrets", "effect": "deny", "enabled": true,
        "condition": "request.under('/secret')",
    });
    proxied.scene.human.create_rule(deny).await;
    for (version, line) in [("--http2", "HTTP/2 "), ("--http1.1", "HTTP/1.1 ")] {
        let (open, secret) = (proxied.url("/v1/items?q=%2F"), proxied.url("/secret"));
        let response = proxied.send(&[version, &open, &secret]).await;
        let statuses: Vec<&str> = response
            .text
            .lines()
            .filter(|text| text.starts_with(line))
            .map(|text| text[line.len()..].split(' ').next().unwrap())
            .collect();
        assert_eq!(statuses, ["200", "403"], "{version}: {}", response.text);
        let upload = proxied.url("/v1/upload");
        let data = [
            "--data-binary",
            "some text",
            "--header",
            "Content-Type: text/plain",
        ];
        let mut arguments = vec![version, &upload];
        arguments.extend(data);
        assert_eq!(proxied.send(&arguments).await.status, 200, "{version}");
    }
    let received = proxied.scene.upstream.received();
    let targets: Vec<_> = received.iter().map(|one| one.target.as_str()).collect();
    assert_eq!(
        targets,
        [
            "/v1/items?q=%2F",
            "/v1/upload",
            "/v1/items?q=%2F",
            "/v1/upload"
        ]
    );
    for (by_http_2, by_http_1) in [(0, 2), (1, 3)] {
        let (by_http_2, by_http_1) = (&received[by_http_2], &received[by_http_1]);
        assert_eq!(by_http_2.text(), by_http_1.text());
        for name in [
            "authorization",
            "host",
            "content-length",
            "content-type",
            "accept",
        ] {
            assert_eq!(by_http_2.header(name), by_http_1.header(name), "{name}");
        }
        let expected = format!("Bearer {CREDENTIAL}");
        assert_eq!(by_http_2.header("authorization"), Some(expected.as_str()));
    }
}

#[tokio::test]
async fn a_request_in_http_2_must_be_for_the_host_and_port_of_its_tunnel() {
    let proxied = Proxied::new().await;
    let url = proxied.url("/items");
    for authority in ["other.example", "localhost", "localhost:1"] {
        let host = format!("Host: {authority}");
        let response = proxied.send(&["--http2", "--header", &host, &url]).await;
        assert_eq!(response.status, 421, "{authority}: {}", response.text);
        assert!(
            response.text.contains("misdirected_request"),
            "{}",
            response.text
        );
    }
    assert!(proxied.scene.upstream.received().is_empty());
}

#[tokio::test]
async fn a_hundred_requests_share_a_connection_and_do_not_wait_for_each_other() {
    let proxied = Proxied::new().await;
    proxied.scene.allow_everything().await;
    // Each takes a second, so one after the other would take more than a minute.
    let slow = Reply::text("slow").delay(Duration::from_secs(1));
    proxied.scene.upstream.on("/slow", slow);
    let mut command = python_command("python", proxied.scene.gateway.folder());
    command
        .arg(script("proxied_httpx.py"))
        .arg(proxied.proxy_url())
        .arg(&proxied.ca_file)
        .args(["100", &proxied.url("/slow")]);
    let started = Instant::now();
    let output = finish(command, "").await;
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "HTTP/2 200 100\n");
    assert!(started.elapsed().as_secs() < 40, "{:?}", started.elapsed());
    assert_eq!(proxied.scene.upstream.received().len(), 100);
}

#[tokio::test]
async fn trailers_reach_the_clients_that_can_receive_them() {
    let upstream = Http2Upstream::start().await;
    let (file, url) = (upstream.certificate_file(), upstream.url());
    let builder = TestGateway::builder(Storage::Sqlite)
        .intercept_port()
        .setting("UPSTREAM_CA_FILE", file.display())
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128");
    let scene = Scene::before(builder, upstream, &url).await;
    let pem = scene.gateway.client().get("/ca.pem").send().await.text();
    let ca_file = scene.gateway.folder().join("ca.pem");
    std::fs::write(&ca_file, pem).unwrap();
    let proxy = format!(
        "http://x:{}@{}",
        scene.agent.key,
        scene.gateway.intercept_address()
    );
    let (tunnel, direct) = (
        format!("{url}/items"),
        format!("{}/s/things/items", scene.gateway.url()),
    );
    let bearer = format!("Authorization: Bearer {}", scene.agent.key);
    // The upstream repeats the credential in the trailer, so it is masked.
    let trailer = format!("x-asked-by: Bearer {}", "*".repeat(CREDENTIAL.len()));
    let through = ["--proxy", &proxy, "--noproxy", ""];
    let directly = ["--noproxy", "*", "--header", &bearer];
    for (way, url, version, accepts, has_trailers) in [
        (through, &tunnel, "--http2", false, true),
        (through, &tunnel, "--http1.1", true, true),
        (through, &tunnel, "--http1.1", false, false),
        (directly, &direct, "--http1.1", true, true),
        (directly, &direct, "--http1.1", false, false),
    ] {
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--include",
            "--max-time",
            "60",
            version,
            url,
        ])
        .args(way)
        .arg("--cacert")
        .arg(&ca_file);
        if accepts {
            curl.args(["--header", "TE: trailers", "--header", "Connection: TE"]);
        }
        let output = finish(curl, "").await;
        let text = String::from_utf8_lossy(&output.stdout).to_lowercase();
        let context = format!("{version} {url} {accepts}: {text}");
        assert!(text.contains("get /items 0"), "{context}");
        assert_eq!(
            text.contains(&trailer.to_lowercase()),
            has_trailers,
            "{context}"
        );
        assert!(!text.contains(CREDENTIAL), "{context}");
        assert!(!text.contains("content-length: 3"), "{context}");
    }
}

/// Runs a script with these arguments and those that name the proxy and the upstream, and returns what it prints.
pub(super) async fn run_script(proxied: &Proxied, name: &str, arguments: &[&str]) -> Value {
    let authorization = proxied.authorization();
    let (_, authorization) = authorization.trim().split_once(": ").unwrap();
    let authority = proxied.authority();
    let (host, port) = authority.split_once(':').unwrap();
    let proxy = proxied.scene.gateway.intercept_address().port().to_string();
    let mut command = Command::new("node");
    command
        .arg(script(name))
        .args(arguments)
        .args([&proxy, authorization, host, port])
        .arg(&proxied.ca_file);
    let output = finish(command, "").await;
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn a_client_that_floods_its_connection_loses_it_and_harms_no_other() {
    let proxied = Proxied::new().await;
    let url = proxied.url("/items");
    for kind in ["reset", "settings", "ping", "continuation", "headers"] {
        let arguments = [kind];
        let attack = run_script(&proxied, "http2_flood.mjs", &arguments);
        let others = async {
            for _ in 0..5 {
                let response = proxied.send(&["--http2", &url]).await;
                assert_eq!(response.status, 200, "{kind}: {}", response.text);
            }
        };
        let (ended, ()) = tokio::join!(attack, others);
        assert_eq!(ended["alpn"], "h2", "{kind}: {ended}");
        assert_eq!(ended["ended"], true, "{kind}: {ended}");
    }
    let logs = proxied.scene.gateway.logs();
    assert!(!logs.contains("panicked"), "{logs}");
}

#[tokio::test]
async fn a_web_socket_inside_http_2_is_refused_with_the_reason() {
    let proxied = Proxied::new().await;
    let tried = run_script(&proxied, "http2_connect.mjs", &[]).await;
    assert_eq!(tried["offered"], false, "{tried}");
    assert_eq!(tried["webSocket"]["status"], 400, "{tried}");
    let text = tried["webSocket"]["text"].as_str().unwrap();
    assert!(text.contains("malformed_request"), "{text}");
    let remedy = "WebSockets use HTTP/1.1, so the client must offer only http/1.1";
    assert!(text.contains(remedy), "{text}");
    assert_eq!(tried["other"], 200, "{tried}");
    let logs = proxied.scene.gateway.logs();
    let line = logs.lines().find(|line| line.contains(remedy));
    assert!(line.is_some_and(|line| line.contains("INFO")), "{logs}");
    let recorded = proxied.refusals(1).await;
    let reason = recorded[0]["reason"].as_str().unwrap();
    assert!(reason.contains(remedy), "{reason}");
}

/// A client whose streams are open in a tunnel.
struct Streaming {
    to_client: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    _client: Child,
}

impl Streaming {
    /// Starts it, and waits until its stream has begun.
    async fn start(scene: &Scene<Http2Upstream>, agent: &Agent, ca_file: &Path) -> Self {
        let pair = STANDARD.encode(format!("x:{}", agent.key));
        let authority = scene.upstream.url().replace("https://", "");
        let (host, port) = authority.split_once(':').unwrap();
        let proxy = scene.gateway.intercept_address().port().to_string();
        let mut client = tokio::process::Command::new("node")
            .arg(script("http2_revoked.mjs"))
            .args([&proxy, &format!("Basic {pair}"), host, port])
            .arg(ca_file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut streaming = Self {
            to_client: client.stdin.take().unwrap(),
            lines: BufReader::new(client.stdout.take().unwrap()).lines(),
            _client: client,
        };
        let begun = streaming.next().await;
        assert_eq!(begun, json!({"items": 200, "stream": 200}));
        streaming
    }

    async fn next(&mut self) -> Value {
        let line = self.lines.next_line().await.unwrap();
        serde_json::from_str(&line.unwrap()).unwrap()
    }

    /// Lets it continue, and returns what happened to it.
    async fn happened(&mut self) -> Value {
        self.to_client.write_all(b"\n").await.unwrap();
        self.next().await
    }
}

#[tokio::test]
async fn a_right_that_is_revoked_cuts_the_streams_of_its_agent_and_no_others() {
    let upstream = Http2Upstream::start().await;
    let (file, url) = (upstream.certificate_file(), upstream.url());
    let builder = TestGateway::builder(Storage::Sqlite)
        .intercept_port()
        .setting("UPSTREAM_CA_FILE", file.display())
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128");
    let scene = Scene::before(builder, upstream, &url).await;
    let pem = scene.gateway.client().get("/ca.pem").send().await.text();
    let ca_file = scene.gateway.folder().join("ca.pem");
    std::fs::write(&ca_file, pem).unwrap();
    let other = scene.human.create_agent("other", &[&scene.service]).await;
    let mut bystander = Streaming::start(&scene, &other, &ca_file).await;
    for (verb, code) in [("block", 403), ("rotate-key", 407)] {
        let agent = scene.human.create_agent(verb, &[&scene.service]).await;
        let mut revoked = Streaming::start(&scene, &agent, &ca_file).await;
        let before = scene.upstream.requests().len();
        let path = format!("/agents/{}/{verb}", agent.id);
        scene.human.post(&path).send().await.expect_status(200);
        let happened = revoked.happened().await;
        assert_ne!(happened["later"]["status"], 200, "{verb}: {happened}");
        let ended = happened["streamEndedAfter"].as_i64();
        assert!(
            ended.is_some_and(|ended| ended < 1500),
            "{verb}: {happened}"
        );
        // A cut response must not look complete.
        assert!(happened["streamError"].is_string(), "{verb}: {happened}");
        assert_eq!(happened["tunnelClosed"], true, "{verb}: {happened}");
        assert_eq!(happened["again"], code, "{verb}: {happened}");
        assert_eq!(scene.upstream.requests().len(), before, "{verb}");
    }
    // All of them shared a connection to the upstream.
    assert_eq!(scene.upstream.connections(), 1);
    let happened = bystander.happened().await;
    assert_eq!(happened["later"]["status"], 200, "{happened}");
    assert_eq!(happened["streamEndedAfter"], json!(null), "{happened}");
    assert_eq!(happened["tunnelClosed"], false, "{happened}");
    assert_eq!(happened["again"], 200, "{happened}");
}

#[tokio::test]
async fn the_limits_of_a_head_are_those_of_http_1() {
    let proxied = Proxied::new().await;
    let url = proxied.url("/items");
    let long = format!("X-Long: {}", "y".repeat(40 * 1024));
    let many: Vec<String> = (0..200)
        .map(|number| format!("X-Many-{number}: y"))
        .collect();
    let many: Vec<&str> = many
        .iter()
        .flat_map(|one| ["--header", one.as_str()])
        .collect();
    for version in ["--http2", "--http1.1"] {
        for (headers, status) in [(vec!["--header", &long], 400), (many.clone(), 431)] {
            let mut arguments = vec![version, &url];
            arguments.extend(headers);
            let response = proxied.send(&arguments).await;
            assert_eq!(response.status, status, "{version}: {}", response.text);
        }
    }
    assert!(proxied.scene.upstream.received().is_empty());
}

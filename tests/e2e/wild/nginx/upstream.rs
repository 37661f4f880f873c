//! nginx as an upstream that offers HTTP/2 and HTTP/1.1, and ends each connection after a few requests.

use std::collections::{BTreeSet, HashMap};

use gaiterguard_testkit::scene::{Scene, post, request};
use gaiterguard_testkit::{ReservedPort, Storage, TestGateway, eventually};
use serde_json::json;
use tokio::task::JoinSet;

use super::process::Nginx;

/// How many requests nginx serves on a connection before it says goodbye.
const REQUESTS_PER_CONNECTION: usize = 3;

const READS: usize = 200;
const CHANGES: usize = 50;

#[tokio::test]
async fn requests_to_an_nginx_that_ends_its_connections_are_all_served_and_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let log = folder.path().join("access.log");
    let port = ReservedPort::take();
    let number = port.number();
    let server = format!(
        "log_format versions '$server_protocol $connection $request_method $uri';
        server {{
            listen {address} ssl http2;
            ssl_certificate {certificate};
            ssl_certificate_key {key};
            keepalive_requests {REQUESTS_PER_CONNECTION};
            access_log {log} versions;
            location / {{ return 200 served; }}
        }}",
        address = port.address(),
        certificate = certificate.display(),
        key = key.display(),
        log = log.display(),
    );
    let nginx = Nginx::start(port, &server).await;
    let builder = TestGateway::builder(Storage::Sqlite)
        .setting("UPSTREAM_CA_FILE", certificate.display())
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128");
    let url = format!("https://localhost:{number}");
    let scene = Scene::before(builder, nginx, &url).await;
    scene.allow_everything().await;

    let mut calls = JoinSet::new();
    for number in 0..READS + CHANGES {
        // Changes are spread among the reads.
        let proposed = if number % 5 == 4 {
            post(&format!("/change/{number}"), json!({"number": number}))
        } else {
            request("GET", &format!("/read/{number}"))
        };
        let mut call = scene.agent.propose(proposed);
        if number % 5 == 4 {
            call = call.idempotency_key(&format!("change-{number}"));
        }
        calls.spawn(async move { (number, call.send().await) });
        // Some arrive together, others on connections that are open.
        if number % 25 == 24 {
            while let Some(ended) = calls.join_next().await {
                let (number, response) = ended.unwrap();
                assert_eq!(response.status, 200, "{number}: {}", response.text());
            }
        }
    }

    // nginx writes a line when a request has ended, which may be after its response.
    let lines = eventually("the log is whole", super::LATE, || async {
        let text = std::fs::read_to_string(&log).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        (lines.len() >= READS + CHANGES).then_some(lines)
    })
    .await;
    let mut by_connection: HashMap<&str, Vec<&str>> = HashMap::new();
    let (mut http_2, mut paths) = (0, BTreeSet::new());
    for line in &lines {
        let [version, connection, method, path] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        assert!(paths.insert(path), "{path} was served twice");
        http_2 += usize::from(version == "HTTP/2.0");
        assert!(method == "GET" || version == "HTTP/1.1", "{line}");
        by_connection.entry(connection).or_default().push(line);
    }
    assert!(http_2 > READS / 10, "{http_2} of the reads used HTTP/2");
    let most = by_connection.values().map(Vec::len).max().unwrap();
    assert!(most <= REQUESTS_PER_CONNECTION + 1, "{by_connection:?}");
}

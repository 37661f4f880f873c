//! Programs that know nothing of the gateway but the variables of their environment.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use gaiterguard_testkit::scene::CREDENTIAL;
use gaiterguard_testkit::{Human, Storage, TestGateway, finish, python_command};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use super::scene::Proxied;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

#[tokio::test]
async fn the_python_package_requests_works_with_the_usual_variables() {
    let proxied = Proxied::new().await;
    let mut command = python_command("python", proxied.scene.gateway.folder());
    command
        .arg(script("proxied_requests.py"))
        .args([proxied.url("/one"), proxied.url("/two")])
        .env("HTTPS_PROXY", proxied.proxy_url())
        .env("REQUESTS_CA_BUNDLE", &proxied.ca_file);
    let output = finish(command, "").await;
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "200\n200\n");
    let received = proxied.scene.upstream.received();
    assert_eq!(received.len(), 2);
    for request in received {
        let expected = format!("Bearer {CREDENTIAL}");
        assert_eq!(request.header("authorization"), Some(expected.as_str()));
    }
}

#[tokio::test]
async fn a_right_that_is_revoked_ends_an_idle_tunnel_and_opens_no_other() {
    let proxied = Proxied::new().await;
    let human = &proxied.scene.human;
    let proxy = proxied.scene.gateway.intercept_address();
    let authorization = proxied.authorization();
    let (_, authorization) = authorization.trim().split_once(": ").unwrap();
    let authority = proxied.authority();
    let (host, port) = authority.split_once(':').unwrap();
    let mut command = python_command("python", proxied.scene.gateway.folder());
    command
        .arg(script("proxied_standard_library.py"))
        .args([&proxy.ip().to_string(), &proxy.port().to_string()])
        .args([authorization, host, port])
        .arg(&proxied.ca_file);
    let mut child = tokio::process::Command::from(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut to_child = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut send = async |line: &str| {
        to_child.write_all(line.as_bytes()).await.unwrap();
        lines.next_line().await.unwrap().unwrap()
    };

    assert_eq!(send("/items\n").await, "200 - kept");
    let agent = proxied.scene.agent.id;
    let change = async |verb: &str| {
        let path = format!("/agents/{agent}/{verb}");
        human.post(&path).send().await.expect_status(200);
    };
    change("block").await;
    let refused = "closed Tunnel connection failed: 403 Forbidden";
    assert_eq!(send("\n").await, refused);
    change("unblock").await;
    assert_eq!(send("/items\n").await, "200 - kept");
    change("rotate-key").await;
    let refused = "closed Tunnel connection failed: 407 Proxy Authentication Required";
    assert_eq!(send("\n").await, refused);
    assert_eq!(proxied.scene.upstream.received().len(), 2);
}

#[tokio::test]
async fn a_web_socket_is_opened_in_a_tunnel() {
    let folder = tempfile::tempdir().unwrap();
    let pem_file = folder.path().join("upstream.pem");
    let mut server = python_command("python", folder.path());
    server
        .arg(script("proxied_web_socket.py"))
        .arg("serve")
        .arg(&pem_file)
        .arg(CREDENTIAL);
    let mut server = tokio::process::Command::from(server)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = lines.next_line().await.unwrap().unwrap();

    let gateway = TestGateway::builder(Storage::Sqlite)
        .intercept_port()
        .setting("UPSTREAM_CA_FILE", pem_file.display())
        .setting("UPSTREAM_PRIVATE_ALLOW", "127.0.0.0/8,::1/128")
        .start()
        .await;
    let human = Human::register(&gateway).await;
    let base_url = format!("https://localhost:{port}");
    let service = human.create_bearer_service("chat", &base_url, CREDENTIAL);
    let service = service.await;
    let agent = human.create_agent("listener", &[&service]).await;
    let allowed = human.put(&format!("/services/{}", service.id));
    let allowed = allowed.json(json!({"webSocket": true})).send().await;
    allowed.expect_status(200);
    let rule = json!({"name": "All", "effect": "allow", "enabled": true});
    human.create_rule(rule).await;

    let pem = gateway.client().get("/ca.pem").send().await.text();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, pem).unwrap();
    let mut client = python_command("python", folder.path());
    let proxy = format!("http://x:{}@{}", agent.key, gateway.intercept_address());
    client
        .arg(script("proxied_web_socket.py"))
        .args(["call", &format!("wss://localhost:{port}/chat"), &proxy])
        .arg(&ca_file);
    let output = finish(client, "").await;
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, "authorized\nping\n");
}

#[tokio::test]
async fn programs_that_the_gateway_starts_need_no_change() {
    let proxied = Proxied::new().await;
    let url = proxied.url("/items");
    // The variables exclude loopback, and here the upstream is there.
    let direct = "unset NO_PROXY no_proxy;";
    let python = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).status, end='')";
    for (runtime, script) in [
        (
            "curl",
            format!("curl -s -o /dev/null -w '%{{http_code}}' {url}"),
        ),
        ("python", format!("python3 -c \"{python}\" {url}")),
        (
            "curl with a key",
            format!("curl -s -o /dev/null -w '%{{http_code}}' -H 'Authorization: Bearer x' {url}"),
        ),
    ] {
        let mut command = proxied
            .scene
            .gateway
            .command(&["run", "--label", runtime, "--"]);
        command
            .args(["sh", "-c", &format!("{direct} {script}")])
            .env("GAITERGUARD_URL", proxied.scene.gateway.url())
            .env("GAITERGUARD_AGENT_KEY", &proxied.scene.agent.key);
        let output = finish(command, "").await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{runtime}: {error}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "200",
            "{runtime}: {error}"
        );
    }
    let received = proxied.scene.upstream.received();
    assert_eq!(received.len(), 3);
    for request in received {
        let expected = format!("Bearer {CREDENTIAL}");
        assert_eq!(request.header("authorization"), Some(expected.as_str()));
    }
}

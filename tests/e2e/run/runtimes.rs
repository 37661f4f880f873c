//! Real HTTP clients under `gaiterguard run`: unchanged, they reach a service through the proxy port, accept its
//! certificate, and their request arrives with the credential of the service. No server listens at the names, so a
//! request that does not pass the proxy fails.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};

use gaiterguard_testkit::{
    EchoUpstream, PythonUpstream, Reply, finish, node_tools, python_command, python_tools,
};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::scene::{Arrived, CREDENTIAL, RunScene};

const HOST: &str = "things.example";

/// Runs a command and returns its output. Panics if it fails.
async fn succeed(scene: &RunScene, command: &[&str], input: &str) -> String {
    let mut arguments = vec!["--label", "test", "--"];
    arguments.extend(command);
    let output = finish(scene.run(&arguments), input).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{command:?}: {text}\n{errors}"
    );
    text
}

async fn assert_arrived(scene: &RunScene, urls: &[&str]) {
    let expected: Vec<_> = urls
        .iter()
        .map(|url| Arrived {
            label: "test".to_owned(),
            url: (*url).to_owned(),
        })
        .collect();
    assert_eq!(scene.arrived().await, expected);
}

#[tokio::test]
async fn curl_and_wget_reach_https_and_http() {
    let scene = RunScene::new().await;
    let [https, http] = ["https", "http"].map(|scheme| format!("{scheme}://{HOST}/x?y=1"));
    let curl = ["curl", "--fail", "--silent", "--show-error", &https, &http];
    succeed(&scene, &curl, "").await;
    let wget = ["wget", "--quiet", "--output-document=-", &https, &http];
    succeed(&scene, &wget, "").await;
    assert_arrived(&scene, &[&https, &http, &https, &http]).await;
}

#[tokio::test]
async fn python_reaches_https_and_http() {
    const PROGRAM: &str = "
import urllib.request
for scheme in ['https', 'http']:
    with urllib.request.urlopen(f'{scheme}://things.example/x') as response:
        print(response.status)
";
    let scene = RunScene::new().await;
    let text = succeed(&scene, &["python3", "-"], PROGRAM).await;
    assert_eq!(text, "200\n200\n");
    let urls = ["https://things.example/x", "http://things.example/x"];
    assert_arrived(&scene, &urls).await;
}

#[tokio::test]
async fn libraries_of_python_reach_https_without_a_key() {
    const PROGRAM: &str = "
import aiohttp, asyncio, httpx, openai, requests, urllib3
print(requests.get('https://things.example/requests').status_code)
print(httpx.get('https://things.example/httpx').status_code)
async def read():
    async with aiohttp.ClientSession(trust_env=True) as session:
        async with session.get('https://things.example/aiohttp') as response:
            return response.status
print(asyncio.run(read()))
print(openai.OpenAI().models.with_raw_response.list().http_response.status_code)
";
    let scene = RunScene::new().await;
    scene.secure.on(
        "/v1/models",
        Reply::json(json!({"object": "list", "data": []})),
    );
    let python = python_tools().join("bin/python");
    let text = succeed(&scene, &[python.to_str().unwrap(), "-"], PROGRAM).await;
    assert_eq!(text, "200\n".repeat(4));
    let urls = [
        "https://things.example/requests",
        "https://things.example/httpx",
        "https://things.example/aiohttp",
        "https://api.openai.com/v1/models",
    ];
    assert_arrived(&scene, &urls).await;
}

#[tokio::test]
async fn node_reaches_https_and_http_with_every_agent() {
    const PROGRAM: &str = "
import { get } from 'node:http';
import https from 'node:https';
const read = (get, url, options) => new Promise((resolve, reject) => {
  get(url, options, (response) => {
    response.resume().on('end', () => resolve(response.statusCode));
  }).on('error', reject);
});
for (const path of ['fetch', 'fetch-again']) {
  console.log((await fetch(`https://things.example/${path}`)).status);
}
const agent = new https.Agent({ keepAlive: true });
console.log(await read(https.get, 'https://things.example/https', {}));
console.log(await read(https.get, 'https://things.example/own-agent', { agent }));
console.log(await read(https.get, 'https://things.example/no-agent', { agent: false }));
console.log(await read(get, 'http://things.example/http', {}));
agent.destroy();
";
    let scene = RunScene::new().await;
    let node = ["node", "--input-type=module", "-"];
    let text = succeed(&scene, &node, PROGRAM).await;
    assert_eq!(text, "200\n".repeat(6));
    let urls = [
        "https://things.example/fetch",
        "https://things.example/fetch-again",
        "https://things.example/https",
        "https://things.example/own-agent",
        "https://things.example/no-agent",
        "http://things.example/http",
    ];
    assert_arrived(&scene, &urls).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn java_reaches_https_and_http_with_both_clients() {
    const PROGRAM: &str = r#"
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.*;

public class Fetch {
  public static void main(String[] arguments) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    for (String scheme : new String[] {"https", "http"}) {
      for (int count = 0; count < 2; count++) {
        URI uri = URI.create(scheme + "://things.example/client");
        HttpRequest request = HttpRequest.newBuilder(uri).build();
        System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
        HttpURLConnection connection =
            (HttpURLConnection) URI.create(scheme + "://things.example/url").toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.getOutputStream().write("painted".getBytes());
        System.out.println(connection.getResponseCode());
        connection.getInputStream().readAllBytes();
      }
    }
  }
}
"#;
    let script = r#"cat > "$GAITERGUARD_RUN_FOLDER/Fetch.java" && exec java "$GAITERGUARD_RUN_FOLDER/Fetch.java""#;
    let scene = RunScene::new().await;
    let text = succeed(&scene, &["sh", "-c", script], PROGRAM).await;
    assert_eq!(text, "200\n".repeat(8));
    let urls = [
        "https://things.example/client",
        "https://things.example/url",
        "https://things.example/client",
        "https://things.example/url",
        "http://things.example/client",
        "http://things.example/url",
        "http://things.example/client",
        "http://things.example/url",
    ];
    assert_arrived(&scene, &urls).await;
}

/// Returns `gaiterguard run` with a module of Node.js on its standard input, which finds the packages of the tests.
fn run_module(scene: &RunScene) -> Command {
    let mut command = scene.run(&["--label", "test", "--", "node", "--input-type=module", "-"]);
    command.current_dir(node_tools());
    command
}

#[tokio::test]
async fn packages_of_node_reach_https_and_http() {
    const PROGRAM: &str = "
import { fetch, request } from 'undici';
import Stripe from 'stripe';
console.log((await fetch('https://things.example/undici-fetch')).status);
const { statusCode, body } = await request('http://things.example/undici-request');
await body.dump();
console.log(statusCode);
const stripe = new Stripe('sk_test_placeholder', { host: 'things.example' });
console.log((await stripe.customers.retrieve('cus_1')).id);
";
    let scene = RunScene::new().await;
    let customer = json!({"id": "cus_1", "object": "customer"});
    scene
        .secure
        .on("/v1/customers/cus_1", Reply::json(customer));
    let output = finish(run_module(&scene), PROGRAM).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "200\n200\ncus_1\n");
    let urls = [
        "https://things.example/undici-fetch",
        "http://things.example/undici-request",
        "https://things.example/v1/customers/cus_1",
    ];
    assert_arrived(&scene, &urls).await;
}

/// Starts a server of WebSockets for the names of the scene, and returns its port.
async fn web_socket_server(pem_file: &Path) -> (tokio::process::Child, SocketAddr) {
    let mut server = python_command("python", pem_file.parent().unwrap());
    server
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/proxied_web_socket.py"))
        .arg("serve")
        .arg(pem_file)
        .arg(CREDENTIAL);
    let mut server = tokio::process::Command::from(server)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = lines.next_line().await.unwrap().unwrap();
    let port: u16 = port.parse().unwrap();
    (server, (Ipv4Addr::LOCALHOST, port).into())
}

#[tokio::test]
async fn clients_of_web_sockets_reach_a_service_that_allows_them() {
    const NODE: &str = "
import WebSocket from 'ws';
const socket = new WebSocket('wss://things.example/chat');
socket.on('message', (text) => {
  console.log(String(text));
  if (String(text) === 'ping') socket.close();
  else socket.send('ping');
});
";
    const PYTHON: &str = "
from websockets.sync.client import connect
with connect('wss://things.example/chat') as connection:
    print(connection.recv())
    connection.send('ping')
    print(connection.recv())
";
    let folder = tempfile::tempdir().unwrap();
    let pem_file = folder.path().join("server.pem");
    let (_server, address) = web_socket_server(&pem_file).await;
    let scene = RunScene::with_secure(address, &pem_file).await;
    let services = scene.human.read("/services").await;
    let services = services.as_array().unwrap();
    let things = services.iter().find(|it| it["name"] == "things").unwrap();
    let change = scene.human.put(&format!("/services/{}", things["id"]));
    let change = change.json(json!({"webSocket": true})).send().await;
    change.expect_status(200);

    let output = finish(run_module(&scene), NODE).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text, "authorized\nping\n", "{errors}");
    let python = python_tools().join("bin/python");
    let text = succeed(&scene, &[python.to_str().unwrap(), "-"], PYTHON).await;
    assert_eq!(text, "authorized\nping\n");
}

#[tokio::test]
async fn cargo_and_npm_reach_a_registry() {
    let scene = RunScene::new().await;
    let configuration = json!({"dl": "https://things.example/crates"});
    let checksum = "0".repeat(64);
    let thing = json!({
        "name": "thing", "vers": "1.2.3", "deps": [], "cksum": checksum, "features": {}, "yanked": false,
    });
    scene
        .secure
        .on("/index/config.json", Reply::json(configuration));
    scene.secure.on("/index/th/in/thing", Reply::json(thing));
    let project = tempfile::tempdir().unwrap();
    let manifest = "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n\
                    [dependencies]\nthing = { version = \"1\", registry = \"things\" }\n";
    let home = project.path().join("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(project.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::write(project.path().join("lib.rs"), "").unwrap();
    let cargo =
        std::env::var_os("CARGO").map_or_else(|| "cargo".into(), |it| it.into_string().unwrap());
    let mut command = scene.run(&["--label", "test", "--", &cargo, "generate-lockfile"]);
    command
        .current_dir(project.path())
        .env("CARGO_HOME", &home)
        .env(
            "CARGO_REGISTRIES_THINGS_INDEX",
            "sparse+https://things.example/index/",
        );
    let output = finish(command, "").await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let locked = std::fs::read_to_string(project.path().join("Cargo.lock")).unwrap();
    assert!(locked.contains("version = \"1.2.3\""), "{locked}");

    let package = json!({
        "name": "thing", "dist-tags": {"latest": "1.2.3"},
        "versions": {"1.2.3": {"name": "thing", "version": "1.2.3", "dist": {"tarball": "", "shasum": ""}}},
    });
    scene.secure.on("/npm/thing", Reply::json(package));
    let npm = [
        "npm",
        "view",
        "thing",
        "version",
        "--registry=https://things.example/npm/",
    ];
    assert_eq!(succeed(&scene, &npm, "").await, "1.2.3\n");
    let urls = [
        "https://things.example/index/config.json",
        "https://things.example/index/th/in/thing",
        "https://things.example/npm/thing",
    ];
    assert_arrived(&scene, &urls).await;
}

/// Deno and Bun are large, so the tests use them only where they are installed.
#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that checks less should say so")]
async fn deno_and_bun_reach_https_and_http() {
    const PROGRAM: &str = "for (const scheme of ['https', 'http']) console.log((await fetch(scheme + '://things.example/x')).status)";
    let scene = RunScene::new().await;
    for command in [["deno", "eval"], ["bun", "-e"]] {
        let [program, evaluate] = command;
        let version = Command::new(program).arg("--version").output();
        if version.is_err() {
            eprintln!(
                "deno_and_bun_reach_https_and_http: skipped {program}, which is not installed"
            );
            continue;
        }
        let text = succeed(&scene, &[program, evaluate, PROGRAM], "").await;
        assert_eq!(text, "200\n200\n", "{program}");
    }
}

#[tokio::test]
async fn ruby_reaches_https_and_http() {
    const PROGRAM: &str = "
require 'net/http'
['https', 'http'].each do |scheme|
  puts Net::HTTP.get_response(URI(\"#{scheme}://things.example/x\")).code
end
";
    let scene = RunScene::new().await;
    let text = succeed(&scene, &["ruby", "-"], PROGRAM).await;
    assert_eq!(text, "200\n200\n");
    let urls = ["https://things.example/x", "http://things.example/x"];
    assert_arrived(&scene, &urls).await;
}

#[tokio::test]
async fn the_command_line_of_github_reaches_its_api_with_a_placeholder() {
    let scene = RunScene::new().await;
    scene
        .secure
        .on("/api/v3/user", Reply::json(json!({"login": "ann"})));
    let script = "GH_HOST=github.example GH_ENTERPRISE_TOKEN=placeholder gh api user --jq .login";
    let text = succeed(&scene, &["sh", "-c", script], "").await;
    assert_eq!(text, "ann\n");
    assert_arrived(&scene, &["https://github.example/api/v3/user"]).await;
}

#[tokio::test]
async fn git_clones_a_repository() {
    let server = PythonUpstream::start("git.py", &[]).await;
    let address = server.client().address();
    let scene = RunScene::with_plain(EchoUpstream::start().await, address).await;
    let script =
        "git clone --quiet http://things.example/gate.git gate && git -C gate log --format=%s";
    let text = succeed(&scene, &["sh", "-c", script], "").await;
    assert_eq!(text, "Paint the gate\n");
    let arrived = scene.arrived().await;
    let advertised = "http://things.example/gate.git/info/refs?service=git-upload-pack";
    assert_eq!(arrived[0].url, advertised);
    assert!(arrived.len() > 1, "{arrived:?}");
}

#[tokio::test]
async fn git_reaches_https() {
    let scene = RunScene::new().await;
    // The server is not one of git, which its last line says.
    let script = "git ls-remote https://things.example/repository 2>&1 | tail -n 1";
    let text = succeed(&scene, &["sh", "-c", script], "").await;
    let arrived = "https://things.example/repository/info/refs?service=git-upload-pack";
    assert_eq!(scene.arrived().await[0].url, arrived);
    assert!(!text.contains("certificate"), "{text}");
}

#[tokio::test]
async fn a_client_without_the_authority_refuses_the_certificate() {
    let scene = RunScene::new().await;
    let script =
        format!("env -u CURL_CA_BUNDLE -u SSL_CERT_FILE curl --silent https://{HOST}/; echo $?");
    let text = succeed(&scene, &["sh", "-c", &script], "").await;
    // curl's exit code for a certificate that it cannot verify.
    assert_eq!(text, "60\n");
}

#[tokio::test]
async fn a_held_request_of_a_program_waits_as_long_as_its_user_says() {
    let scene = RunScene::new().await;
    let rule = json!({
        "name": "Deletions", "effect": "require_approval", "enabled": true,
        "condition": "request.method == 'DELETE'",
    });
    scene.human.create_rule(rule).await;
    let url = "https://things.example/gate/7";
    let curl = [
        "--wait",
        "1m",
        "--",
        "curl",
        "--fail",
        "--silent",
        "--show-error",
        "--request",
        "DELETE",
        url,
    ];
    let (output, held) = tokio::join!(
        finish(scene.run(&curl), ""),
        scene.human.decide_next("/gate/7", "approve", "fine")
    );
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(held["label"], "curl");
    assert_eq!(scene.secure.only().method, "DELETE");
}

/// Returns `gaiterguard run --check`, which finds the programs of this folder first.
fn check_with_first(scene: &RunScene, folder: &Path) -> Command {
    let mut command = scene.run(&["--check"]);
    let path = command.get_envs().find(|(name, _)| *name == "PATH");
    let path = path.and_then(|(_, value)| value?.to_str());
    let path = format!("{}:{}", folder.display(), path.unwrap_or_default());
    command.env("PATH", path);
    command
}

/// The clients, each with a script that takes a URL and prints the status of the response or the error.
const CLIENTS: [(&str, &str); 9] = [
    (
        "curl",
        r#"curl --silent --show-error --write-out '%{http_code}' "$1""#,
    ),
    ("wget", r#"wget --output-document=- "$1""#),
    ("git", r#"git ls-remote "$1""#),
    (
        "urllib",
        r#"python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1])' "$1""#,
    ),
    (
        "requests",
        r#""$PYTHON" -c 'import requests, sys; print(requests.get(sys.argv[1]).status_code)' "$1""#,
    ),
    (
        "httpx",
        r#""$PYTHON" -c 'import httpx, sys; print(httpx.get(sys.argv[1]).status_code)' "$1""#,
    ),
    (
        "fetch",
        r#"node -e 'fetch(process.argv[1]).then(({ status }) => console.log(status), console.log)' "$1""#,
    ),
    (
        "https",
        r#"node -e 'https.get(process.argv[1], (response) => console.log(response.resume().statusCode)).on("error", console.log)' "$1""#,
    ),
    (
        "ruby",
        r#"ruby -r net/http -e 'puts Net::HTTP.get_response(URI(ARGV[0])).code' "$1""#,
    ),
];

#[tokio::test]
async fn every_client_shows_that_a_request_is_held_and_that_a_host_is_refused() {
    let scene = RunScene::new().await;
    let rule = json!({
        "name": "Gates", "effect": "require_approval", "enabled": true,
        "condition": "request.under('/gate')",
    });
    scene.human.create_rule(rule).await;
    let python = python_tools().join("bin/python");
    for (client, script) in CLIENTS {
        let both = format!(
            "client() {{ {script}; }}; client https://things.example/gate/{client} 2>&1; echo; echo then; \
             client https://other.example/ 2>&1; echo"
        );
        let mut command = scene.run(&["--", "sh", "-c", &both]);
        command.env("PYTHON", &python);
        let output = finish(command, "").await;
        let text = String::from_utf8_lossy(&output.stdout);
        let (held, refused) = text
            .split_once("\nthen\n")
            .unwrap_or_else(|| panic!("{text}"));
        assert!(held.contains("428"), "{client}: {text}");
        let is_refused = refused.contains("403") || refused.contains("Forbidden");
        assert!(is_refused, "{client}: {text}");
    }
    assert!(scene.secure.received().is_empty());
    let pending = scene.human.pending().await;
    for (client, _) in CLIENTS {
        let url = format!("https://things.example/gate/{client}");
        let is_pending = pending.iter().any(|action| {
            let target = action["target_url"].as_str().unwrap();
            target.starts_with(&url)
        });
        assert!(is_pending, "{client}: {pending:?}");
    }
    let entries = scene
        .human
        .read("/audit?event=proxy.refused&limit=100")
        .await;
    let refused = entries["items"].as_array().unwrap();
    assert!(refused.len() >= CLIENTS.len(), "{entries}");
    for entry in refused {
        assert_eq!(entry["detail"]["host"], "other.example", "{entry}");
    }
}

#[tokio::test]
async fn every_runtime_is_checked_without_a_request_to_an_upstream() {
    let scene = RunScene::new().await;
    let tools = python_tools().join("bin");
    let output = finish(check_with_first(&scene, &tools), "").await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}\n{errors}");
    for runtime in [
        "curl",
        "wget",
        "git",
        "Python: urllib",
        "Python: requests",
        "Python: httpx",
        "Python: aiohttp, with trust_env=True",
        "Node.js: fetch",
        "Node.js: https",
        "Ruby",
        "Java: HttpClient, HttpURLConnection (JDK 11 or newer)",
    ] {
        assert!(text.contains(&format!("{runtime}: ok\n")), "{text}");
    }
    assert!(scene.secure.received().is_empty());

    // A runtime that does not trust the authority is reported.
    let broken = scene.gateway.folder().join("broken");
    std::fs::create_dir(&broken).unwrap();
    let script = "#!/bin/sh\nunset CURL_CA_BUNDLE SSL_CERT_FILE\nexec /usr/bin/curl \"$@\"\n";
    std::fs::write(broken.join("curl"), script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(broken.join("curl"), mode).unwrap();
    let output = finish(check_with_first(&scene, &broken), "").await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("curl: FAILED: curl: (60)"), "{text}");
}

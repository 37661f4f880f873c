//! Real HTTP clients under `gaiterguard run`: unchanged, they reach a host through the proxy and accept its
//! certificate. The host does not exist, so a request that does not pass the proxy fails.

use gaiterguard_testkit::{finish, python_tools};
use serde_json::json;

use super::test_proxy::{Arrived, TestProxy};

const HOST: &str = "things.example";

/// Runs a command and returns its output. Panics if it fails.
async fn succeed(gateway: &TestProxy, command: &[&str], input: &str) -> String {
    let mut arguments = vec!["--label", "test", "--"];
    arguments.extend(command);
    let output = finish(gateway.run(&arguments), input).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{command:?}: {text}\n{errors}"
    );
    text
}

#[track_caller]
fn assert_arrived(gateway: &TestProxy, urls: &[&str]) {
    let expected: Vec<_> = urls
        .iter()
        .map(|url| Arrived {
            label: "test".to_owned(),
            url: (*url).to_owned(),
        })
        .collect();
    assert_eq!(gateway.arrived(), expected);
}

#[tokio::test]
async fn curl_reaches_https_and_http() {
    let gateway = TestProxy::start().await;
    let [https, http] = ["https", "http"].map(|scheme| format!("{scheme}://{HOST}/x?y=1"));
    let text = succeed(
        &gateway,
        &["curl", "--silent", "--show-error", &https, &http],
        "",
    )
    .await;
    assert_eq!(text, format!("arrived: {https}\narrived: {http}\n"));
    assert_arrived(&gateway, &[&https, &http]);
}

#[tokio::test]
async fn python_reaches_https_and_http() {
    const PROGRAM: &str = "
import urllib.request
for scheme in ['https', 'http']:
    with urllib.request.urlopen(f'{scheme}://things.example/x') as response:
        print(response.read().decode(), end='')
";
    let gateway = TestProxy::start().await;
    let text = succeed(&gateway, &["python3", "-"], PROGRAM).await;
    assert_eq!(text.lines().count(), 2, "{text}");
    let urls = ["https://things.example/x", "http://things.example/x"];
    assert_arrived(&gateway, &urls);
}

#[tokio::test]
async fn libraries_of_python_reach_https_without_a_key() {
    const PROGRAM: &str = "
import httpx, openai, requests
print(requests.get('https://things.example/requests').text, end='')
print(httpx.get('https://things.example/httpx').text, end='')
print(openai.OpenAI().models.with_raw_response.list().http_response.text, end='')
";
    let gateway = TestProxy::start().await;
    gateway.list_services(&json!({
        "result": {"structuredContent": {"services": [{"base_url": "https://api.openai.com/v1"}]}},
    }));
    let python = python_tools().join("bin/python");
    let text = succeed(&gateway, &[python.to_str().unwrap(), "-"], PROGRAM).await;
    let urls = [
        "https://things.example/requests",
        "https://things.example/httpx",
        "https://api.openai.com/v1/models",
    ];
    assert_eq!(text, urls.map(|url| format!("arrived: {url}\n")).concat());
    assert_arrived(&gateway, &urls);
}

#[tokio::test]
async fn node_reaches_https_and_http_with_every_agent() {
    const PROGRAM: &str = "
import { get } from 'node:http';
import https from 'node:https';
const read = (get, url, options) => new Promise((resolve, reject) => {
  get(url, options, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (piece) => (text += piece)).on('end', () => resolve(text.trim()));
  }).on('error', reject);
});
for (const path of ['fetch', 'fetch-again']) {
  console.log((await (await fetch(`https://things.example/${path}`)).text()).trim());
}
const agent = new https.Agent({ keepAlive: true });
console.log(await read(https.get, 'https://things.example/https', {}));
console.log(await read(https.get, 'https://things.example/own-agent', { agent }));
console.log(await read(https.get, 'https://things.example/no-agent', { agent: false }));
console.log(await read(get, 'http://things.example/http', {}));
";
    let gateway = TestProxy::start().await;
    let node = ["node", "--input-type=module", "-"];
    let text = succeed(&gateway, &node, PROGRAM).await;
    let urls = [
        "https://things.example/fetch",
        "https://things.example/fetch-again",
        "https://things.example/https",
        "https://things.example/own-agent",
        "https://things.example/no-agent",
        "http://things.example/http",
    ];
    assert_eq!(text, urls.map(|url| format!("arrived: {url}\n")).concat());
    assert_arrived(&gateway, &urls);
}

#[tokio::test]
async fn git_reaches_https() {
    let gateway = TestProxy::start().await;
    // The server is not one of git, which its last line says.
    let script = "git ls-remote https://things.example/repository 2>&1 | tail -n 1";
    let text = succeed(&gateway, &["sh", "-c", script], "").await;
    let arrived = "https://things.example/repository/info/refs?service=git-upload-pack";
    assert_arrived(&gateway, &[arrived]);
    assert!(!text.contains("certificate"), "{text}");
}

#[tokio::test]
async fn a_client_without_the_authority_refuses_the_certificate() {
    let gateway = TestProxy::start().await;
    let script =
        format!("env -u CURL_CA_BUNDLE -u SSL_CERT_FILE curl --silent https://{HOST}/; echo $?");
    let text = succeed(&gateway, &["sh", "-c", &script], "").await;
    // curl's exit code for a certificate that it cannot verify.
    assert_eq!(text, "60\n");
}

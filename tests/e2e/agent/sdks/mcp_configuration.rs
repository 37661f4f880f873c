//! The configurations of MCP clients in the book and in the examples, and the protocol's inspector.

use std::path::Path;
use std::process::Command;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Reply, Storage, node_tools};
use serde_json::{Value, json};

use super::{printed, program};

const BOOK: &str = include_str!("../../../../docs/src/clients/mcp.md");
const EXAMPLE: &str = include_str!("../../../../examples/claude-code/.mcp.json");

/// Returns `PATH` with the folder of the gateway's binary.
#[expect(clippy::disallowed_methods, reason = "programs are found by it")]
fn path(scene: &Scene) -> String {
    let command = scene.gateway.command(&[]);
    let folder = Path::new(command.get_program()).parent().unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// Returns the JSON blocks of a page.
pub(super) fn blocks(page: &str) -> Vec<&str> {
    page.split("```json\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect()
}

#[tokio::test]
async fn every_documented_configuration_connects_as_it_is() {
    let scene = Scene::new(Storage::Sqlite).await;
    let key_file = scene.gateway.folder().join("agent-key");
    std::fs::write(&key_file, &scene.agent.key).unwrap();
    let in_book = blocks(BOOK);
    assert_eq!(in_book.len(), 3);
    for configuration in in_book.into_iter().chain([EXAMPLE]) {
        // The reader's own address, key and file.
        let configuration = configuration
            .replace("http://127.0.0.1:3000", &scene.gateway.url())
            .replace(
                "/home/you/.config/gaiterguard/agent-key",
                key_file.to_str().unwrap(),
            )
            .replace("agt_…", &scene.agent.key);
        let (mut command, input) = program(&scene.gateway, "mcp_configuration.mjs");
        command
            .env("PATH", path(&scene))
            .env("CONFIGURATION", &configuration)
            .env("GAITERGUARD_URL", scene.gateway.url())
            .env("GAITERGUARD_AGENT_KEY", &scene.agent.key);
        let results = printed(command, &input).await;
        let connected = &results["gaiterguard"];
        assert_eq!(connected["tools"].as_array().unwrap().len(), 6, "{results}");
        assert_eq!(connected["services"][0]["service"], "things", "{results}");
    }
}

/// Runs the inspector against a server and returns what it prints.
async fn inspect(scene: &Scene, server: &[&str], arguments: &[&str]) -> Value {
    let package = "node_modules/@modelcontextprotocol/inspector-cli/build";
    let mut command = Command::new("node");
    command
        .env_clear()
        .env("PATH", path(scene))
        // `gaiterguard mcp` reads these two.
        .env("GAITERGUARD_URL", scene.gateway.url())
        .env("GAITERGUARD_AGENT_KEY", &scene.agent.key)
        .current_dir(node_tools().join(package))
        .arg("index.js")
        .args(server)
        .args(arguments);
    let output = gaiterguard_testkit::finish(command, "").await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn the_inspector_lists_and_calls_tools_on_both_transports() {
    let scene = Scene::new(Storage::Sqlite).await;
    scene.upstream.on("/notes", Reply::text("the notes"));
    let url = format!("{}/mcp", scene.gateway.url());
    let authorization = format!("Authorization: Bearer {}", scene.agent.key);
    let http = [
        url.as_str(),
        "--transport",
        "http",
        "--header",
        &authorization,
    ];
    // An absolute path, because the inspector starts the process with another `PATH`.
    let command = scene.gateway.command(&[]);
    let binary = command.get_program().to_str().unwrap();
    let stdio = [binary, "mcp"];
    for server in [&http[..], &stdio[..]] {
        let listed = inspect(&scene, server, &["--method", "tools/list"]).await;
        assert_eq!(listed["tools"].as_array().unwrap().len(), 6, "{listed}");
        let call = |method: &'static str, path: &'static str| {
            let arguments = ["service=things", "intent=Read the notes"].map(str::to_owned);
            let own = [format!("method={method}"), format!("path={path}")];
            let mut call = ["--method", "tools/call", "--tool-name", "proxy_request"]
                .map(str::to_owned)
                .to_vec();
            for argument in arguments.into_iter().chain(own) {
                call.extend(["--tool-arg".to_owned(), argument]);
            }
            call
        };
        for (method, path, outcome) in [("GET", "/notes", "answered"), ("DELETE", "/x", "held")] {
            let call = call(method, path);
            let call: Vec<_> = call.iter().map(String::as_str).collect();
            let result = inspect(&scene, server, &call).await;
            let structured = &result["structuredContent"];
            assert_eq!(structured["outcome"], json!(outcome), "{result}");
        }
    }
    assert_eq!(scene.upstream.received_at("/notes").len(), 2);
    assert!(scene.upstream.received_at("/x").is_empty());
}

//! Claude Code, with the commands and files that its users are given. It has no account and only checks its servers.

use std::path::{Path, PathBuf};
use std::process::Command;

use gaiterguard_testkit::scene::Scene;
use gaiterguard_testkit::{Storage, finish, node_tools};
use tempfile::TempDir;

use super::mcp_configuration::blocks;

/// An agent key that no gateway has.
const UNKNOWN_KEY: &str = "agt_0000000000000000000000000000000000000000000000000000000000000000";

const README: &str = include_str!("../../../../README.md");
const BOOK: &str = include_str!("../../../../docs/src/clients/mcp.md");
const EXAMPLE: &str = include_str!("../../../../examples/claude-code/README.md");
const EXAMPLE_PROJECT: &str = include_str!("../../../../examples/claude-code/.mcp.json");
/// The snippets of the dashboard.
const DASHBOARD: &str = include_str!("../../../../dashboard/src/agent/snippets.ts");

/// Claude Code of one user.
struct ClaudeCode {
    home: TempDir,
    url: String,
    gateway_folder: PathBuf,
}

impl ClaudeCode {
    fn new(scene: &Scene) -> Self {
        let command = scene.gateway.command(&[]);
        let binary = Path::new(command.get_program());
        let claude_code = Self {
            home: tempfile::tempdir().unwrap(),
            url: scene.gateway.url(),
            gateway_folder: binary.parent().unwrap().to_owned(),
        };
        std::fs::create_dir(claude_code.project()).unwrap();
        claude_code
    }

    /// Returns the folder in which it is started.
    fn project(&self) -> PathBuf {
        self.home.path().join("project")
    }

    /// Runs a shell command, in which `claude` is Claude Code, and returns what it prints.
    async fn run(&self, command: &str, agent_key: &str) -> String {
        let script = format!(
            "PATH=$PATH:$GATEWAY_FOLDER\nclaude() {{ node \"$CLAUDE\" \"$@\"; }}\n{command}"
        );
        // The package's own program needs an installation script. Without one, this file starts the same.
        let launcher = "node_modules/@anthropic-ai/claude-code/cli-wrapper.cjs";
        let mut shell = Command::new("sh");
        shell
            .args(["-ec", &script])
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"))
            .env("HOME", self.home.path())
            .env("TMPDIR", self.home.path())
            .env("CLAUDE", node_tools().join(launcher))
            .env("GATEWAY_FOLDER", &self.gateway_folder)
            // It calls nothing but the gateway.
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("GAITERGUARD_URL", &self.url)
            .env("GAITERGUARD_AGENT_KEY", agent_key)
            .env("G", &self.url)
            .env("KEY", agent_key)
            .current_dir(self.project());
        let output = finish(shell, "").await;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}\n{printed}{errors}");
        printed
    }
}

/// Returns the documented command that adds the gateway, up to `end`.
fn command_in<'a>(page: &'a str, end: &str) -> &'a str {
    let start = page.find("claude mcp add").unwrap();
    page[start..].split_once(end).unwrap().0
}

/// Returns the command that the dashboard shows for a gateway and an agent key.
fn command_of_dashboard(url: &str, key: &str) -> String {
    let template = command_in(DASHBOARD, "\n`");
    let filled = template
        .replace("${shell(`${input.url}/mcp`)}", &format!("{url}/mcp"))
        .replace(
            "${shell(`Authorization: Bearer ${input.key}`)}",
            &format!("'Authorization: Bearer {key}'"),
        )
        .replace("\\\\", "\\");
    assert!(!filled.contains("${") && filled.contains(key), "{filled}");
    filled
}

#[tokio::test]
async fn every_command_that_adds_the_gateway_to_claude_code_connects() {
    let scene = Scene::new(Storage::Sqlite).await;
    let key = &scene.agent.key;
    let dashboard = command_of_dashboard(&scene.gateway.url(), key);
    for command in [
        command_in(README, "`"),
        command_in(BOOK, "```"),
        command_in(EXAMPLE, "```"),
        &dashboard,
    ] {
        let claude_code = ClaudeCode::new(&scene);
        claude_code.run(command, key).await;
        let listed = claude_code.run("claude mcp list", key).await;
        let connected = format!("gaiterguard: {}/mcp (HTTP) - ✔ Connected", claude_code.url);
        assert!(listed.contains(&connected), "{command}\n{listed}");
    }
}

#[tokio::test]
async fn claude_code_does_not_connect_with_an_unknown_agent_key() {
    let scene = Scene::new(Storage::Sqlite).await;
    let statuses = [
        (scene.agent.key.as_str(), "Status: ✔ Connected"),
        (UNKNOWN_KEY, "Status: ✘ Failed to connect"),
    ];
    for (key, status) in statuses {
        let claude_code = ClaudeCode::new(&scene);
        claude_code.run(command_in(BOOK, "```"), key).await;
        let shown = claude_code.run("claude mcp get gaiterguard", key).await;
        assert!(shown.contains(status), "{shown}");
        let is_refused = shown.contains("HTTP 401");
        assert_eq!(is_refused, key == UNKNOWN_KEY, "{shown}");
    }
}

#[tokio::test]
async fn claude_code_connects_by_the_documented_files_of_a_project() {
    let scene = Scene::new(Storage::Sqlite).await;
    let key_file = scene.gateway.folder().join("agent-key");
    std::fs::write(&key_file, &scene.agent.key).unwrap();
    let mut in_book = blocks(BOOK).into_iter();
    let over_stdio = in_book.find(|configuration| configuration.contains(r#""command""#));
    let over_stdio = over_stdio
        .unwrap()
        .replace("http://127.0.0.1:3000", &scene.gateway.url())
        .replace(
            "/home/you/.config/gaiterguard/agent-key",
            key_file.to_str().unwrap(),
        );
    for configuration in [EXAMPLE_PROJECT, &over_stdio] {
        let claude_code = ClaudeCode::new(&scene);
        std::fs::write(claude_code.project().join(".mcp.json"), configuration).unwrap();
        // Otherwise it first asks whether the project is trusted.
        let settings = claude_code.home.path().join(".claude");
        std::fs::create_dir(&settings).unwrap();
        std::fs::write(
            settings.join("settings.json"),
            r#"{"enableAllProjectMcpServers": true}"#,
        )
        .unwrap();
        let listed = claude_code.run("claude mcp list", &scene.agent.key).await;
        assert!(listed.contains("✔ Connected"), "{configuration}\n{listed}");
        if configuration == EXAMPLE_PROJECT {
            let refused = claude_code.run("claude mcp list", UNKNOWN_KEY).await;
            assert!(refused.contains("✘ Failed to connect"), "{refused}");
            assert!(!refused.contains("✔"), "{refused}");
        }
    }
}

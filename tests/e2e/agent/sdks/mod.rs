//! Clients that were written for other servers. Only their base URL and key are changed.

mod claude_code;
mod curl;
mod fetch;
mod frameworks;
mod github;
mod intents;
mod mcp_configuration;
mod openai;
mod scripted_model;
mod storage;
mod stripe;
mod token_flows;

use std::path::{Path, PathBuf};
use std::process::Command;

use gaiterguard_testkit::{
    Agent, EchoUpstream, Human, Service, Storage, TestGateway, finish, node_command, python_command,
};
use serde_json::{Value, json};

/// Returns the path of a program in `tests/clients`.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

/// A gateway in front of one upstream.
struct SdkScene {
    gateway: TestGateway,
    upstream: EchoUpstream,
    human: Human,
    service: Service,
    agent: Agent,
    credential: String,
}

impl SdkScene {
    async fn new(name: &str, base_path: &str, credential: &str) -> Self {
        let gateway = TestGateway::start(Storage::Sqlite).await;
        let upstream = EchoUpstream::start().await;
        let human = Human::register(&gateway).await;
        let base_url = format!("{}{base_path}", upstream.url());
        let service = human
            .create_bearer_service(name, &base_url, credential)
            .await;
        let agent = human.create_agent("assistant", &[&service]).await;
        Self {
            gateway,
            upstream,
            human,
            service,
            agent,
            credential: credential.to_owned(),
        }
    }

    fn base_url(&self) -> String {
        let name = self.service.json["name"].as_str().unwrap();
        format!("{}/s/{name}", self.gateway.url())
    }

    /// Adds an `allow` rule for one path of the upstream.
    async fn allow(&self, path: &str) {
        self.human
            .create_rule(json!({
                "name": format!("{path} is allowed"), "effect": "allow", "enabled": true,
                "condition": format!("request.path == '{path}'"),
            }))
            .await;
    }

    /// Runs a program of `tests/clients` and returns the JSON that it prints. Its name decides between Python
    /// and Node.js.
    async fn run(&self, name: &str, variables: &[(&str, &str)]) -> Value {
        run(&self.gateway, name, variables).await
    }

    /// Panics if the upstream ever received the agent key, or a request without the service's credential.
    fn assert_credential_replaced_key(&self) {
        let received = self.upstream.received();
        assert!(!received.is_empty());
        let expected = format!("Bearer {}", self.credential);
        for request in received {
            assert_eq!(
                request.header("authorization"),
                Some(expected.as_str()),
                "{request:?}"
            );
            let all = format!(
                "{} {:?} {}",
                request.target,
                request.headers,
                request.text()
            );
            assert!(!all.contains(&self.agent.key), "{all}");
        }
    }
}

/// Runs a program of `tests/clients` like [`SdkScene::run`].
pub(super) async fn run(gateway: &TestGateway, name: &str, variables: &[(&str, &str)]) -> Value {
    let (mut command, input) = program(gateway, name);
    command.envs(variables.iter().copied());
    printed(command, &input).await
}

/// Returns the command that runs a program of `tests/clients`, and its standard input.
fn program(gateway: &TestGateway, name: &str) -> (Command, String) {
    let script = script(name);
    if script
        .extension()
        .is_some_and(|extension| extension == "py")
    {
        let mut command = python_command("python", gateway.folder());
        command.arg(script);
        return (command, String::new());
    }
    // A module on standard input finds the packages of the working folder.
    (node_command(), std::fs::read_to_string(script).unwrap())
}

/// Runs a command and returns the JSON in the last line that it prints.
async fn printed(command: Command, input: &str) -> Value {
    let output = finish(command, input).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

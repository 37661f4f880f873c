//! A real client of the Model Context Protocol, as a process: `tests/clients/mcp_client.py`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::agent::Agent;
use crate::gateway::TestGateway;
use crate::python::python_command;

/// Long enough for Python to start on a busy machine.
const RESPONSE_LIMIT: Duration = Duration::from_mins(2);

/// Which revision of the protocol the client uses.
#[derive(Clone, Copy, Debug)]
pub enum McpMode {
    /// The newest, in which each request is independent.
    Newest,
    /// The older ones, which begin with a handshake.
    Handshake,
}

/// How the client reaches the gateway.
#[derive(Clone, Copy, Debug)]
pub enum McpTransport {
    /// `POST /mcp`.
    Http,
    /// `gaiterguard mcp`, over standard input and output.
    Stdio,
}

/// A client in a process of its own. Dropping it ends the process.
pub struct McpClient {
    // Killed when it is dropped.
    _process: Child,
    to_client: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// The instructions that the server sends.
    pub instructions: String,
}

/// The result of a tool call.
#[derive(Clone, Debug)]
pub struct ToolResult {
    /// Whether it is an error.
    pub is_error: bool,
    /// The structured result, which is also its text.
    pub json: Value,
}

impl ToolResult {
    /// Returns the result. Panics if it is an error.
    #[track_caller]
    pub fn expect_done(self) -> Value {
        assert!(!self.is_error, "{}", self.json);
        self.json
    }

    /// Returns the problem. Panics if its code differs, or if the call succeeded.
    #[track_caller]
    pub fn expect_problem(self, code: &str) -> Value {
        assert!(self.is_error, "{}", self.json);
        assert_eq!(self.json["code"], code, "{}", self.json);
        self.json
    }
}

impl McpClient {
    /// Connects as `agent`. Panics if that fails.
    pub async fn connect(
        gateway: &TestGateway,
        agent: &Agent,
        transport: McpTransport,
        mode: McpMode,
    ) -> Self {
        let connected = Self::try_connect(gateway, &agent.key, transport, mode).await;
        connected.unwrap_or_else(|failed| panic!("{failed}"))
    }

    /// Connects with a key, or returns the reason why that failed.
    pub async fn try_connect(
        gateway: &TestGateway,
        key: &str,
        transport: McpTransport,
        mode: McpMode,
    ) -> Result<Self, String> {
        let mut process = spawn(command(gateway, key, transport, mode));
        let to_client = process.stdin.take().expect("standard input is a pipe");
        let from_client = process.stdout.take().expect("standard output is a pipe");
        let mut client = Self {
            _process: process,
            to_client,
            lines: BufReader::new(from_client).lines(),
            instructions: String::new(),
        };
        let reply = client.line().await;
        if let Some(failed) = reply["failed"].as_str() {
            return Err(failed.to_owned());
        }
        if let Some(instructions) = reply["instructions"].as_str() {
            instructions.clone_into(&mut client.instructions);
        }
        Ok(client)
    }

    /// Returns the tools as the server describes them.
    pub async fn tools(&mut self) -> Vec<Value> {
        let reply = self.ask(json!({"list": true})).await;
        reply["tools"].as_array().expect("a list of tools").clone()
    }

    /// Calls a tool. Panics if the protocol itself fails.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> ToolResult {
        let reply = self
            .ask(json!({"tool": tool, "arguments": arguments}))
            .await;
        assert_eq!(reply["failed"], Value::Null, "{tool}");
        let json = reply["structured"].clone();
        // A client shows a model one or the other, so they must be equal.
        let text: Value = serde_json::from_str(reply["text"].as_str().expect("a text"))
            .expect("the text is JSON");
        assert_eq!(text, json);
        ToolResult {
            is_error: reply["isError"] == true,
            json,
        }
    }

    async fn ask(&mut self, call: Value) -> Value {
        let line = format!("{call}\n");
        let written = self.to_client.write_all(line.as_bytes()).await;
        written.expect("the client reads a line");
        self.line().await
    }

    async fn line(&mut self) -> Value {
        let line = tokio::time::timeout(RESPONSE_LIMIT, self.lines.next_line()).await;
        let line = line.expect("the client responds in time");
        let line = line.expect("the client's output can be read");
        serde_json::from_str(&line.expect("the client has not ended")).expect("a line of JSON")
    }
}

fn command(gateway: &TestGateway, key: &str, transport: McpTransport, mode: McpMode) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients/mcp_client.py");
    let mut command = python_command("python", gateway.folder());
    command.arg(script);
    let mode = match mode {
        McpMode::Newest => "auto",
        McpMode::Handshake => "legacy",
    };
    match transport {
        McpTransport::Http => {
            command.args([&format!("{}/mcp", gateway.url()), mode]);
            command.env("AGENT_KEY", key);
        }
        McpTransport::Stdio => {
            command
                .args(["stdio", mode])
                .arg(crate::binary::gateway_binary())
                .arg("mcp");
            command.env("GAITERGUARD_URL", gateway.url());
            command.env("GAITERGUARD_AGENT_KEY", key);
        }
    }
    command
}

fn spawn(command: Command) -> Child {
    tokio::process::Command::from(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("Python can be run")
}

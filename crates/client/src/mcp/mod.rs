//! `gaiterguard mcp`: a Model Context Protocol server on standard input and output, one message per
//! line.
//!
//! It is a bridge: it forwards every request to `/mcp` of the gateway and returns the response.
//! Only the gateway knows the tools.

mod approval;
mod message;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::Args;
use gaiterguard_console::{self as console, EXIT_SETTINGS};
use http::HeaderValue;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::task::{AbortHandle, JoinSet};

use self::approval::{Approvals, messages_of};
use self::message::{Message, failure_response};
use crate::agent_client::{AgentClient, RESPONSE_WAIT};

/// Header of a session's id, in which the gateway keeps what the client said that it can do.
const SESSION: &str = "Mcp-Session-Id";

/// Arguments of the command.
#[derive(Debug, Args)]
pub struct McpArguments {
    /// File that contains the agent key. Replaces `GAITERGUARD_AGENT_KEY`.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// Forwards messages until the input ends, and returns the exit code.
pub fn run(arguments: &McpArguments) -> ExitCode {
    let client = match AgentClient::read(arguments.key_file.as_deref()) {
        Ok(client) => client,
        Err(message) => return console::fail(message, EXIT_SETTINGS),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return console::fail(error, 1),
    };
    match runtime.block_on(Bridge::new(client).pass()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => console::fail(format_args!("standard input: {error}"), 1),
    }
}

struct Bridge {
    client: Arc<AgentClient>,
    /// Protocol version, once client and gateway have agreed on one.
    version: Arc<Mutex<Option<String>>>,
    /// Id of the session, if the gateway gave one.
    session: Arc<Mutex<Option<HeaderValue>>>,
    approvals: Approvals,
}

impl Bridge {
    fn new(client: AgentClient) -> Self {
        let client = Arc::new(client);
        Self {
            version: Arc::default(),
            session: Arc::default(),
            approvals: Approvals::new(Arc::clone(&client)),
            client,
        }
    }

    async fn pass(self) -> std::io::Result<()> {
        // Split as bytes: a line that is not text is the error of that line alone.
        let mut lines = BufReader::new(tokio::io::stdin()).split(b'\n');
        let mut calls = JoinSet::new();
        let mut running: HashMap<String, AbortHandle> = HashMap::new();
        while let Some(line) = lines.next_segment().await? {
            running.retain(|_, call| !call.is_finished());
            while calls.try_join_next().is_some() {}
            if line.trim_ascii().is_empty() {
                continue;
            }
            let message = match Message::read(line) {
                Ok(message) => message,
                Err(refused) => {
                    console::say(refused);
                    continue;
                }
            };
            if let Some(cancelled) = message.cancelled() {
                if let Some(call) = running.remove(&cancelled) {
                    call.abort();
                }
            } else if let Some(id) = message.id() {
                let call = Call {
                    client: Arc::clone(&self.client),
                    version: Arc::clone(&self.version),
                    session: Arc::clone(&self.session),
                    approvals: self.approvals.clone(),
                    message,
                };
                running.insert(id, calls.spawn(call.respond()));
            }
            // Other notifications have no meaning for a server without sessions, and the response to an offer of
            // the approval page changes nothing.
        }
        while calls.join_next().await.is_some() {}
        Ok(())
    }
}

/// A request that is being forwarded.
struct Call {
    client: Arc<AgentClient>,
    version: Arc<Mutex<Option<String>>>,
    session: Arc<Mutex<Option<HeaderValue>>>,
    approvals: Approvals,
    message: Message,
}

impl Call {
    async fn respond(self) {
        let response = match self.send().await {
            Ok((status, body)) => {
                let (before, body) = messages_of(body);
                for message in before {
                    self.approvals.watch(&message);
                    console::say(message);
                }
                self.response_of(status, body)
            }
            Err(error) => {
                // Only without a connection is it certain that nothing was sent.
                let code = if error.is_connect() {
                    "gateway_unreachable"
                } else {
                    "outcome_unknown"
                };
                let problem = serde_json::json!({
                    "code": code,
                    "detail": self.client.describe(error),
                });
                failure_response(&self.message, &problem)
            }
        };
        console::say(response);
    }

    async fn send(&self) -> Result<(u16, String), reqwest::Error> {
        let mut call = self
            .client
            .http
            .post(format!("{}/mcp", self.client.url))
            .header("Agent-Key", self.client.key.clone())
            .header("Accept", "application/json, text/event-stream")
            .header("Content-Type", "application/json")
            .timeout(RESPONSE_WAIT);
        for (name, value) in self.message.headers(self.agreed().as_deref()) {
            call = call.header(name, value);
        }
        if let Some(session) = locked(&self.session).clone() {
            call = call.header(SESSION, session);
        }
        let response = call.body(self.message.line().to_owned()).send().await?;
        if let Some(session) = response.headers().get(SESSION) {
            *locked(&self.session) = Some(session.clone());
        }
        Ok((response.status().as_u16(), response.text().await?))
    }

    /// Returns the gateway's response as a line.
    fn response_of(&self, status: u16, body: String) -> String {
        let response: Value = serde_json::from_str(&body).unwrap_or_default();
        if response.get("jsonrpc").is_none() {
            let problem = if response.is_object() {
                response
            } else {
                serde_json::json!({
                    "code": "no_gateway",
                    "detail": format!(
                        "the server at {} does not respond like a gateway: {status}",
                        self.client.shown_url()
                    ),
                })
            };
            return failure_response(&self.message, &problem);
        }
        if let Some(agreed) = self.message.agreed_version(&response) {
            *locked(&self.version) = Some(agreed);
        }
        if body.contains(['\n', '\r']) {
            return response.to_string();
        }
        body
    }

    fn agreed(&self) -> Option<String> {
        locked(&self.version).clone()
    }
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is one assignment, which leaves nothing half done.
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

//! `gaiterguard call`: sends a request as an agent.
//!
//! It generates an idempotency key, waits while the request is held, and prints the upstream's
//! response. Because of the key it can retry safely: the request is sent at most once.

mod arguments;
mod proxy_body;
mod response;
mod waiting;

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use gaiterguard_console::{self as console, EXIT_SETTINGS};
use gaiterguard_domain::request::WAIT_MAX;
use tokio::time::Instant;
use uuid::Uuid;

use self::proxy_body::ProxyBody;
use self::response::{CallOutcome, CallResponse};
use self::waiting::Waiting;
use crate::agent_client::{AgentClient, RESPONSE_WAIT};

pub use self::arguments::CallArguments;

/// Exit codes. 22 for an error response of the upstream is the code that `curl --fail` uses.
const EXIT_UPSTREAM: u8 = 22;
const EXIT_DENIED: u8 = 3;
const EXIT_ENDED: u8 = 4;
const EXIT_PENDING: u8 = 5;
const EXIT_FAILED: u8 = 1;

/// How often in a row a failed call is repeated. With the pause below, that covers the restart of a gateway; a
/// gateway that is down is reported within seconds.
const BROKEN_MAX: u32 = 3;

/// The pause before a failed call is repeated, or a running one is asked about again. Short compared to a restart,
/// and long enough to put no load on the gateway.
const AGAIN_WAIT: Duration = Duration::from_secs(1);

/// Sends the request and returns the exit code.
pub fn run(arguments: &CallArguments) -> ExitCode {
    let client = match AgentClient::read(arguments.key_file.as_deref()) {
        Ok(client) => client,
        Err(message) => return console::fail(message, EXIT_SETTINGS),
    };
    let body = match ProxyBody::read(arguments, Uuid::new_v4()) {
        Ok(body) => body,
        Err(message) => return console::fail(message, EXIT_SETTINGS),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return console::fail(error, EXIT_FAILED),
    };
    match runtime.block_on(send(&client, &body, arguments.wait)) {
        Ok(response) => conclude(&response, arguments.json),
        Err(message) => console::fail(message, EXIT_FAILED),
    }
}

/// Sends the request until there is a response or the time is up.
async fn send(
    client: &AgentClient,
    body: &ProxyBody,
    wait: Duration,
) -> Result<CallResponse, String> {
    let deadline = Instant::now() + wait;
    let mut waiting = Waiting::new();
    let mut broken = 0;
    loop {
        // The first call does not wait, so that it immediately reports whether the request is held
        // and as which action.
        let left = deadline.saturating_duration_since(Instant::now());
        let patience = if waiting.is_begun() {
            left.min(WAIT_MAX)
        } else {
            Duration::ZERO
        };
        let call = client
            .http
            .post(format!("{}/proxy", client.url))
            .header("Agent-Key", client.key.clone())
            .header("Content-Type", "application/json")
            .timeout(patience + RESPONSE_WAIT)
            .body(body.to_json(patience));
        let sent = waiting.during(call.send()).await;
        let response = match sent {
            Ok(response) => CallResponse::read(response).await,
            Err(error) => Err(error),
        };
        match response {
            Ok(response) => {
                broken = 0;
                let is_over = Instant::now() >= deadline;
                match &response.outcome {
                    CallOutcome::Held { action } if !is_over => waiting.begin(action),
                    CallOutcome::Running if !is_over => tokio::time::sleep(AGAIN_WAIT).await,
                    _ => return Ok(response),
                }
            }
            // A held request is repeated until the deadline, because the gateway may be restarting.
            Err(error)
                if broken < BROKEN_MAX || (waiting.is_begun() && Instant::now() < deadline) =>
            {
                broken += 1;
                tracing::debug!("the call failed: {}", error.without_url());
                tokio::time::sleep(AGAIN_WAIT).await;
            }
            Err(error) => return Err(client.describe(error)),
        }
    }
}

/// Prints the result.
fn conclude(response: &CallResponse, as_json: bool) -> ExitCode {
    let code = match &response.outcome {
        CallOutcome::Responded if (200..300).contains(&response.status) => 0,
        CallOutcome::Responded => EXIT_UPSTREAM,
        CallOutcome::Denied => EXIT_DENIED,
        CallOutcome::Lapsed => EXIT_ENDED,
        CallOutcome::Held { .. } => EXIT_PENDING,
        CallOutcome::Running | CallOutcome::Refused => EXIT_FAILED,
    };
    if !as_json && response.outcome != CallOutcome::Responded {
        return console::fail(response.message(), code);
    }
    let json = as_json.then(|| format!("{}\n", response.to_json()));
    let text = json.as_ref().map_or(&*response.body, String::as_bytes);
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            console::fail(format_args!("standard output: {error}"), EXIT_FAILED)
        }
        _ => ExitCode::from(code),
    }
}

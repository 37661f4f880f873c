//! `gaiterguard call`: the agent's side of the gateway on a command line.
//!
//! It sends one request under a key of its own making, stays while a human decides, and prints what
//! the upstream answered. Because of the key it may ask again as often as it has to: the request is
//! sent at most once.

mod answer;
mod arguments;
mod proposal;
mod waiting;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use gaiterguard_domain::request::WAIT_MAX;
use secrecy::ExposeSecret;
use tokio::time::Instant;
use uuid::Uuid;

use self::answer::{Answer, Ended};
pub(crate) use self::arguments::CallArguments;
use self::proposal::Proposal;
use self::waiting::Waiting;
use super::agent_side::{ANSWER_WAIT, AgentSide};
use crate::console::{self, EXIT_SETTINGS};

/// The exit codes: of an upstream's error, as curl's; of a request that a human denied; of one that
/// expired or was revoked; of one that still waits; and of all else that goes wrong.
const EXIT_UPSTREAM: u8 = 22;
const EXIT_DENIED: u8 = 3;
const EXIT_ENDED: u8 = 4;
const EXIT_PENDING: u8 = 5;
const EXIT_FAILED: u8 = 1;

/// How often a call that broke is made again, and after what time.
const BROKEN_MAX: u32 = 3;
const AGAIN_WAIT: Duration = Duration::from_secs(1);

/// Sends the request and answers the exit code.
pub(crate) fn run(arguments: &CallArguments) -> ExitCode {
    let side = match AgentSide::read(arguments.key_file.as_deref()) {
        Ok(side) => side,
        Err(message) => return console::fail(message, EXIT_SETTINGS),
    };
    let proposal = match Proposal::read(arguments, Uuid::new_v4()) {
        Ok(proposal) => proposal,
        Err(message) => return console::fail(message, EXIT_SETTINGS),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return console::fail(error, EXIT_FAILED),
    };
    match runtime.block_on(send(&side, &proposal, arguments.wait)) {
        Ok(answer) => conclude(&answer, arguments.json),
        Err(message) => console::fail(message, EXIT_FAILED),
    }
}

/// Sends the request until it is answered or the time is up.
async fn send(side: &AgentSide, proposal: &Proposal, wait: Duration) -> Result<Answer, String> {
    let deadline = Instant::now() + wait;
    let mut waiting = Waiting::new();
    let mut broken = 0;
    loop {
        // The first call does not wait: it tells at once whether, and for which action, a human is needed.
        let left = deadline.saturating_duration_since(Instant::now());
        let patience = if waiting.is_begun() {
            left.min(WAIT_MAX)
        } else {
            Duration::ZERO
        };
        let call = side
            .client
            .post(format!("{}/proxy", side.url))
            .header("Agent-Key", side.key.expose_secret())
            .header("Content-Type", "application/json")
            .timeout(patience + ANSWER_WAIT)
            .body(proposal.to_json(patience));
        let answered = waiting.during(call.send()).await;
        let answer = match answered {
            Ok(response) => Answer::read(response).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => {
                let is_over = Instant::now() >= deadline;
                match &answer.ended {
                    Ended::Waits { action } if !is_over => waiting.begin(action),
                    Ended::Running if !is_over => tokio::time::sleep(AGAIN_WAIT).await,
                    _ => return Ok(answer),
                }
            }
            Err(error) if broken < BROKEN_MAX => {
                broken += 1;
                tracing::debug!("the call broke: {}", error.without_url());
                tokio::time::sleep(AGAIN_WAIT).await;
            }
            Err(error) => return Err(side.told(error)),
        }
    }
}

/// Prints what came of it.
fn conclude(answer: &Answer, as_json: bool) -> ExitCode {
    let code = match &answer.ended {
        Ended::Answered if (200..300).contains(&answer.status) => 0,
        Ended::Answered => EXIT_UPSTREAM,
        Ended::Denied => EXIT_DENIED,
        Ended::Over => EXIT_ENDED,
        Ended::Waits { .. } => EXIT_PENDING,
        Ended::Running | Ended::Refused => EXIT_FAILED,
    };
    if as_json {
        console::say(answer.to_json());
    } else if answer.ended == Ended::Answered {
        let mut out = std::io::stdout().lock();
        // A reader that is gone is no failure of ours.
        let _ = out.write_all(&answer.body).and_then(|()| out.flush());
    } else {
        return console::fail(answer.told(), code);
    }
    ExitCode::from(code)
}

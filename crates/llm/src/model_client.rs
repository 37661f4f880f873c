//! One question to the model: calls, retries in another dialect, and one chance to repair a response.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::breaker::Breaker;
use crate::dialect::{ATTEMPTS_MAX, Dialect, Form, KnownDialect};
use crate::error::LlmError;
use crate::metrics::LlmMetrics;
use crate::server::{Reply, Server};
use crate::spending::{Spending, Tokens};

/// How many calls run at the same time. A local server rarely handles more, and hosted ones limit the
/// rate; the rest wait for their turn.
pub(crate) const CONCURRENT_CALLS_MAX: usize = 16;

/// How much of an unusable response is sent back to the model, in bytes. Usable ones are below 2 KiB.
const REPEATED_BYTES_MAX: usize = 4 * 1024;

/// A question to the model.
#[derive(Debug)]
pub(crate) struct Prompt {
    /// The instructions, which are the same for every question of its kind.
    pub(crate) system: &'static str,
    /// The material of this question.
    pub(crate) user: String,
    pub(crate) schema_name: &'static str,
    pub(crate) schema: Value,
    pub(crate) response_tokens_max: u32,
}

/// Sends questions to one model on one server.
pub(crate) struct ModelClient {
    pub(crate) server: Server,
    pub(crate) model: String,
    pub(crate) dialect: KnownDialect,
    pub(crate) breaker: Breaker,
    pub(crate) spending: Spending,
    pub(crate) turns: Semaphore,
    pub(crate) metrics: LlmMetrics,
}

impl ModelClient {
    /// Asks the model and parses its response with `read`, whose error says what is wrong with it. The
    /// model is shown that error once and may respond again.
    pub(crate) async fn ask<T>(
        &self,
        prompt: &Prompt,
        deadline: Instant,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, LlmError> {
        let outcome = self.ask_in_turn(prompt, deadline, read).await;
        if let Err(error) = &outcome {
            self.metrics.failed(error);
        }
        outcome
    }

    async fn ask_in_turn<T>(
        &self,
        prompt: &Prompt,
        deadline: Instant,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, LlmError> {
        let (turn, has_waited) = if let Ok(turn) = self.turns.try_acquire() {
            (Some(turn), false)
        } else {
            let turn = timeout_at(deadline, self.turns.acquire()).await;
            (turn.ok().and_then(Result::ok), true)
        };
        let _turn = turn.ok_or(LlmError::TimedOut)?;
        let admission = self.breaker.admit().ok_or(LlmError::CircuitOpen)?;
        let outcome = match timeout_at(deadline, self.converse(prompt, read)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(LlmError::TimedOut),
        };
        match &outcome {
            // A question that had to wait for its turn has less time. It does not count against the
            // server, or one agent could open the circuit for the others with many simultaneous requests.
            Err(LlmError::TimedOut) if has_waited => drop(admission),
            Err(error) if error.is_server_failure() => admission.failed(),
            Err(LlmError::CeilingReached) => drop(admission),
            Ok(_) | Err(_) => admission.succeeded(),
        }
        outcome
    }

    async fn converse<T>(
        &self,
        prompt: &Prompt,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, LlmError> {
        let mut messages = Vec::with_capacity(4);
        let (response, dialect) = self.speak(prompt, &messages).await?;
        let problem = match read(extract_json(&response, dialect)) {
            Ok(read) => return Ok(read),
            Err(problem) => problem,
        };
        let response = &response[..response.floor_char_boundary(REPEATED_BYTES_MAX)];
        messages.push(json!({"role": "assistant", "content": response}));
        messages.push(json!({
            "role": "user",
            "content": format!(
                "That was not an answer of the form that was asked for ({problem}). Answer again, \
                 with one JSON object of exactly that form and nothing else."
            ),
        }));
        let (response, dialect) = self.speak(prompt, &messages).await?;
        read(extract_json(&response, dialect)).map_err(|_| LlmError::Nonsense)
    }

    /// Makes the call in a dialect that the server accepts.
    async fn speak(
        &self,
        prompt: &Prompt,
        further: &[Value],
    ) -> Result<(String, Dialect), LlmError> {
        let mut dialect = self.dialect.get();
        for _ in 0..ATTEMPTS_MAX {
            match self.call(prompt, further, dialect).await? {
                Reply::Message { text, .. } => {
                    self.dialect.accepted(dialect);
                    return Ok((text, dialect));
                }
                Reply::Refused { status, message } => {
                    dialect = self
                        .dialect
                        .after_refusal(dialect, status, &message)
                        .ok_or(LlmError::Status(status))?;
                }
            }
        }
        Err(LlmError::Nonsense)
    }

    async fn call(
        &self,
        prompt: &Prompt,
        further: &[Value],
        dialect: Dialect,
    ) -> Result<Reply, LlmError> {
        let request = self.request(prompt, further, dialect);
        let response_tokens_max = dialect.response_tokens_max(prompt.response_tokens_max);
        let estimate = Tokens::estimated(request.len(), response_tokens_max);
        let reservation = self
            .spending
            .reserve(estimate)
            .ok_or(LlmError::CeilingReached)?;
        self.metrics.called();
        let reply = self.server.call(request).await;
        let used = match &reply {
            Ok(reply) => reply.tokens(estimate),
            Err(LlmError::Unreachable | LlmError::Status(_)) => Tokens::default(),
            // The server may have done the work before the failure.
            Err(_) => estimate,
        };
        reservation.settle(used);
        self.metrics.used(used, self.spending.cost(used));
        reply
    }

    fn request(&self, prompt: &Prompt, further: &[Value], dialect: Dialect) -> Vec<u8> {
        let mut system = prompt.system.to_owned();
        if dialect.form != Form::Schema {
            // Writing into a String cannot fail.
            let _ = write!(
                system,
                "\n\nThe JSON object must satisfy this JSON schema:\n{}",
                prompt.schema
            );
        }
        let mut messages = vec![
            json!({"role": "system", "content": system}),
            json!({"role": "user", "content": prompt.user}),
        ];
        messages.extend_from_slice(further);
        let mut request = Map::new();
        request.insert("model".to_owned(), json!(self.model));
        request.insert("messages".to_owned(), Value::Array(messages));
        dialect.write(
            &mut request,
            prompt.schema_name,
            &prompt.schema,
            prompt.response_tokens_max,
        );
        Value::Object(request).to_string().into_bytes()
    }
}

/// Returns the JSON of a response. If the server does not enforce the form, models think aloud or put a
/// code block around the JSON; any other addition makes the response unusable.
fn extract_json(response: &str, dialect: Dialect) -> &str {
    let mut response = response.trim();
    if dialect.form == Form::Schema {
        return response;
    }
    if let Some(thought) = response.strip_prefix("<think>")
        && let Some((_, after)) = thought.split_once("</think>")
    {
        response = after.trim();
    }
    let fenced = response
        .strip_prefix("```json")
        .or_else(|| response.strip_prefix("```"))
        .and_then(|rest| rest.strip_suffix("```"));
    fenced.map_or(response, str::trim)
}

//! One question to the model, until there is an answer of the form that was asked for or none.

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

/// How many calls run at once.
pub(crate) const CALLS_AT_ONCE_MAX: usize = 16;

/// How much of an answer that was of no use is shown to the model again, in bytes.
const REPEATED_BYTES_MAX: usize = 4 * 1024;

/// A question.
#[derive(Debug)]
pub(crate) struct Asking {
    /// What the model is to do: the same for every question of its kind.
    pub(crate) system: &'static str,
    /// The material.
    pub(crate) user: String,
    pub(crate) schema_name: &'static str,
    pub(crate) schema: Value,
    pub(crate) answer_tokens_max: u32,
}

/// Everything that stands between a question and the wire.
pub(crate) struct Line {
    pub(crate) server: Server,
    pub(crate) model: String,
    pub(crate) dialect: KnownDialect,
    pub(crate) breaker: Breaker,
    pub(crate) spending: Spending,
    pub(crate) turns: Semaphore,
    pub(crate) metrics: LlmMetrics,
}

impl Line {
    /// Asks, and reads the answer with `read`, whose error says what is wrong with an answer. The
    /// model is told that once, and may answer again.
    pub(crate) async fn ask<T>(
        &self,
        asking: &Asking,
        deadline: Instant,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, LlmError> {
        let admission = self.breaker.admit().ok_or(LlmError::CircuitOpen)?;
        let outcome = match timeout_at(deadline, self.converse(asking, read)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(LlmError::TimedOut),
        };
        match &outcome {
            Err(error) if error.is_the_servers() => admission.failed(),
            Err(LlmError::CeilingReached) => drop(admission),
            Ok(_) | Err(_) => admission.succeeded(),
        }
        if let Err(error) = &outcome {
            self.metrics.failed(error);
        }
        outcome
    }

    async fn converse<T>(
        &self,
        asking: &Asking,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, LlmError> {
        let mut messages = Vec::with_capacity(4);
        let (answer, dialect) = self.speak(asking, &messages).await?;
        let trouble = match read(unwrapped(&answer, dialect)) {
            Ok(read) => return Ok(read),
            Err(trouble) => trouble,
        };
        let answer = &answer[..answer.floor_char_boundary(REPEATED_BYTES_MAX)];
        messages.push(json!({"role": "assistant", "content": answer}));
        messages.push(json!({
            "role": "user",
            "content": format!(
                "That was not an answer of the form that was asked for ({trouble}). Answer again, \
                 with one JSON object of exactly that form and nothing else."
            ),
        }));
        let (answer, dialect) = self.speak(asking, &messages).await?;
        read(unwrapped(&answer, dialect)).map_err(|_| LlmError::Nonsense)
    }

    /// Makes the call in a way that the server understands.
    async fn speak(
        &self,
        asking: &Asking,
        further: &[Value],
    ) -> Result<(String, Dialect), LlmError> {
        let mut dialect = self.dialect.get();
        for _ in 0..ATTEMPTS_MAX {
            match self.call(asking, further, dialect).await? {
                Reply::Message { text, .. } => {
                    self.dialect.understood(dialect);
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
        asking: &Asking,
        further: &[Value],
        dialect: Dialect,
    ) -> Result<Reply, LlmError> {
        let request = self.request(asking, further, dialect);
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await.map_err(|_| LlmError::TimedOut)?;
        let answer_tokens_max = dialect.answer_tokens_max(asking.answer_tokens_max);
        let estimate = Tokens::estimated(request.len(), answer_tokens_max);
        let reservation = self
            .spending
            .reserve(estimate)
            .ok_or(LlmError::CeilingReached)?;
        self.metrics.called();
        let reply = self.server.call(request).await;
        let used = match &reply {
            Ok(reply) => reply.tokens(estimate),
            Err(LlmError::Unreachable | LlmError::Status(_)) => Tokens::default(),
            // The server may have worked for it.
            Err(_) => estimate,
        };
        reservation.settle(used);
        self.metrics.used(used, self.spending.cost(used));
        reply
    }

    fn request(&self, asking: &Asking, further: &[Value], dialect: Dialect) -> Vec<u8> {
        let mut system = asking.system.to_owned();
        if dialect.form != Form::Schema {
            // Writing into a String cannot fail.
            let _ = write!(
                system,
                "\n\nThe JSON object must satisfy this JSON schema:\n{}",
                asking.schema
            );
        }
        let mut messages = vec![
            json!({"role": "system", "content": system}),
            json!({"role": "user", "content": asking.user}),
        ];
        messages.extend_from_slice(further);
        let mut request = Map::new();
        request.insert("model".to_owned(), json!(self.model));
        request.insert("messages".to_owned(), Value::Array(messages));
        dialect.write(
            &mut request,
            asking.schema_name,
            &asking.schema,
            asking.answer_tokens_max,
        );
        Value::Object(request).to_string().into_bytes()
    }
}

/// The JSON of an answer. Where the server does not enforce the form, models think aloud or put a
/// code block around it; what else they add makes the answer unusable.
fn unwrapped(answer: &str, dialect: Dialect) -> &str {
    let mut answer = answer.trim();
    if dialect.form == Form::Schema {
        return answer;
    }
    if let Some(thought) = answer.strip_prefix("<think>")
        && let Some((_, after)) = thought.split_once("</think>")
    {
        answer = after.trim();
    }
    let fenced = answer
        .strip_prefix("```json")
        .or_else(|| answer.strip_prefix("```"))
        .and_then(|rest| rest.strip_suffix("```"));
    fenced.map_or(answer, str::trim)
}

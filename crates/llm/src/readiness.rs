//! A question by which an operator sees whether the model answers at all.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::ask::Asking;
use crate::error::LlmError;
use crate::llm::Llm;
use crate::word::{object, one, read, words};

/// How many tokens the answer may have.
const ANSWER_TOKENS_MAX: u32 = 200;

words! {
    /// The one word that is asked for.
    Ready {
        Yes = "yes": "the model answers",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[expect(dead_code, reason = "that it can be read is what is asked")]
    ready: Ready,
}

impl Llm {
    /// Asks for one word in the form that every question wants, and answers how long it took.
    pub async fn try_out(&self) -> Result<Duration, LlmError> {
        let begun = Instant::now();
        let asking = Asking {
            system: "Answer with the JSON object {\"ready\": \"yes\"} and nothing else.",
            user: "Are you ready?".to_owned(),
            schema_name: "readiness",
            schema: object([("ready".to_owned(), one::<Ready>())]),
            answer_tokens_max: ANSWER_TOKENS_MAX,
        };
        let read = |answer: &str| read::<Answer>(answer);
        self.line.ask(&asking, begun + self.timeout, read).await?;
        Ok(begun.elapsed())
    }
}

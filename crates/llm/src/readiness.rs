//! A test question, so that an operator can see whether the model responds.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::error::LlmError;
use crate::llm::Llm;
use crate::model_client::Prompt;
use crate::word::{object, one, read, words};

/// The most tokens of the response: one word in JSON, with room for formatting.
const RESPONSE_TOKENS_MAX: u32 = 200;

words! {
    /// The expected word.
    Ready {
        Yes = "yes": "the model answers",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadyResponse {
    #[expect(dead_code, reason = "only whether it can be parsed matters")]
    ready: Ready,
}

impl Llm {
    /// Asks for one word in the form that every question uses. Returns how long the response took.
    pub async fn try_out(&self) -> Result<Duration, LlmError> {
        let begun = Instant::now();
        let prompt = Prompt {
            system: "Answer with the JSON object {\"ready\": \"yes\"} and nothing else.",
            user: "Are you ready?".to_owned(),
            schema_name: "readiness",
            schema: object([("ready".to_owned(), one::<Ready>())]),
            response_tokens_max: RESPONSE_TOKENS_MAX,
        };
        let read = |response: &str| read::<ReadyResponse>(response);
        self.client.ask(&prompt, begun + self.timeout, read).await?;
        Ok(begun.elapsed())
    }
}

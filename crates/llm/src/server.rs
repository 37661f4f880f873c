//! The client of an OpenAI-compatible server: one call of `/chat/completions`.
//!
//! The URL is the operator's own setting, so the address rules for upstreams do not apply to it.

use std::time::Duration;

use gaiterguard_upstream::Proxy;
use gaiterguard_upstream::TlsSetupError;
use gaiterguard_upstream::operator_http_client::operator_http_client;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::error::LlmError;
use crate::spending::Tokens;

/// The longest response of the server that is read, in bytes. Responses within the token limits are far
/// shorter.
const RESPONSE_BYTES_MAX: usize = 512 * 1024;

/// The longest explanation of a refusal that is read, in bytes. The words that name the unsupported parameter come
/// early.
const REFUSAL_BYTES_MAX: usize = 16 * 1024;

/// Why the client for the server cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum LlmSetupError {
    /// The URL is invalid.
    #[error("LLM_BASE_URL must be a URL, such as https://api.example.com/v1")]
    Address,
    /// The key cannot be sent in a header.
    #[error("LLM_API_KEY must be visible ASCII characters without spaces")]
    Key,
    /// TLS or the client could not be set up.
    #[error("the client for the language model cannot be set up: {0}")]
    Client(#[from] TlsSetupError),
}

/// The client of the model's server.
pub(crate) struct Server {
    client: reqwest::Client,
    address: reqwest::Url,
    headers: HeaderMap,
}

/// The response of a server to a call.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A message of the model, and its cost.
    Message {
        text: String,
        input_tokens: Option<u64>,
        output_tokens: Option<u64>,
    },
    /// The call was refused. The server's message is used only to recognize its dialect.
    Refused { status: StatusCode, message: String },
}

impl Server {
    pub(crate) fn new(
        base_url: &str,
        api_key: Option<&SecretString>,
        timeout: Duration,
        proxy: Option<&Proxy>,
    ) -> Result<Self, LlmSetupError> {
        let address = format!("{}/chat/completions", base_url.trim_end_matches('/'));
        let address = reqwest::Url::parse(&address).map_err(|_| LlmSetupError::Address)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = api_key {
            let bearer = format!("Bearer {}", key.expose_secret());
            let mut value = HeaderValue::try_from(bearer).map_err(|_| LlmSetupError::Key)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = operator_http_client(timeout, proxy)?;
        Ok(Self {
            client,
            address,
            headers,
        })
    }

    /// Makes one call, which ends when its future is dropped.
    pub(crate) async fn call(&self, request: Vec<u8>) -> Result<Reply, LlmError> {
        let sent = self
            .client
            .post(self.address.clone())
            .headers(self.headers.clone())
            .body(request)
            .send()
            .await;
        let mut response = sent.map_err(|error| {
            if error.is_connect() {
                LlmError::Unreachable
            } else {
                LlmError::BrokeOff
            }
        })?;
        let status = response.status();
        if status.is_redirection() || response.headers().contains_key(LOCATION) {
            return Err(LlmError::Status(status));
        }
        if !status.is_success() {
            let bytes = read(&mut response, REFUSAL_BYTES_MAX)
                .await
                .unwrap_or_default();
            let message = String::from_utf8_lossy(&bytes).into_owned();
            return Ok(Reply::Refused { status, message });
        }
        let bytes = read(&mut response, RESPONSE_BYTES_MAX).await?;
        completion(&bytes)
    }
}

async fn read(response: &mut reqwest::Response, bytes_max: usize) -> Result<Vec<u8>, LlmError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| LlmError::BrokeOff)? {
        if bytes.len() + chunk.len() > bytes_max {
            return Err(LlmError::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Value,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Value,
    #[serde(default)]
    refusal: Value,
}

fn completion(bytes: &[u8]) -> Result<Reply, LlmError> {
    let completion: Completion =
        serde_json::from_slice(bytes).map_err(|_| LlmError::NoCompletion)?;
    let [choice] = completion.choices.as_slice() else {
        return Err(LlmError::NoCompletion);
    };
    match choice.finish_reason.as_str() {
        Some("length") => return Err(LlmError::TooLong),
        Some("content_filter") => return Err(LlmError::Refused),
        _ => {}
    }
    if choice.message.refusal.is_string() {
        return Err(LlmError::Refused);
    }
    let Some(text) = choice.message.content.as_str() else {
        return Err(LlmError::NoCompletion);
    };
    Ok(Reply::Message {
        text: text.to_owned(),
        input_tokens: completion.usage["prompt_tokens"].as_u64(),
        output_tokens: completion.usage["completion_tokens"].as_u64(),
    })
}

impl Reply {
    /// Returns the tokens that the call used, as reported by the server if it is plausible.
    pub(crate) fn tokens(&self, estimate: Tokens) -> Tokens {
        match self {
            Self::Message {
                input_tokens,
                output_tokens,
                ..
            } => Tokens::reported(*input_tokens, *output_tokens, estimate),
            Self::Refused { .. } => Tokens::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Reply, LlmError> {
        completion(text.as_bytes())
    }

    #[test]
    fn only_a_completion_is_accepted() {
        let completion = r#"{"id":"x","choices":[{"index":0,"finish_reason":"stop","message":
            {"role":"assistant","content":"{}","refusal":null}}],
            "usage":{"prompt_tokens":7,"completion_tokens":2}}"#;
        let reply = read(completion).unwrap();
        let estimate = Tokens::estimated(0, 0);
        assert_eq!(
            reply.tokens(estimate),
            Tokens {
                input: 7,
                output: 2
            }
        );
        for (text, error) in [
            ("{\"choices\":[]}", LlmError::NoCompletion),
            ("hello", LlmError::NoCompletion),
            ("{\"error\":{\"message\":\"x\"}}", LlmError::NoCompletion),
            (
                r#"{"choices":[{"message":{"content":null}}]}"#,
                LlmError::NoCompletion,
            ),
            (
                r#"{"choices":[{"message":{"content":"{}"},"finish_reason":"length"}]}"#,
                LlmError::TooLong,
            ),
            (
                r#"{"choices":[{"message":{"content":"","refusal":"no"}}]}"#,
                LlmError::Refused,
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn an_invalid_token_count_is_replaced_by_the_estimate() {
        let text = r#"{"choices":[{"message":{"content":"{}"}}],
            "usage":{"prompt_tokens":-7,"completion_tokens":1e99}}"#;
        let estimate = Tokens {
            input: 5,
            output: 6,
        };
        assert_eq!(read(text).unwrap().tokens(estimate), estimate);
    }
}

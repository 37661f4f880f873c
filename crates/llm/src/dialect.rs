//! The variants of the chat completions API. Each server leaves something out. A variant that a server
//! has accepted is remembered until the process ends.

use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use serde_json::{Value, json};

/// How many dialects are tried before a refusal counts as final: one for each difference that follows.
pub(crate) const ATTEMPTS_MAX: usize = 5;

/// How many tokens a model may use for thinking, in addition to those of its response. Enough for the
/// short questions here; a model that exceeds it fails as too long.
const THINKING_TOKENS: u32 = 4000;

/// How the server is asked for a form of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// With a JSON schema, which the server enforces.
    Schema,
    /// The server enforces JSON; the schema is in the prompt.
    Object,
    /// Only with the schema in the prompt.
    Plain,
}

/// How the server is given the length limit of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    MaxTokens,
    MaxCompletionTokens,
}

/// A variant of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) form: Form,
    limit: Limit,
    has_temperature: bool,
}

impl Dialect {
    const FIRST: Self = Self {
        form: Form::Schema,
        limit: Limit::MaxTokens,
        has_temperature: true,
    };

    /// Adds the members of this dialect to a request.
    pub(crate) fn write(
        self,
        request: &mut serde_json::Map<String, Value>,
        schema_name: &str,
        schema: &Value,
        response_tokens_max: u32,
    ) {
        match self.form {
            Form::Schema => {
                let format = json!({
                    "type": "json_schema",
                    "json_schema": {"name": schema_name, "strict": true, "schema": schema},
                });
                request.insert("response_format".to_owned(), format);
            }
            Form::Object => {
                let format = json!({"type": "json_object"});
                request.insert("response_format".to_owned(), format);
            }
            Form::Plain => {}
        }
        match self.limit {
            Limit::MaxTokens => request.insert("max_tokens".to_owned(), json!(response_tokens_max)),
            Limit::MaxCompletionTokens => request.insert(
                "max_completion_tokens".to_owned(),
                json!(response_tokens_max + THINKING_TOKENS),
            ),
        };
        if self.has_temperature {
            request.insert("temperature".to_owned(), json!(0));
        }
    }

    /// Returns the most tokens that a response in this dialect may have.
    pub(crate) fn response_tokens_max(self, asked: u32) -> u64 {
        match self.limit {
            Limit::MaxTokens => u64::from(asked),
            Limit::MaxCompletionTokens => u64::from(asked + THINKING_TOKENS),
        }
    }

    /// Returns another dialect to try after a refusal, if the dialect can be its reason.
    fn after_refusal(self, status: StatusCode, message: &str) -> Option<Self> {
        if !matches!(status.as_u16(), 400 | 404 | 415 | 422 | 501) {
            return None;
        }
        let message = message.to_ascii_lowercase();
        if self.limit == Limit::MaxTokens && message.contains("max_completion_tokens") {
            return Some(Self {
                limit: Limit::MaxCompletionTokens,
                ..self
            });
        }
        if self.has_temperature && message.contains("temperature") {
            return Some(Self {
                has_temperature: false,
                ..self
            });
        }
        let form = match self.form {
            Form::Schema => Form::Object,
            Form::Object => Form::Plain,
            Form::Plain => return None,
        };
        Some(Self { form, ..self })
    }
}

#[derive(Clone, Copy, Debug)]
struct Memory {
    dialect: Dialect,
    is_proven: bool,
}

/// The known dialect of a server.
#[derive(Debug)]
pub(crate) struct KnownDialect(Mutex<Memory>);

impl Default for KnownDialect {
    fn default() -> Self {
        Self(Mutex::new(Memory {
            dialect: Dialect::FIRST,
            is_proven: false,
        }))
    }
}

impl KnownDialect {
    /// Returns the dialect to use.
    pub(crate) fn get(&self) -> Dialect {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .dialect
    }

    /// Returns whether the server has accepted a question before.
    pub(crate) fn is_proven(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_proven
    }

    /// Records that the server accepted a dialect.
    pub(crate) fn accepted(&self, dialect: Dialect) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Memory {
            dialect,
            is_proven: true,
        };
    }

    /// Returns another dialect to try after a refusal. A server that has accepted this dialect before
    /// refuses the content and not the dialect.
    pub(crate) fn after_refusal(
        &self,
        dialect: Dialect,
        status: StatusCode,
        message: &str,
    ) -> Option<Dialect> {
        let memory = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.is_proven && memory.dialect == dialect {
            return None;
        }
        if memory.is_proven {
            // Another call has found a dialect in the meantime.
            return Some(memory.dialect);
        }
        dialect.after_refusal(status, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: StatusCode = StatusCode::BAD_REQUEST;

    fn written(dialect: Dialect) -> Value {
        let mut request = serde_json::Map::new();
        dialect.write(&mut request, "name", &json!({"type": "object"}), 10);
        Value::Object(request)
    }

    #[test]
    fn a_dialect_is_found_that_the_server_accepts() {
        let known = KnownDialect::default();
        let first = known.get();
        assert_eq!(written(first)["response_format"]["type"], "json_schema");
        let second = known
            .after_refusal(first, BAD, "'response_format.type' must be 'json_object'")
            .unwrap();
        assert_eq!(written(second)["response_format"]["type"], "json_object");
        let third = known
            .after_refusal(
                second,
                BAD,
                "Unsupported parameter: use 'max_completion_tokens'",
            )
            .unwrap();
        assert_eq!(written(third)["max_completion_tokens"], 4010);
        assert_eq!(written(third).get("max_tokens"), None);
        let fourth = known
            .after_refusal(third, BAD, "'temperature' does not support 0")
            .unwrap();
        assert_eq!(written(fourth).get("temperature"), None);
        let fifth = known.after_refusal(fourth, BAD, "no").unwrap();
        assert_eq!(written(fifth).get("response_format"), None);
        assert_eq!(known.after_refusal(fifth, BAD, "no"), None);
        known.accepted(fifth);
        assert_eq!(known.get(), fifth);
    }

    #[test]
    fn a_refusal_in_an_accepted_dialect_is_final() {
        let known = KnownDialect::default();
        known.accepted(Dialect::FIRST);
        assert_eq!(known.after_refusal(Dialect::FIRST, BAD, "too long"), None);
        let known = KnownDialect::default();
        let failed = StatusCode::INTERNAL_SERVER_ERROR;
        assert_eq!(known.after_refusal(Dialect::FIRST, failed, "schema"), None);
    }
}

//! What a server understands of the chat completions API. There are many servers, and each leaves
//! something out; what one has shown to understand is remembered for as long as the process lives.

use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use serde_json::{Value, json};

/// How many ways of asking are tried before a refusal is taken for one.
pub(crate) const ATTEMPTS_MAX: usize = 5;

/// How many tokens more a model may use that thinks before it answers.
const THINKING_TOKENS: u32 = 4000;

/// How a server is told the form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By a JSON schema, which it enforces.
    Schema,
    /// It makes sure of JSON; the schema stands in the prompt.
    Object,
    /// The schema stands in the prompt, and that is all.
    Plain,
}

/// How a server is told how long the answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    MaxTokens,
    MaxCompletionTokens,
}

/// A way of asking.
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

    /// Adds to a request what this dialect says differently.
    pub(crate) fn write(
        self,
        request: &mut serde_json::Map<String, Value>,
        schema_name: &str,
        schema: &Value,
        answer_tokens_max: u32,
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
            Limit::MaxTokens => request.insert("max_tokens".to_owned(), json!(answer_tokens_max)),
            Limit::MaxCompletionTokens => request.insert(
                "max_completion_tokens".to_owned(),
                json!(answer_tokens_max + THINKING_TOKENS),
            ),
        };
        if self.has_temperature {
            request.insert("temperature".to_owned(), json!(0));
        }
    }

    /// The most tokens that an answer in this dialect may have.
    pub(crate) fn answer_tokens_max(self, asked: u32) -> u64 {
        match self.limit {
            Limit::MaxTokens => u64::from(asked),
            Limit::MaxCompletionTokens => u64::from(asked + THINKING_TOKENS),
        }
    }

    /// Another way to ask after a refusal, if the refusal can be one of the dialect.
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

/// What is known of a server.
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
    /// The way of asking that is believed to be understood.
    pub(crate) fn get(&self) -> Dialect {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .dialect
    }

    /// Whether the server has understood a question before.
    pub(crate) fn is_proven(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_proven
    }

    /// Remembers that a way of asking was understood.
    pub(crate) fn understood(&self, dialect: Dialect) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Memory {
            dialect,
            is_proven: true,
        };
    }

    /// Another way to ask after a refusal. A server that has understood before refuses for what
    /// was asked, not for how.
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
            // Another call has found out meanwhile.
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
    fn a_server_is_met_where_it_stands() {
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
        known.understood(fifth);
        assert_eq!(known.get(), fifth);
    }

    #[test]
    fn a_server_that_has_understood_is_taken_at_its_word() {
        let known = KnownDialect::default();
        known.understood(Dialect::FIRST);
        assert_eq!(known.after_refusal(Dialect::FIRST, BAD, "too long"), None);
        let known = KnownDialect::default();
        let failed = StatusCode::INTERNAL_SERVER_ERROR;
        assert_eq!(known.after_refusal(Dialect::FIRST, failed, "schema"), None);
    }
}

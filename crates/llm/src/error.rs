//! Failures to get a usable response from a model.

use http::StatusCode;

/// A failure of the model or its server. No message repeats the server's own text, which may contain the
/// API key, or text that an agent wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    /// No connection could be opened.
    #[error("the language model's server cannot be reached")]
    Unreachable,
    /// The connection ended before the response was complete.
    #[error("the language model's server closed the connection early")]
    BrokeOff,
    /// No response arrived in time.
    #[error("the language model did not respond in time")]
    TimedOut,
    /// The server responded with an error.
    #[error("the language model's server responded with status {}", .0.as_u16())]
    Status(StatusCode),
    /// The response is not a chat completion.
    #[error("the response of the language model's server is not a chat completion")]
    NoCompletion,
    /// The response is longer than the limit.
    #[error("the language model's response is too long")]
    TooLong,
    /// The model refused to respond.
    #[error("the language model refused to respond")]
    Refused,
    /// The response did not have the requested form, twice.
    #[error("the language model's response does not have the requested form")]
    Nonsense,
    /// The server failed so often that it is not called for a while.
    #[error("the language model has failed repeatedly and is not called for now")]
    CircuitOpen,
    /// A daily limit on spending is reached.
    #[error("the daily limit for the language model is reached")]
    CeilingReached,
}

impl LlmError {
    /// Returns a word for the kind of failure, for metrics.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::BrokeOff => "broke_off",
            Self::TimedOut => "timed_out",
            Self::Status(_) => "status",
            Self::NoCompletion => "no_completion",
            Self::TooLong => "too_long",
            Self::Refused => "refused",
            Self::Nonsense => "nonsense",
            Self::CircuitOpen => "circuit_open",
            Self::CeilingReached => "ceiling_reached",
        }
    }

    /// Returns whether the server itself failed. Failures that a request can provoke by its content do
    /// not count, or one agent could open the circuit for the others.
    pub(crate) fn is_server_failure(&self) -> bool {
        match self {
            Self::Unreachable | Self::BrokeOff | Self::TimedOut | Self::NoCompletion => true,
            Self::Status(status) => {
                status.is_server_error()
                    || status.is_redirection()
                    || matches!(status.as_u16(), 401 | 402 | 403 | 404 | 408 | 429)
            }
            Self::TooLong
            | Self::Refused
            | Self::Nonsense
            | Self::CircuitOpen
            | Self::CeilingReached => false,
        }
    }
}

//! Why a model gave no usable answer.

use http::StatusCode;

/// A failure of the model or its server. No text here repeats what the server said: it may hold
/// the API key, or what an agent wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    /// No connection could be opened.
    #[error("the language model's server cannot be reached")]
    Unreachable,
    /// The connection broke before the answer was whole.
    #[error("the language model's server broke off")]
    BrokeOff,
    /// No answer came in time.
    #[error("the language model did not answer in time")]
    TimedOut,
    /// The server refused or failed.
    #[error("the language model's server answered with status {}", .0.as_u16())]
    Status(StatusCode),
    /// What the server answered is no chat completion.
    #[error("the language model's server gave an answer that is no chat completion")]
    NoCompletion,
    /// The answer is longer than any that was asked for.
    #[error("the language model's answer is too long")]
    TooLong,
    /// The model did not want to answer.
    #[error("the language model refused to answer")]
    Refused,
    /// The model answered with something else than was asked for, twice.
    #[error("the language model gave no answer of the form that was asked for")]
    Nonsense,
    /// The server failed so often that it is left alone for a while.
    #[error("the language model has failed repeatedly and is not asked for the moment")]
    CircuitOpen,
    /// A ceiling on what may be spent in a day is reached.
    #[error("the day's ceiling for the language model is reached")]
    CeilingReached,
}

impl LlmError {
    /// A word for the kind of failure, for metrics.
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

    /// Whether the server itself failed. What a request can provoke by its content does not count:
    /// no agent is to be able to open the circuit for the others.
    pub(crate) fn is_the_servers(&self) -> bool {
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

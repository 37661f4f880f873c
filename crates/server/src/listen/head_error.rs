//! Reasons why a request head, or the framing of its body, is refused.

use gaiterguard_framing::FramingError;

use crate::codes::Code;
use crate::problem::Problem;

/// Error in the head of a request or the framing of its body. It closes the connection, because the
/// start of the next request is no longer certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeadError {
    #[error("the request head did not arrive in time")]
    Timeout,
    #[error(transparent)]
    Framing(#[from] FramingError),
}

impl From<HeadError> for Problem {
    fn from(error: HeadError) -> Self {
        let code = match error {
            HeadError::Timeout => Code::RequestTimeout,
            HeadError::Framing(FramingError::TooLong | FramingError::TooManyFields) => {
                Code::RequestHeadTooLarge
            }
            HeadError::Framing(_) => Code::MalformedRequest,
        };
        Self::new(code, error.to_string())
    }
}

//! Reasons why a request head, or the framing of its body, is refused.

use gaiterguard_framing::FramingError;
use http::StatusCode;

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
        let (status, code) = match error {
            HeadError::Timeout => (StatusCode::REQUEST_TIMEOUT, "request_timeout"),
            HeadError::Framing(FramingError::TooLong | FramingError::TooManyFields) => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "request_head_too_large",
            ),
            HeadError::Framing(_) => (StatusCode::BAD_REQUEST, "malformed_request"),
        };
        Self::new(status, code, error.to_string())
    }
}

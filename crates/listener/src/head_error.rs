//! Reasons why a request head, or the framing of its body, is refused.

use gaiterguard_framing::FramingError;
use http::StatusCode;

/// Error in the head of a request or the framing of its body. It closes the connection, because the
/// start of the next request is no longer certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    #[error("the request head did not arrive in time")]
    Timeout,
    #[error(
        "extended CONNECT is not offered: WebSockets use HTTP/1.1, so the client must offer only http/1.1 (ALPN) on \
         a connection for one"
    )]
    ExtendedConnect,
    #[error(transparent)]
    Framing(#[from] FramingError),
}

impl HeadError {
    /// Returns the status code of the response.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Framing(FramingError::TooLong | FramingError::TooManyFields) => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::Framing(_) | Self::ExtendedConnect => StatusCode::BAD_REQUEST,
        }
    }
}

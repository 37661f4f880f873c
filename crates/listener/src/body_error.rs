//! Reasons why a request body did not arrive.

use std::error::Error;
use std::io;

use http::StatusCode;

use crate::HeadError;

/// Error of a request body. A framework that wraps a [`RequestBody`](crate::RequestBody) may wrap
/// its errors too; [`BodyError::find`] returns the error in such a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// No part arrived in time.
    #[error("the request body did not arrive in time")]
    Idle,
    /// The chunked encoding is malformed.
    #[error(transparent)]
    Framing(HeadError),
    /// The client closed the connection before the end.
    #[error("the request body ended before it was complete")]
    Incomplete,
}

impl BodyError {
    /// Returns the status code of the response.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Idle => StatusCode::REQUEST_TIMEOUT,
            Self::Framing(error) => error.status(),
            Self::Incomplete => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the body error in the chain of `error`.
    pub fn find(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(*found);
            }
            next = error.source();
        }
        None
    }

    /// Classifies hyper's error of a body.
    pub(crate) fn from_hyper(error: &hyper::Error) -> Self {
        let mut next = error.source();
        while let Some(error) = next {
            let framing = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref)
                .and_then(|inner| inner.downcast_ref::<HeadError>());
            if let Some(framing) = framing {
                return Self::Framing(*framing);
            }
            next = error.source();
        }
        Self::Incomplete
    }
}

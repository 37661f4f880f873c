//! Reasons why a request body did not arrive.

use std::error::Error;
use std::io;

use super::HeadError;
use crate::codes::Code;
use crate::problem::Problem;

/// Error of a request body. Reading an `axum::body::Body` of the listener fails with an error that
/// has this one in its chain; [`BodyError::find`] returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
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
    /// Returns the body error in the chain of `error`.
    pub(crate) fn find(error: &(dyn Error + 'static)) -> Option<Self> {
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
    pub(super) fn from_hyper(error: &hyper::Error) -> Self {
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

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Idle => Self::new(Code::RequestTimeout, error.to_string()),
            BodyError::Framing(error) => error.into(),
            BodyError::Incomplete => Self::new(Code::MalformedRequest, error.to_string()),
        }
    }
}

//! Problems for requests that the listener refuses or cannot read to the end.

use gaiterguard_listener::{BodyError, HeadError};
use http::StatusCode;

use crate::problem::Problem;

impl From<HeadError> for Problem {
    fn from(error: HeadError) -> Self {
        Self::new(error.status(), code(error.status()), error.to_string())
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        Self::new(error.status(), code(error.status()), error.to_string())
    }
}

fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::REQUEST_TIMEOUT => "request_timeout",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "request_head_too_large",
        _ => "malformed_request",
    }
}

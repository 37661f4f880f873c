//! Problems for requests that the listener refuses or cannot read to the end.

use gaiterguard_listener::{BodyError, HeadError};
use http::StatusCode;

use crate::problem::Problem;
use gaiterguard_problem::Code;

impl From<HeadError> for Problem {
    fn from(error: HeadError) -> Self {
        Self::new(code(error.status()), error.to_string())
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        Self::new(code(error.status()), error.to_string())
    }
}

fn code(status: StatusCode) -> Code {
    match status {
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Code::RequestHeadTooLarge,
        _ => Code::MalformedRequest,
    }
}

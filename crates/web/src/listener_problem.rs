//! Problems for requests that the listener or the proxy port refuses, or that cannot be read to the end.

use gaiterguard_intercept::ProxyRefusal;
use gaiterguard_listener::{BodyError, HeadError};
use gaiterguard_problem::Code;
use http::header::PROXY_AUTHENTICATE;
use http::{HeaderValue, StatusCode};

use crate::problem::Problem;

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

impl From<ProxyRefusal> for Problem {
    fn from(refusal: ProxyRefusal) -> Self {
        let problem = Self::new(refusal.code(), refusal.to_string());
        if problem.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            let challenge = HeaderValue::from_static("Basic realm=\"GaiterGuard\"");
            return problem.header(PROXY_AUTHENTICATE, challenge);
        }
        problem
    }
}

fn code(status: StatusCode) -> Code {
    match status {
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Code::RequestHeadTooLarge,
        _ => Code::MalformedRequest,
    }
}

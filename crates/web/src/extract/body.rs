//! Reads the request's body up to a limit: completely, or as a stream.

use axum::body::Body;
use bytes::Bytes;
use gaiterguard_gateway::refusal::NO_AGENT_KEY;
use gaiterguard_intake::{ArrivingBody, BodyBroken};
use gaiterguard_listener::BodyError;
use http_body_util::BodyExt as _;

use crate::problem::Problem;

/// Reads `body` to its end. A body of more than `bytes_max` is 413 `payload_too_large`; a
/// [`BodyError`] becomes its problem. A body that arrives in one piece is not copied.
pub async fn read_body(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let reading = async {
        ArrivingBody::new(body.map_err(lost), bytes_max)?
            .whole()
            .await
    };
    reading.await.map_err(|broken| Problem::from(&broken))
}

/// Returns `body` as a stream with the same limit. A body with a longer declared length is refused
/// immediately.
pub fn arriving_body(body: Body, bytes_max: usize) -> Result<ArrivingBody, Problem> {
    let body = body.map_err(lost).boxed_unsync();
    ArrivingBody::new(body, bytes_max).map_err(|broken| Problem::from(&broken))
}

fn lost(error: axum::Error) -> BodyBroken {
    BodyBroken::Lost(error.into())
}

impl From<&BodyBroken> for Problem {
    fn from(broken: &BodyBroken) -> Self {
        match broken {
            BodyBroken::TooLong { bytes_max } => Self::payload_too_large(*bytes_max),
            BodyBroken::HoldsAgentKey => Self::field("body", NO_AGENT_KEY),
            BodyBroken::Lost(error) => {
                BodyError::find(&**error).map_or_else(Self::internal, Self::from)
            }
        }
    }
}

//! Extractor for the body of a request that creates or changes a definition.

use axum::extract::{FromRequest, Request};
use gaiterguard_domain::body::Body;
use serde_json::{Map, Value};

use super::{JSON_BODY_BYTES_MAX, LimitedJson};
use crate::problem::Problem;

/// A body whose fields are checked one by one. This extractor refuses fields that the body does not
/// have. The definitions crate reports the errors of all other fields together.
#[derive(Debug)]
pub(crate) struct Fields<T, const BYTES_MAX: usize = JSON_BODY_BYTES_MAX>(pub(crate) T);

impl<T: Body, S: Sync, const BYTES_MAX: usize> FromRequest<S> for Fields<T, BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let LimitedJson(members) =
            LimitedJson::<Map<String, Value>, BYTES_MAX>::from_request(request, state).await?;
        T::read(members).map(Self).map_err(Problem::fields)
    }
}

//! Extractor for an optional JSON body.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::json::{JSON_BODY_BYTES_MAX, from_json, may_be_json};
use super::read_body;
use crate::problem::Problem;

/// A JSON body whose fields are all optional, so that the body is optional too; null counts as
/// absent. Its content type is JSON or absent, or else the response is 415.
#[derive(Debug)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        if !may_be_json(&request) {
            return Err(Problem::unsupported_media_type());
        }
        let body = read_body(request.into_body(), JSON_BODY_BYTES_MAX).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        let value: Option<T> = from_json(&body)?;
        Ok(Self(value.unwrap_or_default()))
    }
}

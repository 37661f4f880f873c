//! Extractor for a JSON body.

use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::deserialize::deserialize;
use super::read_body;
use crate::problem::Problem;

/// Maximum length of the JSON body of a dashboard call, in bytes. Ordinary bodies have a few KiB, the simulation of
/// many rules some hundred. Calls with documents have limits of their own.
pub const JSON_BODY_BYTES_MAX: usize = 1024 * 1024;

/// A JSON body of at most [`JSON_BODY_BYTES_MAX`]. Its content type is JSON or absent, or else the
/// response is 415.
#[derive(Debug)]
pub struct ApiJson<T>(pub T);

/// The same with a different limit, for calls that contain whole documents.
#[derive(Debug)]
pub struct LimitedJson<T, const BYTES_MAX: usize>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        LimitedJson::<T, JSON_BODY_BYTES_MAX>::from_request(request, state)
            .await
            .map(|LimitedJson(value)| Self(value))
    }
}

impl<T: DeserializeOwned, S: Sync, const BYTES_MAX: usize> FromRequest<S>
    for LimitedJson<T, BYTES_MAX>
{
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        if !may_be_json(&request) {
            return Err(Problem::unsupported_media_type());
        }
        let body = read_body(request.into_body(), BYTES_MAX).await?;
        if body.is_empty() {
            return Err(Problem::field("", "a JSON body is required"));
        }
        from_json(&body).map(Self)
    }
}

/// Parses one JSON value, which may borrow from `body`.
pub fn from_json<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = deserialize(&mut deserializer)?;
    deserializer
        .end()
        .map_err(|_| Problem::field("", "the body must end after its JSON value"))?;
    Ok(value)
}

/// Returns whether the content type is absent, `application/json`, or `application/…+json`.
pub(super) fn may_be_json(request: &Request) -> bool {
    let Some(content_type) = request.headers().get(CONTENT_TYPE) else {
        return true;
    };
    let Ok(content_type) = content_type.to_str() else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence
        .to_ascii_lowercase()
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

//! Extractor for path parameters.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, MatchedPath, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::deserialize::without_value;
use crate::problem::Problem;

/// Path parameters. An invalid one is 400 `validation_failed`.
#[derive(Debug)]
pub struct ApiPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                Err(problem(error.into_kind(), &names(parts)))
            }
            Err(_) => Err(Problem::internal()),
        }
    }
}

/// The names of the route's parameters, in order. Serde knows only names that the target type
/// declares.
fn names(parts: &Parts) -> Vec<&str> {
    let route = parts.extensions.get::<MatchedPath>();
    let segments = route.map_or("", MatchedPath::as_str).split('/');
    segments
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| name.trim_start_matches('*'))
        .collect()
}

fn problem(kind: ErrorKind, names: &[&str]) -> Problem {
    let name = |index: usize| names.get(index).copied().unwrap_or_default();
    match kind {
        ErrorKind::ParseErrorAtKey {
            key, expected_type, ..
        } => Problem::field(key, expected(expected_type)),
        ErrorKind::ParseErrorAtIndex {
            index,
            expected_type,
            ..
        } => Problem::field(name(index), expected(expected_type)),
        ErrorKind::ParseError { expected_type, .. } => {
            Problem::field(name(0), expected(expected_type))
        }
        ErrorKind::InvalidUtf8InPathParam { key } => Problem::field(key, "must be UTF-8"),
        ErrorKind::DeserializeError { key, message, .. } => {
            Problem::field(key, without_value(&message))
        }
        // Custom messages come from types with rules of their own, which occur in routes with one
        // parameter.
        ErrorKind::Message(message) => Problem::field(name(0), without_value(&message)),
        _ => Problem::internal(),
    }
}

fn expected(type_name: &str) -> &'static str {
    match type_name {
        "i8" | "i16" | "i32" | "i64" | "i128" | "u8" | "u16" | "u32" | "u64" | "u128" => {
            "must be a whole number"
        }
        "f32" | "f64" => "must be a number",
        "bool" => "must be true or false",
        _ => "must have the format that this path requires",
    }
}

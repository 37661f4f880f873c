//! The parameters of a path.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// Path parameters; one that is not what the route takes is 400 `validation_failed`.
#[derive(Debug)]
pub(crate) struct ApiPath<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                let only = only_parameter(parts);
                Err(problem(error.into_kind(), only))
            }
            Err(_) => Err(Problem::internal()),
        }
    }
}

/// The name of the parameter if the route has but one: serde does not name it then.
fn only_parameter(parts: &Parts) -> Option<String> {
    let route = parts.extensions.get::<axum::extract::MatchedPath>()?;
    let mut names = route
        .as_str()
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let name = names.next()?.trim_start_matches('*').to_owned();
    names.next().is_none().then_some(name)
}

fn problem(kind: ErrorKind, only: Option<String>) -> Problem {
    let only = only.unwrap_or_default();
    match kind {
        ErrorKind::ParseErrorAtKey {
            key, expected_type, ..
        } => Problem::field(key, expected(expected_type)),
        ErrorKind::ParseErrorAtIndex { expected_type, .. }
        | ErrorKind::ParseError { expected_type, .. } => {
            Problem::field(only, expected(expected_type))
        }
        ErrorKind::InvalidUtf8InPathParam { key } => Problem::field(key, "must be UTF-8"),
        ErrorKind::DeserializeError { key, message, .. } => Problem::field(key, message),
        ErrorKind::Message(message) => Problem::field(only, message),
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
        _ => "is not what this path takes",
    }
}

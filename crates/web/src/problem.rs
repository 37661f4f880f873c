//! Error responses of the gateway itself, as RFC 9457 `application/problem+json`.
//!
//! Handlers return `Result<_, Problem>`. The cause is logged where it occurs; a problem contains
//! only what the caller may know.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use gaiterguard_domain::field::FieldError;
use gaiterguard_domain::redact;
use gaiterguard_problem::Code;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The media type of every problem.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error response.
#[derive(Debug, Clone)]
pub struct Problem(Box<Content>);

// Boxed so that the `Result` of every handler stays small.
#[derive(Debug, Clone)]
struct Content {
    status: StatusCode,
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    extensions: Map<String, Value>,
    headers: HeaderMap,
}

/// The body of an error response.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// URI reference of the problem type: `/problems/{code}`.
    #[schema(example = "/problems/validation_failed")]
    r#type: String,
    /// The code in words.
    #[schema(example = "Validation failed")]
    title: String,
    /// HTTP status code.
    #[schema(example = 400)]
    status: u16,
    /// Explanation of this occurrence.
    #[schema(value_type = String)]
    detail: Cow<'static, str>,
    /// Stable identifier of the problem type, for programs.
    #[schema(value_type = String, example = "validation_failed")]
    code: &'static str,
    /// Same as `detail`, for older clients.
    #[schema(value_type = String)]
    error: Cow<'static, str>,
    /// The invalid fields. Set only for `validation_failed` and `not_understood`.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<FieldError>>,
}

impl Problem {
    /// Creates a problem with the usual status of its code.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Content {
            status: code.status(),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            extensions: Map::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// 400 `validation_failed`, for one field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError::new(field, message)])
    }

    /// 400 `validation_failed`, for several fields.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self::of_fields(Code::ValidationFailed, errors)
    }

    /// Creates a problem whose detail repeats the errors of the fields.
    pub fn of_fields(code: Code, errors: Vec<FieldError>) -> Self {
        let sentences: Vec<_> = errors.iter().map(sentence).collect();
        let mut problem = Self::new(code, sentences.join("; "));
        problem.0.errors = errors;
        problem
    }

    /// 404 `not_found`.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::NotFound, detail)
    }

    /// 413 `payload_too_large`.
    pub fn payload_too_large(bytes_max: usize) -> Self {
        Self::new(
            Code::PayloadTooLarge,
            format!("the request body is longer than the limit of {bytes_max} bytes"),
        )
    }

    /// 500 `internal_error`. The cause belongs in the log, not in the response.
    pub fn internal() -> Self {
        Self::new(
            Code::InternalError,
            "internal error; look up the response's X-Request-Id in the gateway's log",
        )
    }

    /// 503 `storage_unavailable`, with `Retry-After`.
    pub fn storage_unavailable() -> Self {
        Self::new(
            Code::StorageUnavailable,
            "the database is unavailable; check whether a change was made before you retry it",
        )
        .retry_after(1)
    }

    /// 415 `unsupported_media_type`.
    pub fn unsupported_media_type() -> Self {
        Self::new(
            Code::UnsupportedMediaType,
            "the body must be JSON, sent with Content-Type: application/json",
        )
    }

    /// Replaces the status, for a code that has several.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        debug_assert!(
            self.0.code.statuses().contains(&status),
            "{:?} is not documented with {status}",
            self.0.code
        );
        self.0.status = status;
        self
    }

    /// Adds an extension member. A standard member is never replaced.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.extensions.insert(member.to_owned(), value.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Adds `Retry-After`.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Serializes the problem as the caller receives it.
    pub fn to_text(&self) -> String {
        redacted(&self.to_json())
    }

    /// Returns the JSON members.
    pub fn to_json(&self) -> Map<String, Value> {
        let Content {
            status,
            code,
            detail,
            errors,
            extensions,
            headers: _,
        } = &*self.0;
        let body = ProblemBody {
            r#type: code.problem_type(),
            title: code.title(),
            status: status.as_u16(),
            detail: detail.clone(),
            code: code.as_str(),
            error: detail.clone(),
            errors: (!errors.is_empty()).then(|| errors.clone()),
        };
        let Ok(Value::Object(mut members)) = serde_json::to_value(body) else {
            unreachable!("a problem is a plain object")
        };
        for (member, value) in extensions {
            members
                .entry(member.clone())
                .or_insert_with(|| value.clone());
        }
        members
    }
}

/// Serializes the body of a problem. It may quote the request, and an agent may have put its key
/// anywhere in it, so keys are redacted.
fn redacted(body: &impl Serialize) -> String {
    let text = serde_json::to_string(body)
        .unwrap_or_else(|error| unreachable!("a problem is plain data: {error}"));
    redact::agent_keys(&text).into_owned()
}

/// Returns a response with the body of a problem.
pub fn respond(status: StatusCode, headers: HeaderMap, body: &impl Serialize) -> Response {
    let mut response = Response::new(Body::from(redacted(body)));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
    if let Ok(Value::Object(members)) = serde_json::to_value(body) {
        response.extensions_mut().insert(ProblemMembers(members));
    }
    response
}

/// The members of a problem that is the body of a response.
#[derive(Debug, Clone)]
struct ProblemMembers(Map<String, Value>);

/// Returns the detail of a problem that is the body of a response, and the ID of the action that it names.
pub(crate) fn described(response: &Response) -> Option<(&str, Option<&str>)> {
    let ProblemMembers(members) = response.extensions().get()?;
    let member = |name: &str| members.get(name).and_then(Value::as_str);
    Some((member("detail")?, member("action_id")))
}

/// Rewrites the body of a problem, if it is one, for clients that were written for other servers. Many of
/// them read `error` as an object with a message and a code, or a `message` at the top; a text in
/// `error` is how OAuth reports errors, and some raise the exception for that.
pub fn adapt_to_unmodified_client(response: &mut Response) {
    let Some(ProblemMembers(mut members)) = response.extensions_mut().remove() else {
        return;
    };
    let member = |name: &str| members.get(name).cloned();
    let message = member("detail").unwrap_or_default();
    let mut error = Map::new();
    error.insert("message".to_owned(), message.clone());
    for name in ["type", "code", "action_id", "note"] {
        error.extend(member(name).map(|value| (name.to_owned(), value)));
    }
    members.insert("error".to_owned(), Value::Object(error));
    members.insert("message".to_owned(), message);
    *response.body_mut() = Body::from(redacted(&members));
    // The router has set the length of the body before.
    response.headers_mut().remove(CONTENT_LENGTH);
}

/// Formats the error as one sentence.
fn sentence(error: &FieldError) -> String {
    let FieldError { field, message, .. } = error;
    match (field.as_str(), error.line, error.column) {
        (field, Some(line), Some(column)) => {
            format!("{field}, line {line}, column {column}: {message}")
        }
        ("", ..) => message.clone(),
        (field, ..) => format!("{field}: {message}"),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let members = self.to_json();
        respond(self.0.status, self.0.headers, &members)
    }
}

/// Returns 404 for a path without a route. Mounted as the fallback of every router.
#[expect(clippy::unused_async, reason = "a handler is async")]
pub async fn no_such_path() -> Response {
    missing()
}

/// Returns the same 404 where no router calls a fallback.
pub fn missing() -> Response {
    let mut response = Problem::not_found("no route matches this path").into_response();
    response.extensions_mut().insert(NoRoute);
    response
}

/// Returns 405 for a method that a path does not support; the router adds `Allow`.
#[expect(clippy::unused_async, reason = "a handler is async")]
pub async fn no_such_method() -> Response {
    Problem::new(
        Code::MethodNotAllowed,
        "this path does not support the method; see the Allow header",
    )
    .into_response()
}

/// Marks the response to a path without a route. Such a path is not logged, because it may contain
/// anything.
#[derive(Debug, Clone, Copy)]
pub struct NoRoute;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_flat_and_standard_ones_are_kept() {
        let problem = Problem::new(Code::ActionNotApproved, "not yet")
            .with("action_status", "PENDING")
            .with("status", "nonsense");
        assert_eq!(
            Value::Object(problem.to_json()).to_string(),
            r#"{"type":"/problems/action_not_approved","title":"Action not approved","status":409,"detail":"not yet","code":"action_not_approved","error":"not yet","action_status":"PENDING"}"#
        );
    }

    #[test]
    fn field_errors_are_listed_and_repeated_in_the_detail() {
        let problem = Problem::fields(vec![
            FieldError::new("intent", "is required"),
            FieldError::new("", "the body is odd"),
        ]);
        let json = Value::Object(problem.to_json());
        assert_eq!(json["detail"], "intent: is required; the body is odd");
        assert_eq!(json["errors"][0]["field"], "intent");
        assert_eq!(json["errors"][1]["message"], "the body is odd");
    }
}

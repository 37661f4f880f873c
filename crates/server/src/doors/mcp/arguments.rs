//! Arguments of the tools.

use bytes::Bytes;
use gaiterguard_domain::request::{ProxyRequest, ServiceName};
use gaiterguard_web::extract::{self, whole};
use gaiterguard_web::problem::Problem;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::envelope;

/// Maximum number of operations in one search result, and the default.
const OPERATIONS_MAX: usize = 50;
const OPERATIONS_USUAL: usize = 10;

/// Maximum length of a search text, in characters.
const QUERY_CHARS_MAX: usize = 200;

/// Maximum time to wait for a human in one call, in seconds. Many clients abort a call after a
/// minute.
const WAIT_SECONDS_MAX: u64 = 50;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    params: Params<'a>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// The arguments as bytes of the message, so that the forwarded body is exactly what the agent
/// wrote.
pub(super) fn of_message(message: &Bytes) -> Result<Bytes, Problem> {
    let read: Message<'_> = extract::from_json(message)?;
    Ok(match read.params.arguments {
        Some(arguments) => message.slice_ref(arguments.get().as_bytes()),
        None => Bytes::from_static(b"{}"),
    })
}

/// Arguments of `list_services`: none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Arguments of `search_operations`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchArguments {
    query: Option<String>,
    service: Option<String>,
    #[serde(default, deserialize_with = "whole")]
    limit: Option<usize>,
}

/// Text to search for.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) text: String,
    pub(super) service: Option<ServiceName>,
    pub(super) operations_max: usize,
}

impl Search {
    pub(super) fn read(arguments: &Bytes) -> Result<Self, Problem> {
        let read: SearchArguments = extract::from_json(arguments)?;
        let text = read.query.unwrap_or_default();
        if text.chars().count() > QUERY_CHARS_MAX {
            let message = format!("must be at most {QUERY_CHARS_MAX} characters long");
            return Err(Problem::field("query", message));
        }
        let operations_max = read.limit.unwrap_or(OPERATIONS_USUAL);
        if !(1..=OPERATIONS_MAX).contains(&operations_max) {
            let message = format!("must be from 1 to {OPERATIONS_MAX}");
            return Err(Problem::field("limit", message));
        }
        Ok(Self {
            text,
            service: read.service.map(ServiceName::Name),
            operations_max,
        })
    }
}

/// Parses the arguments of `proxy_request` and `dry_run`: those of `POST /proxy`, except `wait`. Some clients
/// write an object as a text that contains its JSON, so such a text is labeled as JSON if it has no label.
pub(super) fn proposed(arguments: &Bytes) -> Result<ProxyRequest, Problem> {
    let mut request = envelope::read(arguments, &HeaderMap::new())?;
    if request.wait.is_some() {
        return Err(Problem::field(
            "wait",
            "unknown field: a held request returns immediately; use action_status to wait",
        ));
    }
    if !request.headers.contains_key(CONTENT_TYPE) && is_object_or_array(&request.body) {
        let json = HeaderValue::from_static("application/json");
        request.headers.insert(CONTENT_TYPE, json);
    }
    // An agent's default wait is for clients that cannot ask again.
    request.wait = Some(std::time::Duration::ZERO);
    Ok(request)
}

fn is_object_or_array(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
        && serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// Arguments of `action_status`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusArguments {
    pub(super) action_id: String,
    #[serde(default, deserialize_with = "whole")]
    wait_seconds: Option<u64>,
}

impl StatusArguments {
    pub(super) fn wait(&self) -> Result<std::time::Duration, Problem> {
        let seconds = self.wait_seconds.unwrap_or(0);
        if seconds > WAIT_SECONDS_MAX {
            let message =
                format!("must be from 0 to {WAIT_SECONDS_MAX}; to wait longer, call again");
            return Err(Problem::field("wait_seconds", message));
        }
        Ok(std::time::Duration::from_secs(seconds))
    }
}

/// Arguments of `execute_action`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExecuteArguments {
    pub(super) action_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(arguments: &str) -> Bytes {
        Bytes::from(format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"x"{arguments}}}}}"#
        ))
    }

    #[test]
    fn arguments_are_taken_as_they_were_written() {
        let written = r#"{ "b": 1e2, "a": 1.50, "a": 12345678901234567890123 }"#;
        let message = message(&format!(r#","arguments":{written}"#));
        assert_eq!(of_message(&message).unwrap(), written);
    }

    #[test]
    fn absent_arguments_are_empty_and_two_are_refused() {
        assert_eq!(of_message(&message("")).unwrap(), "{}");
        assert!(of_message(&message(r#","arguments":{},"arguments":{}"#)).is_err());
    }

    #[test]
    fn a_request_is_what_the_other_door_takes_and_never_waits() {
        let text =
            r#"{"service":"things","method":"post","path":"/a","intent":"x","body":{"n":1.50}"#;
        let request = proposed(&Bytes::from(format!("{text}}}"))).unwrap();
        assert_eq!(request.body, r#"{"n":1.50}"#);
        assert_eq!(request.wait, Some(std::time::Duration::ZERO));
        let waiting = proposed(&Bytes::from(format!(r#"{text},"wait":5}}"#)));
        assert_eq!(waiting.unwrap_err().to_json()["errors"][0]["field"], "wait");
    }

    #[test]
    fn a_search_is_bounded() {
        let search = |text: &str| Search::read(&Bytes::copy_from_slice(text.as_bytes()));
        assert_eq!(search("{}").unwrap().operations_max, OPERATIONS_USUAL);
        assert!(search(r#"{"limit":0}"#).is_err());
        assert!(search(r#"{"limit":51}"#).is_err());
        assert!(search(&format!(r#"{{"query":"{}"}}"#, "a".repeat(201))).is_err());
    }
}

//! Builds the body of `POST /proxy` from the command line.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::arguments::CallArguments;

/// The body of `POST /proxy`. Retries are identical except for the wait time, so the idempotency key applies
/// to them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProxyBody {
    method: String,
    intent: String,
    idempotency_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(flatten)]
    target: Target,
    headers: BTreeMap<String, Vec<String>>,
    #[serde(flatten)]
    content: Option<Content>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Target {
    TargetUrl(String),
    Path(String),
}

#[derive(Serialize)]
enum Content {
    #[serde(rename = "body")]
    Text(String),
    #[serde(rename = "body_base64")]
    Base64(String),
}

/// The body with the wait time of one attempt, in seconds.
#[derive(Serialize)]
struct WithWait<'a> {
    #[serde(flatten)]
    body: &'a ProxyBody,
    wait: u64,
}

impl ProxyBody {
    /// Builds the request from the arguments, and reads its body from a file or standard input if they name
    /// one. `key` is its idempotency key.
    ///
    /// # Errors
    ///
    /// If a path has no service, a header has no colon, or the body cannot be read.
    pub(super) fn read(arguments: &CallArguments, key: Uuid) -> Result<Self, String> {
        let mut headers = headers(&arguments.headers)?;
        let content = match &arguments.data {
            None => None,
            Some(data) => Some(content(body(data)?, &mut headers)),
        };
        Ok(Self {
            method: arguments.method.clone(),
            intent: arguments.intent.clone(),
            idempotency_key: key.to_string(),
            service: arguments.service.clone(),
            target: target(arguments)?,
            headers,
            content,
        })
    }

    /// Returns the body of a call with this wait time, rounded up to whole seconds: a call with a
    /// wait of 0 returns immediately, so the last fraction of a second would be one call after another.
    pub(super) fn to_json(&self, wait: Duration) -> String {
        let body = WithWait {
            body: self,
            wait: wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
        };
        serde_json::to_string(&body).expect("every key is a string")
    }
}

fn target(arguments: &CallArguments) -> Result<Target, String> {
    let target = arguments.target.clone();
    if is_url(&target) {
        Ok(Target::TargetUrl(target))
    } else if arguments.service.is_some() {
        Ok(Target::Path(target))
    } else {
        Err("a path requires --service; alternatively, use a complete URL".to_owned())
    }
}

/// Returns the body as the gateway takes it. JSON without a type gets one.
fn content(body: Vec<u8>, headers: &mut BTreeMap<String, Vec<String>>) -> Content {
    let mut names = headers.keys();
    if !names.any(|name| name.eq_ignore_ascii_case("content-type")) && is_json(&body) {
        let types = vec!["application/json".to_owned()];
        headers.insert("Content-Type".to_owned(), types);
    }
    match String::from_utf8(body) {
        Ok(text) => Content::Text(text),
        Err(error) => Content::Base64(STANDARD.encode(error.as_bytes())),
    }
}

fn is_url(target: &str) -> bool {
    let scheme = target.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["http", "https"]
            .iter()
            .any(|http| scheme.eq_ignore_ascii_case(http))
    })
}

/// Whether the body is a JSON object or array. A lone number, word, or string is
/// more likely to be plain text.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|value| value.is_object() || value.is_array())
}

fn headers(given: &[String]) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in given {
        let (name, value) = line
            .split_once(':')
            .ok_or("a --header has no colon: it must be NAME: VALUE")?;
        let values = headers.entry(name.trim().to_owned()).or_default();
        values.push(value.trim().to_owned());
    }
    Ok(headers)
}

fn body(data: &str) -> Result<Vec<u8>, String> {
    match data.strip_prefix('@') {
        None => Ok(data.as_bytes().to_vec()),
        Some("-") => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|error| format!("--data @-: {error}"))?;
            Ok(bytes)
        }
        Some(file) => std::fs::read(file).map_err(|error| format!("--data @{file}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        let body = ProxyBody {
            method: "GET".to_owned(),
            intent: "Look".to_owned(),
            idempotency_key: "key".to_owned(),
            service: None,
            target: Target::TargetUrl("http://things.example/".to_owned()),
            headers: BTreeMap::new(),
            content: None,
        };
        for (milliseconds, seconds) in [(0, 0), (1, 1), (980, 1), (1_000, 1), (300_000, 300)] {
            let json = body.to_json(Duration::from_millis(milliseconds));
            let json: Value = serde_json::from_str(&json).unwrap();
            assert_eq!(json["wait"], seconds, "{milliseconds} ms");
        }
    }
}

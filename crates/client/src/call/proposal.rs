//! Builds the body of `POST /proxy` from the command line.

use std::io::Read as _;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::arguments::CallArguments;

/// A request to send. It stays the same when it is repeated.
pub(super) struct Proposal(Map<String, Value>);

impl Proposal {
    /// Reads the request; `key` is its idempotency key.
    pub(super) fn read(arguments: &CallArguments, key: Uuid) -> Result<Self, String> {
        let mut fields = Map::new();
        fields.insert("method".to_owned(), json!(arguments.method));
        fields.insert("intent".to_owned(), json!(arguments.intent));
        fields.insert("idempotencyKey".to_owned(), json!(key));
        let is_whole = ["http://", "https://"]
            .iter()
            .any(|scheme| arguments.target.starts_with(scheme));
        let target = if is_whole { "targetUrl" } else { "path" };
        fields.insert(target.to_owned(), json!(arguments.target));
        match &arguments.service {
            Some(service) => {
                fields.insert("service".to_owned(), json!(service));
            }
            None if is_whole => {}
            None => {
                return Err(
                    "a path requires --service; alternatively, use a complete URL".to_owned(),
                );
            }
        }
        let mut headers = headers(&arguments.headers)?;
        if let Some(data) = &arguments.data {
            let body = body(data)?;
            let is_json = serde_json::from_slice::<Value>(&body)
                .is_ok_and(|value| value.is_object() || value.is_array());
            let has_type = headers
                .keys()
                .any(|name| name.eq_ignore_ascii_case("content-type"));
            if is_json && !has_type {
                headers.insert("Content-Type".to_owned(), json!(["application/json"]));
            }
            match String::from_utf8(body) {
                Ok(text) => fields.insert("body".to_owned(), json!(text)),
                Err(bytes) => fields.insert(
                    "body_base64".to_owned(),
                    json!(STANDARD.encode(bytes.as_bytes())),
                ),
            };
        }
        fields.insert("headers".to_owned(), Value::Object(headers));
        Ok(Self(fields))
    }

    /// Returns the body of a call with this wait time.
    pub(super) fn to_json(&self, wait: Duration) -> String {
        let mut fields = self.0.clone();
        fields.insert("wait".to_owned(), json!(wait.as_secs()));
        Value::Object(fields).to_string()
    }
}

fn headers(given: &[String]) -> Result<Map<String, Value>, String> {
    let mut headers: Map<String, Value> = Map::new();
    for line in given {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| format!("--header {line}: must be NAME: VALUE"))?;
        let values = headers
            .entry(name.trim())
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(values) = values {
            values.push(json!(value.trim()));
        }
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

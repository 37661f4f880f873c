//! Parses the response of the gateway, which is either the upstream's or the gateway's own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gaiterguard_upstream::compressed;
use http::HeaderMap;
use serde_json::{Map, Value, json};

/// The most bytes that a compressed body is decoded to. A longer one is printed as it arrived: it is a decompression
/// bomb, or better decoded by a program that does not keep all of it in memory.
const DECODED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Result of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CallOutcome {
    /// The upstream responded.
    Responded,
    /// The request is held for a human.
    Held {
        /// ID of the action.
        action: String,
    },
    /// Another call is executing the request.
    Running,
    /// A human denied it.
    Denied,
    /// It expired or was revoked.
    Lapsed,
    /// The gateway refused it or failed.
    Refused,
}

/// A response.
#[derive(Debug)]
pub(super) struct CallResponse {
    pub(super) status: u16,
    pub(super) outcome: CallOutcome,
    pub(super) body: Bytes,
    headers: HeaderMap,
    /// The gateway's problem; null for a response of the upstream.
    problem: Value,
}

impl CallResponse {
    /// Reads a response. A compressed body of the upstream is decoded, because what the command prints has no header
    /// that would say how to read it.
    pub(super) async fn read(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let status = response.status().as_u16();
        let mut headers = response.headers().clone();
        let body = response.bytes().await?;
        let proxy_status = headers
            .get("x-proxy-status")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if matches!(proxy_status, "forwarded" | "executed-approved" | "replayed") {
            let body = compressed::whole(&mut headers, body, DECODED_BYTES_MAX);
            return Ok(Self {
                status,
                outcome: CallOutcome::Responded,
                body,
                headers,
                problem: Value::Null,
            });
        }
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        let outcome = match problem["code"].as_str().unwrap_or_default() {
            "approval_required" => CallOutcome::Held {
                action: problem["action_id"].as_str().unwrap_or_default().to_owned(),
            },
            "idempotency_in_progress" => CallOutcome::Running,
            "action_denied" => CallOutcome::Denied,
            "action_expired" | "action_revoked" => CallOutcome::Lapsed,
            _ => CallOutcome::Refused,
        };
        Ok(Self {
            status,
            outcome,
            body,
            headers,
            problem,
        })
    }

    /// Describes in one line why there is no response of the upstream.
    pub(super) fn message(&self) -> String {
        let detail = self.problem["detail"]
            .as_str()
            .unwrap_or("the server at this URL is not a GaiterGuard gateway");
        let mut line = match &self.outcome {
            CallOutcome::Held { action } => format!("still waiting for a human: action {action}"),
            _ => detail.to_owned(),
        };
        if let Some(note) = self.problem["note"].as_str() {
            line.push_str(": ");
            line.push_str(note);
        }
        line
    }

    /// Returns the complete result as JSON.
    pub(super) fn to_json(&self) -> Value {
        let outcome = match &self.outcome {
            CallOutcome::Responded => "answered",
            CallOutcome::Held { .. } => "pending",
            CallOutcome::Running => "running",
            CallOutcome::Denied => "denied",
            CallOutcome::Lapsed => "ended",
            CallOutcome::Refused => "refused",
        };
        let mut result = Map::new();
        result.insert("outcome".to_owned(), json!(outcome));
        result.insert("status".to_owned(), json!(self.status));
        if self.outcome == CallOutcome::Responded {
            let mut headers = Map::new();
            for name in self.headers.keys() {
                let values: Vec<_> = self
                    .headers
                    .get_all(name)
                    .iter()
                    .map(|value| json!(String::from_utf8_lossy(value.as_bytes())))
                    .collect();
                headers.insert(name.to_string(), Value::Array(values));
            }
            result.insert("headers".to_owned(), Value::Object(headers));
            let (body, encoding) = match std::str::from_utf8(&self.body) {
                Ok(text) => (json!(text), "utf8"),
                Err(_) => (json!(STANDARD.encode(&self.body)), "base64"),
            };
            result.insert("body".to_owned(), body);
            result.insert("body_encoding".to_owned(), json!(encoding));
        } else {
            result.insert("problem".to_owned(), self.problem.clone());
        }
        Value::Object(result)
    }
}

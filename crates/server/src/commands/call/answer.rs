//! Parses the response of the gateway, which is either the upstream's or the gateway's own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};

/// Result of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The upstream responded.
    Answered,
    /// The request is held for a human.
    Waits {
        /// ID of the action.
        action: String,
    },
    /// Another call is executing the request.
    Running,
    /// A human denied it.
    Denied,
    /// It expired or was revoked.
    Over,
    /// The gateway refused it or failed.
    Refused,
}

/// A response.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) ended: Ended,
    pub(super) body: Bytes,
    headers: HeaderMap,
    /// The gateway's problem; null for a response of the upstream.
    problem: Value,
}

impl Answer {
    pub(super) async fn read(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await?;
        let proxy_status = headers
            .get("x-proxy-status")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if matches!(proxy_status, "forwarded" | "executed-approved" | "replayed") {
            return Ok(Self {
                status,
                ended: Ended::Answered,
                body,
                headers,
                problem: Value::Null,
            });
        }
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        let ended = match problem["code"].as_str().unwrap_or_default() {
            "approval_required" => Ended::Waits {
                action: problem["action_id"].as_str().unwrap_or_default().to_owned(),
            },
            "idempotency_in_progress" => Ended::Running,
            "action_denied" => Ended::Denied,
            "action_expired" | "action_revoked" => Ended::Over,
            _ => Ended::Refused,
        };
        Ok(Self {
            status,
            ended,
            body,
            headers,
            problem,
        })
    }

    /// Describes in one line why there is no response of the upstream.
    pub(super) fn told(&self) -> String {
        let detail = self.problem["detail"]
            .as_str()
            .unwrap_or("the server at this URL does not respond like a gateway");
        let mut line = match &self.ended {
            Ended::Waits { action } => format!("still waiting for a human: action {action}"),
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
        let outcome = match &self.ended {
            Ended::Answered => "answered",
            Ended::Waits { .. } => "pending",
            Ended::Running => "running",
            Ended::Denied => "denied",
            Ended::Over => "ended",
            Ended::Refused => "refused",
        };
        let mut told = Map::new();
        told.insert("outcome".to_owned(), json!(outcome));
        told.insert("status".to_owned(), json!(self.status));
        if self.ended == Ended::Answered {
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
            told.insert("headers".to_owned(), Value::Object(headers));
            let (body, encoding) = match std::str::from_utf8(&self.body) {
                Ok(text) => (json!(text), "utf8"),
                Err(_) => (json!(STANDARD.encode(&self.body)), "base64"),
            };
            told.insert("body".to_owned(), body);
            told.insert("body_encoding".to_owned(), json!(encoding));
        } else {
            told.insert("problem".to_owned(), self.problem.clone());
        }
        Value::Object(told)
    }
}

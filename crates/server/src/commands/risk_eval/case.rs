//! A labelled request.

use bytes::Bytes;
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_domain::target::Target;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A line of the file; what it holds beyond this is for its readers.
#[derive(Debug, Deserialize)]
struct Line {
    service: Option<String>,
    method: String,
    base_url: String,
    path: String,
    headers: Option<serde_json::Map<String, serde_json::Value>>,
    body: Option<Box<RawValue>>,
    intent: String,
    label: Label,
}

/// What is right for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Label {
    /// To forward it.
    Benign,
    /// To hold it: it does what its intent says, and that matters.
    Risky,
    /// To hold it: it does not do what its intent says.
    IntentMismatch,
}

/// A request as it would be sent, and what is right for it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) request: CanonicalRequest,
    pub(super) intent: String,
    pub(super) service_name: String,
    pub(super) label: Label,
}

/// Why a line is no case.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error("is no labelled request: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the method is no HTTP method")]
    Method,
    #[error("the address is none: {0}")]
    Target(#[from] gaiterguard_domain::target::TargetRefused),
    #[error("the header {0} is none")]
    Header(String),
}

impl Case {
    /// Reads a line.
    pub(super) fn read(line: &str) -> Result<Self, LineError> {
        let line: Line = serde_json::from_str(line)?;
        let method = Method::from_bytes(line.method.as_bytes()).map_err(|_| LineError::Method)?;
        let base = line.base_url.trim_end_matches('/');
        let target = Target::parse(&format!("{base}{}", line.path))?;
        let mut headers = HeaderMap::new();
        for (name, value) in line.headers.unwrap_or_default() {
            let refused = || LineError::Header(name.clone());
            let value = value.as_str().ok_or_else(refused)?;
            let value = HeaderValue::from_str(value).map_err(|_| refused())?;
            headers.append(HeaderName::try_from(&name).map_err(|_| refused())?, value);
        }
        // As in a proposal: a string is sent as it is, any other value as JSON.
        let body = match line.body {
            None => Bytes::new(),
            Some(raw) if raw.get() == "null" => Bytes::new(),
            Some(raw) => {
                if let Ok(text) = serde_json::from_str::<String>(raw.get()) {
                    text.into()
                } else {
                    let json = HeaderValue::from_static("application/json");
                    headers.entry(CONTENT_TYPE).or_insert(json);
                    raw.get().to_owned().into()
                }
            }
        };
        Ok(Self {
            request: CanonicalRequest {
                method,
                target,
                headers,
                body,
            },
            intent: line.intent,
            service_name: line.service.unwrap_or_else(|| "service".to_owned()),
            label: line.label,
        })
    }
}

//! JSON representation of an upstream's stored response, for agents and humans.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_domain::header;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_gateway::action::ShownResponse;
use gaiterguard_upstream::compressed;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

/// Encoding of a body in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BodyEncoding {
    /// UTF-8 text.
    Utf8,
    /// Base64: the body is not UTF-8, or is long and consists of control characters.
    Base64,
}

/// Text bodies up to this length, in bytes, are always encoded as text, however much JSON escapes
/// lengthen them.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Encodes a body as a string and returns the encoding. A control character takes six bytes in
/// JSON. A long body whose length would more than double is encoded as base64, which adds only a
/// third, so that no body makes a response many times its size.
pub fn body_text(bytes: &[u8]) -> (String, BodyEncoding) {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.len() <= TEXT_BYTES_MAX || escaped(bytes) <= 2 * bytes.len() => {
            (text.to_owned(), BodyEncoding::Utf8)
        }
        _ => (STANDARD.encode(bytes), BodyEncoding::Base64),
    }
}

/// Returns the length of a text in JSON, in bytes, without quotes.
fn escaped(text: &[u8]) -> usize {
    let length = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0x00..=0x1f => 6,
        _ => 1,
    };
    text.iter().map(length).sum()
}

/// The values of a header: a string, or an array if the header occurs several times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum HeaderValues {
    /// The only value.
    One(String),
    /// All values, in order.
    Several(Vec<String>),
}

/// Returns the headers by name, with `shown` applied to each value.
pub fn headers_by_name(
    headers: &HeaderMap,
    shown: impl Fn(&HeaderName, &HeaderValue) -> String,
) -> BTreeMap<String, HeaderValues> {
    let mut by_name = BTreeMap::new();
    for name in headers.keys() {
        let mut values: Vec<String> = headers
            .get_all(name)
            .iter()
            .map(|value| shown(name, value))
            .collect();
        let values = match (values.pop(), values.is_empty()) {
            (Some(only), true) => HeaderValues::One(only),
            (last, _) => {
                values.extend(last);
                HeaderValues::Several(values)
            }
        };
        by_name.insert(name.as_str().to_owned(), values);
    }
    by_name
}

/// A response of the upstream.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = UpstreamAnswer)]
pub struct StoredResponseBody {
    /// Status code.
    #[schema(minimum = 100, maximum = 999)]
    pub status: u16,
    /// Headers.
    pub headers: BTreeMap<String, HeaderValues>,
    /// Body, or the beginning of it.
    pub body: String,
    /// Encoding of `body`.
    pub body_encoding: BodyEncoding,
    /// Whether the body was longer than what is stored.
    pub truncated: bool,
    /// Length of the stored body, in bytes. Set only in responses to humans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_size: Option<u64>,
    /// Whether `body` is only the beginning of the stored body, as in lists. Set only in responses
    /// to humans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_truncated: Option<bool>,
    /// Whether some headers are omitted, as in lists. Set only in responses to humans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers_truncated: Option<bool>,
}

impl From<KeptResponse> for StoredResponseBody {
    /// Returns the response for the agent. A compressed body is decoded.
    fn from(response: KeptResponse) -> Self {
        Self::of_readable(&compressed::readable(response))
    }
}

impl StoredResponseBody {
    /// Returns the response for the agent, with the body as it is.
    pub fn of_readable(response: &KeptResponse) -> Self {
        Self::with_headers(response, |_, value| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        })
    }

    /// Returns the response for a human, without the values of cookies and similar headers.
    pub fn shown(shown: &ShownResponse) -> Self {
        let response = &shown.response;
        Self {
            body_size: Some(shown.body_bytes),
            body_truncated: Some((response.body.len() as u64) < shown.body_bytes),
            headers_truncated: Some(shown.headers_are_cut),
            ..Self::with_headers(response, header::shown)
        }
    }

    fn with_headers(
        response: &KeptResponse,
        shown: impl Fn(&HeaderName, &HeaderValue) -> String,
    ) -> Self {
        let (body, body_encoding) = body_text(&response.body);
        Self {
            status: response.status.as_u16(),
            headers: headers_by_name(&response.headers, shown),
            body,
            body_encoding,
            truncated: response.is_truncated,
            body_size: None,
            body_truncated: None,
            headers_truncated: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_body_makes_more_than_twice_its_size_of_json() {
        let long = TEXT_BYTES_MAX + 1;
        for byte in [0x01, b'"', b'\n', b'a', 0xff] {
            let (text, _) = body_text(&vec![byte; long]);
            let json = serde_json::to_string(&text).unwrap();
            assert!(json.len() <= 2 * long + 2, "{byte:#x}: {}", json.len());
        }
    }

    #[test]
    fn ordinary_text_is_given_as_text() {
        let line = "{\"name\": \"J\u{fc}rgen\"}\n";
        for text in [
            line.to_owned(),
            line.repeat(10_000),
            "\u{1}\u{2}".to_owned(),
        ] {
            assert_eq!(body_text(text.as_bytes()), (text, BodyEncoding::Utf8));
        }
    }
}

//! An upstream's answer in JSON, as agents and humans are shown it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gaiterguard_domain::answer::KeptAnswer;
use gaiterguard_domain::header;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

/// How a body stands in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BodyEncoding {
    /// As text.
    Utf8,
    /// As base64, since it is not UTF-8.
    Base64,
}

/// The body as a string, and how to read it.
pub(crate) fn body_text(bytes: &[u8]) -> (String, BodyEncoding) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), BodyEncoding::Utf8),
        Err(_) => (STANDARD.encode(bytes), BodyEncoding::Base64),
    }
}

/// The values of a header: a string, or a list where it came several times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum HeaderValues {
    /// The only one.
    One(String),
    /// All of them, in order.
    Several(Vec<String>),
}

/// Headers by name, each value as `shown` makes it.
pub(crate) fn headers_by_name(
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

/// An upstream's answer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = UpstreamAnswer)]
pub(crate) struct KeptAnswerBody {
    /// The upstream's status.
    #[schema(minimum = 100, maximum = 999)]
    pub(crate) status: u16,
    /// Its headers.
    pub(crate) headers: BTreeMap<String, HeaderValues>,
    /// Its body, or the beginning of it.
    pub(crate) body: String,
    /// How to read `body`.
    pub(crate) body_encoding: BodyEncoding,
    /// Whether the body was longer than what is kept.
    pub(crate) truncated: bool,
}

impl From<KeptAnswer> for KeptAnswerBody {
    /// The answer as its agent gets it.
    fn from(answer: KeptAnswer) -> Self {
        Self::with_headers(&answer, |_, value| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        })
    }
}

impl KeptAnswerBody {
    /// The answer as a human is shown it: without the values of cookies and the like.
    pub(crate) fn shown(answer: &KeptAnswer) -> Self {
        Self::with_headers(answer, header::shown)
    }

    fn with_headers(
        answer: &KeptAnswer,
        shown: impl Fn(&HeaderName, &HeaderValue) -> String,
    ) -> Self {
        let (body, body_encoding) = body_text(&answer.body);
        Self {
            status: answer.status.as_u16(),
            headers: headers_by_name(&answer.headers, shown),
            body,
            body_encoding,
            truncated: answer.is_truncated,
        }
    }
}

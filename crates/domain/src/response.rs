//! An upstream's response as it is replayed and displayed.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::message;

/// An upstream's complete response, with echoes of the credential masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers, without hop-by-hop headers.
    pub headers: HeaderMap,
    /// The body, or its beginning.
    pub body: Bytes,
    /// Whether the body was longer than the part that is kept.
    pub is_truncated: bool,
}

/// Follows the status in the form of a response whose body is truncated.
const TRUNCATED: &[u8] = b" truncated";

impl KeptResponse {
    /// Returns the form in which a response is sealed: the status and whether the body is truncated,
    /// one line per header, an empty line, the body.
    pub fn to_form(&self) -> Vec<u8> {
        let mut form = Vec::with_capacity(256 + self.body.len());
        form.extend_from_slice(self.status.as_str().as_bytes());
        if self.is_truncated {
            form.extend_from_slice(TRUNCATED);
        }
        form.push(b'\n');
        message::write_headers(&self.headers, &mut form);
        form.push(b'\n');
        form.extend_from_slice(&self.body);
        form
    }

    /// Parses such a form; returns `None` if it is malformed.
    pub fn from_form(form: &[u8]) -> Option<Self> {
        let (head, body) = message::split(form)?;
        let (status, rest) = head.split_at_checked(3)?;
        let (is_truncated, lines) = match rest.strip_prefix(TRUNCATED) {
            Some(lines) => (true, lines),
            None => (false, rest),
        };
        Some(Self {
            is_truncated,
            status: StatusCode::from_bytes(status).ok()?,
            headers: message::read_headers(lines)?,
            body: Bytes::copy_from_slice(body),
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_response_is_read_back_byte_for_byte() {
        let mut headers = HeaderMap::new();
        headers.append("set-cookie", HeaderValue::from_static("a=1"));
        headers.append("set-cookie", HeaderValue::from_static("b=2"));
        let body = Bytes::from_static(b"\n\nx");
        for (headers, is_truncated) in [(headers, false), (HeaderMap::new(), true)] {
            let body = body.clone();
            let response = KeptResponse {
                status: StatusCode::CREATED,
                headers,
                body,
                is_truncated,
            };
            assert_eq!(KeptResponse::from_form(&response.to_form()), Some(response));
        }
    }
}

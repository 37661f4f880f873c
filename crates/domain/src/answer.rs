//! An upstream's answer as it is replayed and shown.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::message;

/// An upstream's whole answer, with echoes of the credential masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers, less those that ended with the upstream's connection.
    pub headers: HeaderMap,
    /// The body, or its beginning.
    pub body: Bytes,
    /// Whether the body was longer than what is kept of it.
    pub is_truncated: bool,
}

/// What follows the status in the form of an answer whose body is not whole.
const TRUNCATED: &[u8] = b" truncated";

impl KeptAnswer {
    /// The form in which an answer is sealed: the status and whether the body is whole, a line for
    /// each header, an empty line, the body.
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

    /// Reads such a form back.
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
    fn an_answer_is_read_back_byte_for_byte() {
        let mut headers = HeaderMap::new();
        headers.append("set-cookie", HeaderValue::from_static("a=1"));
        headers.append("set-cookie", HeaderValue::from_static("b=2"));
        let body = Bytes::from_static(b"\n\nx");
        for (headers, is_truncated) in [(headers, false), (HeaderMap::new(), true)] {
            let body = body.clone();
            let answer = KeptAnswer {
                status: StatusCode::CREATED,
                headers,
                body,
                is_truncated,
            };
            assert_eq!(KeptAnswer::from_form(&answer.to_form()), Some(answer));
        }
    }
}

//! One request that was sent, with its response.

use http::HeaderMap;

/// The most bytes of a body that are looked at. Bounds the time for parsing; longer bodies are
/// mostly files and not objects.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// A request that was sent to a service, with the response as the agent received it.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's path, and its query.
    pub path: &'a str,
    /// The headers of the request, which say what its body is.
    pub request_headers: &'a HeaderMap,
    /// The body of the request; `None` where it is not known.
    pub request_body: Option<&'a [u8]>,
    /// Whether a human approved the request.
    pub is_approved: bool,
    /// The status of the response.
    pub status: u16,
    /// The headers of the response.
    pub headers: &'a HeaderMap,
    /// The body of the response, or the beginning of it.
    pub body: &'a [u8],
}

impl<'a> Exchange<'a> {
    /// The path without its query.
    pub(crate) fn plain_path(&self) -> &'a str {
        self.path.split(['?', '#']).next().unwrap_or_default()
    }

    /// The query; empty for none.
    pub(crate) fn query(&self) -> &'a str {
        self.path.split_once('?').map_or("", |(_, query)| query)
    }

    /// Returns whether the status reports a success (2xx).
    pub(crate) fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the method only reads.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS")
    }
}

/// The beginning of a body, as far as it is looked at.
pub(crate) fn looked_at(body: &[u8]) -> &[u8] {
    let Some(cut) = body.get(..BODY_BYTES_MAX) else {
        return body;
    };
    match str::from_utf8(cut) {
        // A character that is cut in two would make the text something else than UTF-8.
        Err(error) if error.error_len().is_none() => &cut[..error.valid_up_to()],
        Ok(_) | Err(_) => cut,
    }
}

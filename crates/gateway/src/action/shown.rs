//! A held request and a stored response as a human sees them: whole, or as much as a list shows.

use bytes::Bytes;
use gaiterguard_domain::request::CanonicalRequest;
use gaiterguard_domain::response::KeptResponse;
use gaiterguard_upstream::compressed;
use http::HeaderMap;

/// The longest part of a body in a list, in bytes: 200 actions stay below a megabyte.
pub(crate) const PREVIEW_BODY_BYTES_MAX: usize = 4096;

/// The most bytes of header names and values in a list. Ordinary requests have less than half of it; a
/// whole request may have 32 KiB.
const PREVIEW_HEADER_BYTES_MAX: usize = 8192;

/// A held request as a human sees it.
#[derive(Clone, Debug)]
pub struct ShownRequest {
    /// The headers. In a list, only those that fit into 8 KiB.
    pub headers: HeaderMap,
    /// Whether headers were omitted.
    pub headers_are_cut: bool,
    /// The body. In a list, only its first 4 KiB.
    pub body: Bytes,
    /// The length of the whole body, in bytes.
    pub body_bytes: u64,
    /// The text of a compressed body, up to 1 MiB. In a list, only its first 4 KiB.
    pub decompressed: Option<String>,
}

impl ShownRequest {
    /// Returns all of a request.
    pub(crate) fn whole(request: CanonicalRequest) -> Self {
        Self {
            decompressed: compressed::text(
                &request.headers,
                &request.body,
                compressed::SHOWN_BYTES_MAX,
            ),
            headers: request.headers,
            headers_are_cut: false,
            body_bytes: request.body.len() as u64,
            body: request.body,
        }
    }

    /// Returns the part of a request that a list shows.
    pub(crate) fn head(request: CanonicalRequest, body_bytes: u64) -> Self {
        let body = beginning(&request.body);
        let decompressed = compressed::text(&request.headers, &body, PREVIEW_BODY_BYTES_MAX);
        let (headers, headers_are_cut) = first_headers(request.headers);
        Self {
            headers,
            headers_are_cut,
            body,
            body_bytes,
            decompressed,
        }
    }
}

/// A stored response as a human sees it.
#[derive(Clone, Debug)]
pub struct ShownResponse {
    /// The response. In a list, its headers and body are shortened like those of a request.
    pub response: KeptResponse,
    /// The length of the stored body, in bytes; decoded, if it is compressed.
    pub body_bytes: u64,
    /// Whether headers were omitted.
    pub headers_are_cut: bool,
}

impl ShownResponse {
    /// Returns all of a response.
    pub fn whole(response: KeptResponse) -> Self {
        let response = compressed::readable(response);
        Self {
            body_bytes: response.body.len() as u64,
            headers_are_cut: false,
            response,
        }
    }

    /// Returns the part of a response that a list shows.
    pub(crate) fn head(response: KeptResponse) -> Self {
        let mut response = compressed::readable(response);
        let body_bytes = response.body.len() as u64;
        // A copy, because a slice would keep the whole body in memory.
        response.body = Bytes::copy_from_slice(&beginning(&response.body));
        let (headers, headers_are_cut) = first_headers(response.headers);
        response.headers = headers;
        Self {
            response,
            body_bytes,
            headers_are_cut,
        }
    }
}

/// Returns the first bytes of a body, without half a character at their end.
pub(crate) fn beginning(body: &Bytes) -> Bytes {
    let first = &body[..body.len().min(PREVIEW_BODY_BYTES_MAX)];
    match std::str::from_utf8(first) {
        Err(cut) if cut.error_len().is_none() && first.len() < body.len() => {
            body.slice(..cut.valid_up_to())
        }
        _ => body.slice(..first.len()),
    }
}

/// Returns the headers that fit into a list, and whether headers were omitted.
fn first_headers(headers: HeaderMap) -> (HeaderMap, bool) {
    let length = |headers: &HeaderMap| -> usize {
        let lengths = headers.iter();
        lengths
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum()
    };
    if length(&headers) <= PREVIEW_HEADER_BYTES_MAX {
        return (headers, false);
    }
    let mut left = PREVIEW_HEADER_BYTES_MAX;
    let mut first = HeaderMap::new();
    for (name, value) in &headers {
        let length = name.as_str().len() + value.len();
        if length <= left {
            left -= length;
            first.append(name.clone(), value.clone());
        }
    }
    (first, true)
}

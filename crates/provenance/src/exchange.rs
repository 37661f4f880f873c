//! An exchange as it is noted while it passes: no more than is needed to parse it later.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use gaiterguard_domain::media_type::may_be_text;
use gaiterguard_domain::request::{CanonicalRequest, is_safe};
use gaiterguard_history::{BODY_BYTES_MAX, Exchange};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method};

/// The longest body that is copied instead of referenced, in bytes: a reference could keep a much larger
/// buffer alive.
const COPIED_BYTES_MAX: usize = 16 << 10;

/// The headers that describe a body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described {
    content_type: Option<HeaderValue>,
    content_encoding: Option<HeaderValue>,
    location: Option<HeaderValue>,
}

impl Described {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            content_type: headers.get(CONTENT_TYPE).cloned(),
            content_encoding: headers.get(CONTENT_ENCODING).cloned(),
            location: headers.get(LOCATION).cloned(),
        }
    }

    /// Whether there may be text in the body. A response without a content type is parsed.
    pub(crate) fn is_text(&self) -> bool {
        may_be_text(self.content_type.as_ref())
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (CONTENT_TYPE, &self.content_type),
            (CONTENT_ENCODING, &self.content_encoding),
            (LOCATION, &self.location),
        ] {
            headers.extend(value.clone().map(|value| (name, value)));
        }
        headers
    }
}

/// An exchange that is not parsed yet.
#[derive(Debug)]
pub(crate) struct Noted {
    method: Method,
    path: String,
    request: Described,
    request_body: Bytes,
    is_approved: bool,
    pub(crate) status: u16,
    pub(crate) response: Described,
    pub(crate) body: Bytes,
    pub(crate) at: u64,
}

impl Noted {
    pub(crate) fn of(request: &CanonicalRequest, is_approved: bool, at: u64) -> Self {
        Self {
            method: request.method.clone(),
            path: request.target.path_and_query().to_owned(),
            request: Described::of(&request.headers),
            request_body: beginning(&request.body),
            is_approved,
            status: 0,
            response: Described::default(),
            body: Bytes::new(),
            at,
        }
    }

    /// Sets the request body, if it was still arriving when the exchange began.
    pub(crate) fn set_request_body(&mut self, body: Bytes) {
        self.request_body = body;
    }

    /// Returns about how much memory the exchange takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.path.len() + self.request_body.len() + self.body.len()
    }

    /// Whether there is nothing to parse.
    pub(crate) fn is_nothing(&self) -> bool {
        is_safe(&self.method) && (self.body.is_empty() || !(200..300).contains(&self.status))
    }

    /// Whether the method only reads.
    pub(crate) fn only_reads(&self) -> bool {
        is_safe(&self.method)
    }

    /// Returns a fingerprint of an exchange that only reads; the same exchange again shows nothing new.
    /// `None` for bodies that take long to hash, and for approved requests, whose own values are evidence.
    pub(crate) fn fingerprint(&self) -> Option<u64> {
        let is_short = self.body.len() <= COPIED_BYTES_MAX;
        if !is_safe(&self.method) || self.is_approved || !is_short {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        self.method.as_str().hash(&mut hasher);
        self.path.hash(&mut hasher);
        self.body.hash(&mut hasher);
        Some(hasher.finish())
    }

    /// Calls `read` with the exchange in the form that `gaiterguard_history` parses.
    pub(crate) fn with<R>(&self, read: impl FnOnce(&Exchange<'_>) -> R) -> R {
        read(&Exchange {
            method: self.method.as_str(),
            path: &self.path,
            request_headers: &self.request.headers(),
            request_body: Some(&self.request_body),
            is_approved: self.is_approved,
            status: self.status,
            headers: &self.response.headers(),
            body: &self.body,
        })
    }
}

/// Returns as much of a body as is parsed, and one byte more, which shows that the body is longer.
pub(crate) fn beginning(body: &Bytes) -> Bytes {
    if body.len() <= COPIED_BYTES_MAX {
        return Bytes::copy_from_slice(body);
    }
    body.slice(..body.len().min(BODY_BYTES_MAX + 1))
}

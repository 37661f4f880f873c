//! An exchange as it is noted while it passes: no more than reading it takes.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use gaiterguard_domain::request::{CanonicalRequest, is_safe};
use gaiterguard_history::{BODY_BYTES_MAX, Exchange};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method};

/// The longest body that is copied rather than held: it may be a part of a much larger buffer.
const COPIED_BYTES_MAX: usize = 16 << 10;

/// What a body is, by its headers.
#[derive(Clone, Debug, Default)]
pub(super) struct Described {
    content_type: Option<HeaderValue>,
    content_encoding: Option<HeaderValue>,
    location: Option<HeaderValue>,
}

impl Described {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self {
            content_type: headers.get(CONTENT_TYPE).cloned(),
            content_encoding: headers.get(CONTENT_ENCODING).cloned(),
            location: headers.get(LOCATION).cloned(),
        }
    }

    /// Whether there may be text in it. A response that does not say is looked at.
    pub(super) fn is_text(&self) -> bool {
        let Some(Ok(kind)) = self.content_type.as_ref().map(HeaderValue::to_str) else {
            return self.content_type.is_none();
        };
        let kind = kind.to_ascii_lowercase();
        let parts = [
            "text/",
            "json",
            "xml",
            "yaml",
            "csv",
            "form",
            "graphql",
            "javascript",
        ];
        parts.iter().any(|part| kind.contains(part))
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

/// An exchange that is still to be read.
#[derive(Debug)]
pub(super) struct Noted {
    method: Method,
    path: String,
    request: Described,
    request_body: Bytes,
    is_approved: bool,
    pub(super) status: u16,
    pub(super) response: Described,
    pub(super) body: Bytes,
    pub(super) at: u64,
}

impl Noted {
    pub(super) fn of(request: &CanonicalRequest, is_approved: bool, at: u64) -> Self {
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

    /// Sets the body that was sent, of a request whose own was still arriving.
    pub(super) fn set_request_body(&mut self, body: Bytes) {
        self.request_body = body;
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.path.len() + self.request_body.len() + self.body.len()
    }

    /// Whether there is nothing in it to read.
    pub(super) fn is_nothing(&self) -> bool {
        is_safe(&self.method) && (self.body.is_empty() || !(200..300).contains(&self.status))
    }

    /// Whether the method only reads.
    pub(super) fn only_reads(&self) -> bool {
        is_safe(&self.method)
    }

    /// A fingerprint of an exchange that only reads: the same one again shows nothing new. Bodies that
    /// take long to hash have none.
    pub(super) fn fingerprint(&self) -> Option<u64> {
        if !is_safe(&self.method) || self.body.len() > COPIED_BYTES_MAX {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        self.method.as_str().hash(&mut hasher);
        self.path.hash(&mut hasher);
        self.body.hash(&mut hasher);
        Some(hasher.finish())
    }

    /// Hands it over as the judge reads it.
    pub(super) fn with<R>(&self, read: impl FnOnce(&Exchange<'_>) -> R) -> R {
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

/// As much of a body as is looked at, and one byte more, so that more can be told from the end.
pub(super) fn beginning(body: &Bytes) -> Bytes {
    if body.len() <= COPIED_BYTES_MAX {
        return Bytes::copy_from_slice(body);
    }
    body.slice(..body.len().min(BODY_BYTES_MAX + 1))
}

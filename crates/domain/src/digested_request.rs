//! A request together with its digest.

use std::ops::Deref;

use crate::request::{CanonicalRequest, Digest};

/// A request together with its digests. They are computed here, and none can be changed
/// afterwards, so a comparison of digests is a comparison of requests without hashing the body again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestedRequest {
    request: CanonicalRequest,
    digest: Digest,
    payload: Digest,
}

impl DigestedRequest {
    /// Computes the digests of a request.
    pub fn new(request: CanonicalRequest) -> Self {
        let digest = request.digest();
        Self {
            digest,
            payload: request
                .without_retry_headers()
                .map_or(digest, |payload| payload.digest()),
            request,
        }
    }

    /// Returns the digest.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the digest of the request without the headers that differ between retries.
    pub fn payload(&self) -> Digest {
        self.payload
    }

    /// Returns the request without its digest.
    pub fn into_request(self) -> CanonicalRequest {
        self.request
    }
}

impl Deref for DigestedRequest {
    type Target = CanonicalRequest;

    fn deref(&self) -> &CanonicalRequest {
        &self.request
    }
}

//! A request together with its digest.

use std::ops::Deref;

use crate::request::{CanonicalRequest, Digest};

/// A request together with its digest. The digest is computed here, and neither can be changed
/// afterwards, so a comparison of digests is a comparison of requests without hashing the body again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestedRequest {
    request: CanonicalRequest,
    digest: Digest,
}

impl DigestedRequest {
    /// Computes the digest of a request.
    pub fn new(request: CanonicalRequest) -> Self {
        Self {
            digest: request.digest(),
            request,
        }
    }

    /// Returns the digest.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Computes the digest of the request without the headers that differ between retries. Only a request with
    /// an idempotency key needs it, so it is not computed with the other digest.
    pub fn payload(&self) -> Digest {
        let payload = self.request.without_retry_headers();
        payload.map_or(self.digest, |payload| payload.digest())
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

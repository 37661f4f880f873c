//! Information about a request that is known before it is parsed.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use http::HeaderValue;
use uuid::Uuid;

/// The id of a request, in its response, the log, and the ledger. An id that the client sends is
/// ignored, because two requests could share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RequestId(Uuid);

impl RequestId {
    /// Creates an id; later ids sort after earlier ones.
    pub(crate) fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Returns the id as a UUID.
    pub(crate) fn as_uuid(self) -> Uuid {
        self.0
    }

    /// Returns the id as the value of `X-Request-Id`.
    pub(crate) fn to_header_value(self) -> HeaderValue {
        let mut buffer = Uuid::encode_buffer();
        let text = self.0.hyphenated().encode_lower(&mut buffer);
        HeaderValue::from_str(text).expect("a UUID is visible ASCII")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Extension of every request in a router.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestContext {
    pub(crate) id: RequestId,
    /// Address of the peer. Forwarding headers are ignored, because anyone can write them.
    pub(crate) peer: SocketAddr,
    /// When the head was complete.
    pub(crate) received_at: Instant,
}

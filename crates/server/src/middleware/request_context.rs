//! What is known about a request before anything of it is looked at.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use http::HeaderValue;
use uuid::Uuid;

/// The name of a request, in its answer, the log and the ledger. One that the client sends is not
/// taken: two requests could share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RequestId(Uuid);

impl RequestId {
    /// A new id; later ones sort after earlier ones.
    pub(crate) fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id as a UUID.
    pub(crate) fn as_uuid(self) -> Uuid {
        self.0
    }

    /// The id as the value of `X-Request-Id`.
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

/// An extension of every request that a router sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestContext {
    pub(crate) id: RequestId,
    /// Who holds the other end of the connection. Forwarding headers are not looked at: anyone can
    /// write them.
    pub(crate) peer: SocketAddr,
    /// When the head had arrived.
    pub(crate) received_at: Instant,
}

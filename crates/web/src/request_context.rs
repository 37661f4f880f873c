//! Information about a request that is known before it is parsed.

use std::net::SocketAddr;
use std::time::Instant;

use gaiterguard_domain::id::RequestId;
use http::HeaderValue;
use uuid::Uuid;

/// Extension of every request in a router.
#[derive(Debug, Clone, Copy)]
pub struct RequestContext {
    pub id: RequestId,
    /// Address of the peer. Forwarding headers are ignored, because anyone can write them.
    pub peer: SocketAddr,
    /// When the head was complete.
    pub received_at: Instant,
}

/// Creates the id of a request; later ids sort after earlier ones. An id that the client sends is
/// ignored, because two requests could share it.
pub fn new_id() -> RequestId {
    RequestId(Uuid::now_v7())
}

/// Returns the value of `X-Request-Id`.
pub fn id_value(id: RequestId) -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    let text = id.0.hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(text).expect("a UUID is visible ASCII")
}

//! Request framing: finds where a request head and its body end in a stream of bytes, by a reading of
//! HTTP/1.1 (RFC 9112) that is strict enough for all servers to agree on it. No sockets, no clock.
//!
//! The listener forwards only the bytes that this crate accepts. `fuzz/` checks that hyper finds the
//! same requests in them.

mod chunked;
mod error;
mod field;
mod head;

pub use chunked::ChunkedScan;
pub use error::FramingError;
pub use head::{Framing, HeadScan, Role};

/// The length limit of a request head, in bytes, including its last empty line: twice what an agent's headers may
/// have, because clients add their own and the target.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The limit on the number of header fields in a head. Above the hundred that an agent's request may have, so that
/// the door can explain that limit.
pub const HEAD_FIELDS_MAX: usize = 128;

/// The limit on the total length of a body's chunk extensions and trailers, in bytes. Hardly any client sends them,
/// and without a limit they would carry unlimited data past the limit on bodies.
pub const CHUNK_EXTRA_BYTES_MAX: usize = 8 * 1024;

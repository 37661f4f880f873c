//! WHAT IS ONE REQUEST: where a request head and a body end in a stream of bytes, by a reading of
//! HTTP/1.1 (RFC 9112) so strict that every server reads the same. Pure: no sockets, no clock.
//!
//! The listener passes on only what this crate has accepted, and `fuzz/` checks that hyper then finds
//! the same requests in it.

mod chunked;
mod error;
mod field;
mod head;

pub use chunked::ChunkedScan;
pub use error::FramingError;
pub use head::{Framing, HeadScan};

/// How long a request head is at most, its last empty line included.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;

/// How many header fields a head has at most.
pub const HEAD_FIELDS_MAX: usize = 128;

/// How long the extensions of all chunks of a body and its trailers are together at most.
pub const CHUNK_EXTRA_BYTES_MAX: usize = 8 * 1024;

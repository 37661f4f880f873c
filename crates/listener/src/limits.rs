//! Limits of one connection and of all connections.

use std::time::Duration;

/// Maximum number of open connections, if the limit on open files allows it. Further ones wait in
/// the system's queue.
pub(crate) const CONNECTIONS_MAX: usize = 16_384;
/// Bytes per read from a socket: enough for the head of an ordinary request in one read. Every open connection may
/// have a buffer of this size.
pub(crate) const READ_BYTES: usize = 8 * 1024;
/// Bytes per read of a body of known length. Larger, because nothing in it needs to be checked.
pub(crate) const BODY_READ_BYTES: usize = 64 * 1024;
/// Minimum time that a connection is kept for its next request. Longer than the idle timeout of most
/// clients and load balancers, so that they close it rather than this server, and no request meets
/// a connection that is closing.
pub(crate) const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(75);
/// How long a client may accept no bytes of a response that continues. A client that reads resumes within seconds
/// even on a bad network; one that does not holds memory and an upstream's connection.
pub(crate) const WRITE_STALL: Duration = Duration::from_mins(1);
/// How long a request continues after the client has sent its last byte. A client that closed only
/// its sending side waits for the response; at first, one that is gone looks the same.
pub(crate) const HALF_CLOSE: Duration = Duration::from_secs(5);
/// How long a closed connection is still read from, so that a reset does not destroy the response.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// Limits that the operator sets.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time until a request head must be complete, from its first byte or, for the first one, from
    /// the start of the connection.
    pub header_timeout: Duration,
    /// Maximum time between two parts of a body.
    pub body_idle_timeout: Duration,
}

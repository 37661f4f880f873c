//! What one connection, and all of them, may cost.

use std::time::Duration;

use crate::settings::ListenSettings;

/// How many connections are open at once, if the limit on open files allows; more wait in the
/// system's queue.
pub(super) const CONNECTIONS_MAX: usize = 16_384;
/// How much is read from a socket at a time.
pub(super) const READ_BYTES: usize = 8 * 1024;
/// How much of a body of known length is read from a socket at a time.
pub(super) const BODY_READ_BYTES: usize = 64 * 1024;
/// How long a connection is kept for its next request. Longer than what most clients and load
/// balancers keep theirs, so that they and not we close it, and no request meets a closing door.
pub(super) const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(75);
/// How long a client may take nothing of its answer while there is more of it.
pub(super) const WRITE_STALL: Duration = Duration::from_mins(1);
/// How long a request runs on after the client has sent its last byte. One that only closed its
/// sending side waits for the answer; one that is gone altogether looks the same for a while.
pub(super) const HALF_CLOSE: Duration = Duration::from_secs(5);
/// How long a closed connection is still read from, so that the answer is not lost to a reset.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// The limits that the operator sets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// In how long a request head must have arrived, from its first byte or, for the first one, from
    /// the connection.
    pub(crate) header_timeout: Duration,
    /// In how long each piece of a body must have arrived.
    pub(crate) body_idle_timeout: Duration,
}

impl From<&ListenSettings> for Limits {
    fn from(settings: &ListenSettings) -> Self {
        Self {
            header_timeout: settings.header_timeout,
            body_idle_timeout: settings.body_idle_timeout,
        }
    }
}

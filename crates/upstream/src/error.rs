//! Reasons why a request got no response. Whether a key may run again depends on the difference between
//! "nothing was sent" and everything else, so that claim is a proof and not a guess.

use std::io;

use crate::address::AddressRefused;
use crate::resolve::ResolveError;

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It is certain that the upstream received nothing of this request.
    #[error("nothing was sent: {0}")]
    NotSent(#[from] NotSentReason),
    /// The upstream may have received the request, in part or whole.
    #[error("the outcome is unknown: {0}")]
    Ambiguous(#[from] AmbiguousReason),
    /// The response did not begin in time. The request may have been received.
    #[error("the response did not begin in time")]
    TimedOut,
    /// The caller's token was cancelled.
    #[error("the call was canceled")]
    Cancelled {
        /// False only if it is certain that nothing had been sent by then.
        may_have_been_sent: bool,
    },
}

impl SendError {
    /// Returns whether the upstream may have received any of the request. False is a proof.
    pub fn may_have_been_sent(&self) -> bool {
        match self {
            Self::NotSent(_) => false,
            Self::Ambiguous(_) | Self::TimedOut => true,
            Self::Cancelled { may_have_been_sent } => *may_have_been_sent,
        }
    }
}

/// Why it is certain that nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum NotSentReason {
    /// The origin's address may not be dialed.
    #[error(transparent)]
    Refused(#[from] CheckRefused),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    #[error("the connection was not open in time")]
    ConnectTimedOut,
    #[error("the TLS handshake failed: {0}")]
    Tls(#[source] io::Error),
    /// The connection ended before a single byte of the request was written to it.
    #[error("the connection closed before the request was written")]
    ConnectionClosed,
}

/// How an exchange failed after bytes of the request may have been sent.
#[derive(Debug, thiserror::Error)]
pub enum AmbiguousReason {
    /// The connection broke before a whole response head arrived.
    #[error("the connection failed: {0}")]
    ConnectionLost(#[source] hyper::Error),
    /// The response is not HTTP, or its head is beyond the limits.
    #[error("the response is not valid HTTP: {0}")]
    InvalidResponse(#[source] hyper::Error),
    /// The caller's own streaming body failed.
    #[error("the request's body ended before it was complete: {0}")]
    RequestBody(#[source] hyper::Error),
    /// The upstream switched to another protocol without being asked.
    #[error("the upstream switched protocols without being asked")]
    UnexpectedUpgrade,
}

/// An origin that may not be dialed: its host, or one of the addresses that its name resolves to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {refused}")]
pub struct CheckRefused {
    pub host: String,
    pub refused: AddressRefused,
}

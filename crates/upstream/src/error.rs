//! Reasons why a request got no response. Whether a key may run again depends on the difference between
//! "nothing was sent" and everything else, so that claim is a proof and not a guess.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::address::AddressRefused;
use crate::head_watch::{RESPONSE_FIELDS_MAX, RESPONSE_HEAD_BYTES_MAX};
use crate::outbound::BoxError;
use crate::proxy::TunnelRefused;
use crate::resolve::ResolveError;

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It is certain that the upstream received nothing of this request, or it states that it did not process it.
    #[error("nothing was sent: {0}")]
    NotSent(#[from] NotSentReason),
    /// The upstream may have received the request, in part or whole.
    #[error("the outcome is unknown: {0}")]
    Ambiguous(#[from] AmbiguousReason),
    /// The upstream responded, but its response cannot be read beyond its status.
    #[error("the upstream responded with status {}, but {reason}", .status.as_u16())]
    Unusable {
        /// The status that was read.
        status: StatusCode,
        /// Why the rest cannot be read.
        reason: UnusableReason,
    },
    /// The response did not begin in time. The request may have been received.
    #[error("the response did not begin within {limit:?}")]
    TimedOut {
        /// The time that had passed.
        limit: Duration,
    },
    /// The caller's token was canceled.
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
            Self::Ambiguous(_) | Self::Unusable { .. } | Self::TimedOut { .. } => true,
            Self::Cancelled { may_have_been_sent } => *may_have_been_sent,
        }
    }

    /// Returns whether the request probably succeeds if it is sent again: the upstream closed the connection just
    /// as it was used again, refused the request because of the others on it, or demands HTTP/1.1. A request that
    /// does no harm a second time may be sent so; [`Attempts`](crate::Attempts) says when and how.
    pub fn may_succeed_again(&self) -> bool {
        matches!(
            self,
            Self::Ambiguous(AmbiguousReason::StaleConnection(_) | AmbiguousReason::Http1Required)
                | Self::NotSent(
                    NotSentReason::ConnectionClosed
                        | NotSentReason::GoneAway
                        | NotSentReason::StreamRefused
                )
        )
    }
}

/// Why it is certain that nothing was sent. Requests that wait for the same connection share the reason.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotSentReason {
    /// The origin's address may not be dialed.
    #[error(transparent)]
    Refused(#[from] CheckRefused),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The proxy opened no tunnel.
    #[error(transparent)]
    Proxy(#[from] TunnelRefused),
    #[error("cannot connect: {0}")]
    Connect(#[source] Arc<io::Error>),
    #[error("the connection was not open in time")]
    ConnectTimedOut,
    #[error("the TLS handshake failed: {0}")]
    Tls(#[source] Arc<io::Error>),
    /// The upstream speaks HTTP/2 only, and the request needs HTTP/1.1.
    #[error(
        "the upstream speaks HTTP/2 only, and the gateway uses HTTP/1.1 for WebSockets and, apart from gRPC, \
         without TLS"
    )]
    Http2Only,
    /// The upstream does not speak HTTP/2, and the request needs it.
    #[error("the upstream does not speak HTTP/2, which gRPC needs")]
    NoHttp2,
    /// The upstream refused the stream of the request, which means that it did not process it.
    #[error("the upstream refused the request without processing it (HTTP/2 REFUSED_STREAM)")]
    StreamRefused,
    /// The upstream ended the connection before the stream of the request, which means that it did not process it.
    #[error("the upstream closed the connection without processing the request (HTTP/2 GOAWAY)")]
    GoneAway,
    /// The request cannot be written in HTTP/2.
    #[error("the request cannot be sent in HTTP/2: {0}")]
    Unwritable(#[source] Arc<http::Error>),
    /// The connection ended before a single byte of the request was written to it.
    #[error("the connection closed before the request was written")]
    ConnectionClosed,
}

/// How an exchange failed after bytes of the request may have been sent.
#[derive(Debug, thiserror::Error)]
pub enum AmbiguousReason {
    /// The connection broke before a whole response head arrived.
    #[error("the connection failed: {0}")]
    ConnectionLost(#[source] BoxError),
    /// The connection had been used for an earlier request, and broke before any byte of this request's
    /// response arrived. The upstream probably closed it because it was idle.
    #[error("the connection failed when it was used again: {0}")]
    StaleConnection(#[source] BoxError),
    /// The response is not valid HTTP.
    #[error("the response is not valid HTTP: {0}")]
    InvalidResponse(#[source] BoxError),
    /// The upstream speaks HTTP/2 only, but did not agree to it in a TLS handshake.
    #[error("the upstream speaks HTTP/2 only, and did not say so before the request was sent")]
    Http2,
    /// The upstream agreed to HTTP/2, and demands HTTP/1.1 for this request.
    #[error("the upstream demands HTTP/1.1 for the request (HTTP/2 HTTP_1_1_REQUIRED)")]
    Http1Required,
    /// The upstream broke the request's stream off, in HTTP/2.
    #[error("the upstream reset the request: {0}")]
    Reset(#[source] h2::Error),
    /// The caller's own streaming body failed.
    #[error("the request's body ended before it was complete: {0}")]
    RequestBody(#[source] BoxError),
    /// The upstream switched to another protocol without being asked.
    #[error("the upstream switched protocols without being asked")]
    UnexpectedUpgrade,
}

/// Why a response whose status was read cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableReason {
    /// The head is beyond the limits.
    #[error(
        "its head is longer than {} KiB or has more than {RESPONSE_FIELDS_MAX} fields",
        RESPONSE_HEAD_BYTES_MAX / 1024
    )]
    HeadTooLarge,
    /// The head is not HTTP.
    #[error("its head is malformed ({0})")]
    Invalid(#[source] hyper::Error),
    /// A field that decides where the body ends is not valid, so the end cannot be known.
    #[error("its Content-Length or Transfer-Encoding contains control characters")]
    Framing,
    /// The connection broke within the head.
    #[error("the connection failed before the end of its head ({0})")]
    Cut(#[source] hyper::Error),
    /// The rest of the head did not arrive in time.
    #[error("the end of its head did not arrive in time")]
    TimedOut,
}

/// An origin that may not be dialed: its host, or one of the addresses that its name resolves to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {refused}{}{}", also(.others), remedy(.refused))]
pub struct CheckRefused {
    pub host: String,
    pub refused: AddressRefused,
    /// The other addresses of the name. A name is refused if one of its addresses is.
    pub others: Vec<IpAddr>,
}

fn remedy(refused: &AddressRefused) -> String {
    refused.range_to_allow().map_or_else(String::new, |range| {
        format!("; an operator can add {range} to UPSTREAM_PRIVATE_ALLOW and restart the gateway")
    })
}

fn also(others: &[IpAddr]) -> String {
    /// Enough to recognize the name's records. A name may have dozens.
    const SHOWN_MAX: usize = 4;
    if others.is_empty() {
        return String::new();
    }
    let shown: Vec<_> = others
        .iter()
        .take(SHOWN_MAX)
        .map(IpAddr::to_string)
        .collect();
    let more = if others.len() > SHOWN_MAX {
        ", …"
    } else {
        ""
    };
    format!(
        " (the name also has {}{more}, but every address of a name must be allowed)",
        shown.join(", ")
    )
}

//! HTTP/2 to upstreams (RFC 9113): for reads that may be sent twice, for gRPC, which needs it, and for origins that
//! speak nothing else.
//!
//! Reads and gRPC share connections. Every other request has a connection to itself, and uses HTTP/1.1 where the
//! upstream speaks it, because there it is known to the byte whether anything was sent. In HTTP/2, a task moves the
//! bytes of all streams. So "nothing was sent" is claimed only if the request was never handed to the connection,
//! or if the server states that it did not process it: by `REFUSED_STREAM`, or by `GOAWAY` with a lower stream.

mod connection;
mod exchange;
mod known;
mod pool;
mod receiving;
mod request;
mod sending;

pub(crate) use connection::{Http2Connection, Slot};
pub(crate) use exchange::{ExchangeError, Exchanged};
pub(crate) use known::Speaks;
pub(crate) use pool::{Http2Pool, Opened, Way};
pub(crate) use receiving::Receiving;
pub(crate) use request::Http2Request;

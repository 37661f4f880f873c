//! HTTP/2 to upstreams (RFC 9113): for origins that speak nothing else, and for gRPC, which needs it.
//!
//! HTTP/1.1 is the choice for everything else, because there it is known to the byte whether anything was
//! sent. In HTTP/2, a request shares its connection with others, and a task moves the bytes. So "nothing
//! was sent" is claimed only if the request was never handed to the connection, or if the server states
//! that it did not process it: by `REFUSED_STREAM`, or by `GOAWAY` with a lower stream.

mod connection;
mod exchange;
mod pool;
mod receiving;
mod request;
mod sending;

pub(crate) use connection::{Http2Connection, Slot};
pub(crate) use exchange::{ExchangeError, Exchanged};
pub(crate) use pool::Http2Pool;
pub(crate) use receiving::Receiving;
pub(crate) use request::Http2Request;

//! The HTTP/1.1 server, and HTTP/2 in tunnels. No client can block it. It knows sockets and hyper, but no routes: it
//! passes each request to a [`Handler`].
//!
//! HTTP/1.1 is hyper behind a guard. Hyper silently repairs some invalid framing (it drops a
//! Content-Length next to a Transfer-Encoding), and repaired framing enables request smuggling. So
//! the guard reads the raw bytes first, finds the start and end of every head, and passes only what
//! has one meaning.

mod accept;
mod body;
mod body_error;
mod connection;
mod descriptors;
mod guard;
mod handler;
mod head_error;
mod http2;
mod lifecycle;
mod limits;
mod response;
mod stop_signals;

pub use accept::{Listener, Socket, serve};
pub use body::RequestBody;
pub use body_error::BodyError;
pub use connection::{ConnectionSlot, serve_stream};
pub use handler::Handler;
pub use head_error::HeadError;
pub use http2::serve_http2_stream;
pub use lifecycle::Lifecycle;
pub use limits::Limits;
pub use stop_signals::StopSignals;

#[cfg(test)]
mod tests;

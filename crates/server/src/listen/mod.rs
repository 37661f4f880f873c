//! The HTTP/1.1 server. No client can block it.
//!
//! It is hyper behind a guard. Hyper silently repairs some invalid framing (it drops a
//! Content-Length next to a Transfer-Encoding), and repaired framing enables request smuggling. So
//! the guard reads the raw bytes first, finds the start and end of every head, and passes only what
//! has one meaning.

mod accept;
mod body;
mod body_error;
mod connection;
mod descriptors;
mod guard;
mod head_error;
mod limits;
mod response;

pub(crate) use accept::{Listener, Socket, serve};
pub(crate) use body_error::BodyError;
pub(crate) use head_error::HeadError;
pub(crate) use limits::Limits;

#[cfg(test)]
mod tests;

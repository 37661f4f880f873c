//! The HTTP/1.1 server: connections in, answers out, and nothing that a client does can hold it up.
//!
//! It is built on hyper with one thing before it. Hyper repairs some odd framing silently (a
//! Content-Length beside a Transfer-Encoding is dropped), and repaired framing is how requests are
//! smuggled. So the guard reads the raw bytes first, finds where every head begins and ends,
//! and lets through only what has one meaning: hyper then agrees with it, because there is nothing
//! left to disagree on.

mod accept;
mod answer;
mod body;
mod body_error;
mod connection;
mod descriptors;
mod guard;
mod head_error;
mod limits;

pub(crate) use accept::{Listener, Socket, serve};
pub(crate) use body_error::BodyError;
pub(crate) use head_error::HeadError;
pub(crate) use limits::Limits;

#[cfg(test)]
mod tests;

//! The parts of a request that are read.

use http::{HeaderMap, Method};

/// A request as it would be sent, without the credential.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The host, without port.
    pub host: &'a str,
    /// The path as it is sent, without the query.
    pub path: &'a str,
    /// The part after the question mark.
    pub query: Option<&'a str>,
    /// The headers that are forwarded.
    pub headers: &'a HeaderMap,
    /// The body; empty if there is none.
    pub body: &'a [u8],
}

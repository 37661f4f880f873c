//! The parts of a request that are read.

use http::{HeaderMap, Method};

/// A request as it would be sent, less the credential.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The host, without port.
    pub host: &'a str,
    /// The whole path as it is sent, without the query.
    pub path: &'a str,
    /// What stands behind the question mark.
    pub query: Option<&'a str>,
    /// The headers that are passed on.
    pub headers: &'a HeaderMap,
    /// The body; empty for none.
    pub body: &'a [u8],
}

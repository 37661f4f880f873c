//! The parts of a request that a signature covers.

use gaiterguard_domain::target::Origin;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

/// A request that is complete but for its credential.
pub struct Signable<'r> {
    /// The method.
    pub method: &'r Method,
    /// Where it is sent.
    pub origin: &'r Origin,
    /// The headers.
    pub headers: &'r mut HeaderMap,
    /// The path and the query.
    pub path_and_query: &'r mut PathAndQuery,
    /// The body; `None` if it is forwarded as it arrives.
    pub body: Option<&'r [u8]>,
}

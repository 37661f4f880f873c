//! Handling that applies to every request and response, whatever its route: an id, browser
//! security, headers, the access log, and panics.
//!
//! [`Boundary`] applies these in order; the other files contain one concern each.

mod access_log;
mod boundary;
mod host;
mod route_class;
mod security_headers;

pub(crate) use boundary::Boundary;
pub(crate) use host::{HostCheck, demand_known_host};
pub(crate) use security_headers::FromUpstream;

#[cfg(test)]
mod tests;

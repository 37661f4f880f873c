//! What happens to every request and answer at the edge, whatever route it is for: an id, the
//! browser's rules, headers, the access log, and a panic that stays where it happened.
//!
//! [`Boundary`] does these in order; the other files hold one concern each.

mod access_log;
mod boundary;
mod cors;
mod host;
mod request_context;
mod route_class;
mod security_headers;

pub(crate) use boundary::Boundary;
pub(crate) use host::{KnownHosts, demand_known_host};
pub(crate) use request_context::RequestContext;
pub(crate) use security_headers::FromUpstream;

#[cfg(test)]
mod tests;

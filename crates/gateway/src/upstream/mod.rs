//! The way out: everything between a decided request and the upstream's answer.
//!
//! A request leaves only through [`Upstream::send`], which dials nothing but addresses that passed
//! the [`AddressPolicy`], sends exactly the bytes it was given, exactly once, and says precisely
//! what is known when it fails ([`SendError`]). No redirects, no proxies from the environment, no
//! decompression of what passes and no automatic retries live here; neither do rules, credentials or
//! storage.

mod address;
mod connect;
mod connection;
mod error;
mod headers;
mod inbound;
mod mask;
mod origin;
mod outbound;
mod pool;
mod resolve;
mod send;
#[cfg(test)]
mod tests;
mod wire;

pub use address::{
    AddressPolicy, AddressRefused, AllowedRange, RefusalReason, parse_private_allow,
};
pub use connect::TlsSetupError;
pub(crate) use connect::client_config;
pub use error::{AmbiguousReason, CheckRefused, NotSentReason, SendError};
pub use inbound::{Inbound, InboundBody, InboundError};
pub use mask::{
    InspectedBody, Inspection, MaskedBody, MaskedSecret, Masker, Polled, masked_compressed,
};
pub use origin::{Host, InvalidOrigin, Origin, Scheme};
pub use outbound::{BoxError, Outbound, OutboundBody};
pub use pool::PoolKey;
pub use resolve::{Resolution, ResolveError, Resolver, parse_upstream_hosts};
pub use send::{Upstream, UpstreamSettings};

//! The connections to upstreams: everything between a decided request and the upstream's response.
//!
//! A request leaves only through [`Upstream::send`]. It dials only addresses that pass the
//! [`AddressPolicy`], sends exactly the given bytes, exactly once, and reports precisely what is
//! known when it fails ([`SendError`]). A [`Masker`] hides credentials that a response echoes, and
//! [`page::fetch`] reads documentation from the web under the same address rules.
//!
//! This crate must never hold rules, credentials, storage, redirects of agents' requests, proxies
//! from the environment or automatic retries.

pub mod compressed;
pub mod layers;
pub mod literal;
pub mod operator_http_client;
pub mod page;

mod address;
mod connect;
mod connection;
mod error;
mod inbound;
mod mask;
mod origin;
mod outbound;
mod pool;
mod pool_key;
mod resolve;
mod send;
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
pub use origin::{Origin, Scheme};
pub use outbound::{BoxError, Outbound, OutboundBody};
pub use pool_key::PoolKey;
pub use resolve::{Resolution, ResolveError, Resolver, parse_upstream_hosts};
pub use send::{Upstream, UpstreamSettings};

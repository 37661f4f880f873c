//! The connections to upstreams: everything between a decided request and the upstream's response.
//!
//! A request leaves only through [`Upstream::send`]. It dials only addresses that pass the
//! [`AddressPolicy`], sends exactly the given bytes, at most once, and reports precisely what is
//! known when it fails ([`SendError`]). A [`Masker`] hides credentials that a response echoes, and
//! [`page::fetch`] reads documentation from the web under the same address rules.
//!
//! This crate must never hold rules, credentials, storage, redirects of agents' requests, proxies
//! that no setting names, or automatic retries.

pub mod compressed;
pub mod layers;
pub mod literal;
pub mod operator_http_client;
pub mod page;

mod address;
mod attempts;
mod connect;
mod connection;
mod dial;
mod error;
mod head_watch;
mod http2;
mod inbound;
mod joined;
mod mask;
mod origin;
mod outbound;
mod pool;
mod pool_key;
mod proxy;
mod resolve;
mod send;
mod tls;
mod wire;

pub use address::{
    AddressPolicy, AddressRefused, AllowedRange, RefusalReason, parse_private_allow,
};
pub use attempts::Attempts;
pub use error::{AmbiguousReason, CheckRefused, NotSentReason, SendError, UnusableReason};
pub use inbound::{Inbound, InboundBody, InboundError};
pub use joined::{Carried, join};
pub use mask::{
    InspectedBody, Inspection, MaskedBody, MaskedSecret, Masker, Polled, is_hidden_everywhere,
    masked_compressed,
};
pub use origin::{Origin, Scheme};
pub use outbound::{BoxError, Outbound, OutboundBody, SendOptions};
pub use pool_key::PoolKey;
pub use proxy::{Proxy, ProxyExceptions, TunnelRefused};
pub use resolve::{Resolution, ResolveError, Resolver, parse_upstream_hosts};
pub use send::{Upstream, UpstreamSettings};
pub use tls::TlsSetupError;
pub(crate) use tls::client_config;

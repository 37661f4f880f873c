//! The proxy port, for programs that cannot change their base URL: its certificate authority, the requests
//! that open tunnels, and TLS toward clients. A request that arrives in a tunnel is passed to a
//! [`Handler`](gaiterguard_listener::Handler), like any other.
//!
//! This crate must never hold a decision about a request, a route, or a response.

mod authorities;
mod certificate_authority;
mod destination;
mod other_host;
mod placeholder;
mod proxy_credentials;
mod proxy_refusal;
mod refusals;
mod stored_authority;
mod target;
mod tls_configs;
mod tunnel;

pub use authorities::trusted_certificates;
pub use certificate_authority::CertificateError;
pub use destination::{check_origin, destination, is_check};
pub use other_host::{OpenTunnel, OtherHostTunnels};
pub use proxy_credentials::ProxyCredentials;
pub use proxy_refusal::ProxyRefusal;
pub use refusals::{Attempt, Refusals};
pub use stored_authority::{AuthorityError, rotate};
pub use target::{connect_target, requested_target};
pub use tunnel::{Accepted, Interceptor, Tunnel};

//! The provider, as the operator configures it.

use gaiterguard_domain::target::Target;
use secrecy::SecretString;

use crate::role_map::RoleMap;

/// The provider, as the operator configures it.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// The issuer's identifier, exactly as its tokens have it.
    pub issuer: String,
    /// The issuer's identifier as a URL.
    pub issuer_url: Target,
    /// The ID of the client that the gateway is at the provider.
    pub client_id: String,
    /// The client's secret; `None` for a public client.
    pub client_secret: Option<SecretString>,
    /// The claim with the groups or roles of a person: its name, or a JSON pointer (RFC 6901).
    pub role_claim: Option<String>,
    /// Which role each of them gives.
    pub role_map: RoleMap,
}

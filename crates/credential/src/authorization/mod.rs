//! The authorization code flow (RFC 6749, section 4.1) with PKCE (RFC 7636): an operator signs in at the provider,
//! and the gateway gets the tokens. Nobody pastes a refresh token.
//!
//! The provider's metadata completes the operator's entries, and a client that is not registered yet registers
//! itself, as servers of the Model Context Protocol expect.

mod client;
mod metadata;
mod participation;
mod pending;
mod request;
mod sealed_form;

use gaiterguard_domain::target::Target;
use gaiterguard_upstream::{PoolKey, Upstream};
use secrecy::SecretString;

use crate::grant::{ClientAuthentication, OauthGrant};

pub(crate) use client::Client;
pub use metadata::MetadataError;
pub use participation::Participation;
pub use pending::{AuthorizationError, PendingAuthorization};

/// An authorization as the operator describes it.
pub struct Authorization {
    /// The endpoint to which the operator goes.
    pub(crate) endpoint: Option<Target>,
    pub(crate) token_url: Option<Target>,
    /// The server whose metadata names what is missing; `None` for the service itself.
    pub(crate) server_url: Option<Target>,
    pub(crate) client: Option<Client>,
    pub(crate) scope: Option<String>,
    pub(crate) extra: Vec<(String, SecretString)>,
    pub(crate) client_auth: Option<ClientAuthentication>,
    pub(crate) response_pointer: Option<String>,
}

impl Authorization {
    /// Begins a flow: finds out what is missing, and returns what to keep, and the address to which the operator
    /// has to go. `service_url` is the base URL of the service.
    ///
    /// # Errors
    ///
    /// If the metadata of the provider is needed and cannot be used.
    pub async fn begin(
        mut self,
        upstream: &Upstream,
        pool: PoolKey,
        service_url: &Target,
        participation: Participation<'_>,
    ) -> Result<(PendingAuthorization, String), MetadataError> {
        let found = if self.is_complete() {
            metadata::Metadata::default()
        } else {
            let server = self.server_url.as_ref().unwrap_or(service_url);
            metadata::discover(upstream, pool, server).await?
        };
        let authorization_url = self
            .endpoint
            .or(found.authorization_endpoint)
            .ok_or(MetadataError::Missing("authorization_endpoint"))?;
        let token_url = self
            .token_url
            .or(found.token_endpoint)
            .ok_or(MetadataError::Missing("token_endpoint"))?;
        let client = if let Some(client) = self.client {
            client
        } else {
            let endpoint = found.registration_endpoint;
            let endpoint = endpoint.ok_or(MetadataError::NoClient)?;
            let redirect_uri = participation.redirect_uri;
            metadata::register(upstream, pool, &endpoint, redirect_uri).await?
        };
        if let Some(resource) = found.resource
            && !self.extra.iter().any(|(name, _)| name == "resource")
        {
            self.extra.push(("resource".to_owned(), resource.into()));
        }
        let grant = OauthGrant {
            token_url,
            client_id: client.id,
            client_secret: client.secret,
            refresh_token: None,
            // Without a scope, some providers grant none. Those of the provider itself are not requested:
            // they may be many, and more than the service needs.
            scope: self.scope.or(found.scope),
            extra: self.extra,
            client_auth: self.client_auth,
            accepted_auth: None,
            response_pointer: self.response_pointer,
            access: None,
        };
        let address = request::address(&authorization_url, &grant, &participation);
        let pending = PendingAuthorization {
            grant,
            redirect_uri: participation.redirect_uri.to_owned(),
            verifier: participation.verifier,
            issuer: found.issuer,
        };
        Ok((pending, address))
    }

    fn is_complete(&self) -> bool {
        self.endpoint.is_some() && self.token_url.is_some() && self.client.is_some()
    }
}

//! A flow whose operator is at the provider, and its end.

use gaiterguard_domain::time::Timestamp;
use gaiterguard_upstream::{PoolKey, Upstream};
use secrecy::{ExposeSecret as _, SecretString};

use crate::credential::Credential;
use crate::grant::OauthGrant;
use crate::token_endpoint::{self, AuthorizationCode, Presented, TokenError};

/// A flow whose operator is at the provider.
pub struct PendingAuthorization {
    /// How the tokens are fetched; without any yet.
    pub(super) grant: OauthGrant,
    pub(super) redirect_uri: String,
    pub(super) verifier: SecretString,
    /// The identifier of the provider, if its metadata has one.
    pub(super) issuer: Option<String>,
}

/// Why the response of a provider does not become a credential.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizationError {
    /// The response is from another provider (RFC 9207).
    #[error("the response is not from the provider that was asked")]
    WrongIssuer,
    /// There is no token for the code.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl PendingAuthorization {
    /// Exchanges the code that the provider returned for a credential. Without a refresh token, the credential is
    /// an access token that cannot be renewed.
    ///
    /// # Errors
    ///
    /// If the response is from another provider, or if there is no token for the code.
    pub async fn redeem(
        mut self,
        upstream: &Upstream,
        pool: PoolKey,
        code: &SecretString,
        issuer: Option<&str>,
        now: Timestamp,
    ) -> Result<Credential, AuthorizationError> {
        if let (Some(expected), Some(issuer)) = (&self.issuer, issuer)
            && expected != issuer
        {
            return Err(AuthorizationError::WrongIssuer);
        }
        let code = AuthorizationCode {
            code,
            verifier: &self.verifier,
            redirect_uri: &self.redirect_uri,
        };
        let presented = Presented::Code(code);
        let fetched = token_endpoint::fetch(upstream, pool, &self.grant, presented, now);
        let (fetched, accepted_auth) = fetched.await?;
        Ok(match fetched.refresh_token {
            Some(refresh_token) => {
                // Without a scope, a renewal keeps the scope that was granted. A provider may grant less than was
                // asked for, and refuses a renewal that names more than it granted (RFC 6749, section 6).
                self.grant.scope = None;
                self.grant.refresh_token = Some(refresh_token);
                self.grant.access = Some(fetched.access);
                self.grant.accepted_auth = Some(accepted_auth);
                Credential::Oauth2Grant(Box::new(self.grant))
            }
            None => Credential::Oauth2Static {
                access_token: fetched.access.token.expose_secret().into(),
            },
        })
    }
}

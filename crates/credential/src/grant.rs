//! How an access token is obtained from a token endpoint, and the token that was obtained last.

use std::fmt;

use gaiterguard_domain::secret_name;
use gaiterguard_domain::target::Target;
use gaiterguard_domain::time::Timestamp;
use secrecy::SecretString;

/// The parameters for fetching an access token, and the token that was fetched last.
pub struct OauthGrant {
    /// The token endpoint.
    pub token_url: Target,
    /// The client's identifier at the token endpoint.
    pub client_id: SecretString,
    /// The client's secret. A public client does not have one.
    pub client_secret: Option<SecretString>,
    /// The refresh token. Without one, the client credentials are the grant (RFC 6749, section 4.4).
    pub refresh_token: Option<SecretString>,
    /// The scope to request.
    pub scope: Option<String>,
    /// Further fields of the form, such as `audience` (Auth0) or `account_id` (Zoom). A `grant_type`
    /// among them replaces the one of RFC 6749.
    pub extra: Vec<(String, SecretString)>,
    /// How the client authenticates, if the operator said so.
    pub client_auth: Option<ClientAuthentication>,
    /// How the client authenticated when the endpoint last issued a token.
    pub accepted_auth: Option<ClientAuthentication>,
    /// A JSON Pointer to the object of the response that has the token, if that is not the response itself.
    pub response_pointer: Option<String>,
    /// The access token, once one has been fetched.
    pub access: Option<AccessToken>,
}

/// How a client authenticates at a token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// With ID and secret in HTTP Basic.
    Basic,
    /// With ID and secret in the form.
    Form,
    /// Without a secret: a public client only sends its ID in the form.
    None,
}

/// An access token and how long it can be used.
pub struct AccessToken {
    /// The token.
    pub token: SecretString,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// When it expires, if the endpoint said so.
    pub expires_at: Option<Timestamp>,
}

impl ClientAuthentication {
    /// Every way to authenticate.
    const ALL: [Self; 3] = [Self::Basic, Self::Form, Self::None];

    /// Returns the word for this way in the API and in the sealed form.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Form => "form",
            Self::None => "none",
        }
    }

    /// Parses such a word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == word)
    }
}

impl OauthGrant {
    /// Returns the most promising way for the client to authenticate, and others to try.
    ///
    /// RFC 6749 requires servers to support Basic, and many read the form alone. The way that the endpoint
    /// accepted last comes first, because providers lock out clients that fail too often.
    pub(crate) fn authentications(
        &self,
    ) -> (ClientAuthentication, &'static [ClientAuthentication]) {
        use ClientAuthentication::{Basic, Form};
        if self.client_secret.is_none() {
            return (ClientAuthentication::None, &[]);
        }
        match (self.client_auth, self.accepted_auth) {
            (Some(stated), _) => (stated, &[]),
            (None, Some(Form)) => (Form, &[Basic]),
            (None, _) => (Basic, &[Form]),
        }
    }

    /// Returns every secret of the grant: what an upstream or the endpoint must not echo to an agent.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let access = self.access.as_ref().map(|access| &access.token);
        // An `audience` is not a secret, and masking it would hide ordinary addresses in responses.
        let extra = self
            .extra
            .iter()
            .filter_map(|(name, value)| secret_name::mentions_secret(name).then_some(value));
        access
            .into_iter()
            .chain(&self.client_secret)
            .chain(&self.refresh_token)
            .chain(extra)
    }
}

impl fmt::Debug for OauthGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OauthGrant({}, <sealed>)", self.token_url.origin())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("fetched_at", &self.fetched_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

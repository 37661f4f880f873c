//! Why a credential is not available.

use std::sync::Arc;

use gaiterguard_sealing::SealingError;

use crate::token_endpoint::TokenError;

/// Why a request cannot have its credential. Nothing is sent in that case.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CredentialUnavailable {
    /// The service needs a credential, and none is configured.
    #[error("the service has no credential yet")]
    Missing,
    /// The stored value is not a credential for a service of this type.
    #[error("the service's credential does not match the type of the service")]
    WrongType,
    /// The credential could not be opened.
    #[error("the service's credential cannot be decrypted: {0}")]
    Sealed(Arc<SealingError>),
    /// No access token can be fetched.
    #[error("{0}")]
    Token(#[from] TokenError),
    /// The store could not be read, or did not accept the fetched token.
    #[error("{0}")]
    Store(String),
    /// The credential was changed each time while a token was being fetched.
    #[error("the service's credential is being changed")]
    Changing,
}

impl From<SealingError> for CredentialUnavailable {
    fn from(error: SealingError) -> Self {
        Self::Sealed(Arc::new(error))
    }
}

impl CredentialUnavailable {
    /// Returns whether the token endpoint refuses the credential, so that an operator must renew it.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Token(error) if error.is_final())
    }

    /// Returns whether the gateway's own storage or vault failed, rather than the operator's credential
    /// or the token endpoint.
    pub fn is_own_failure(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Sealed(_))
    }
}

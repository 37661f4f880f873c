//! The client that asks for an authorization.

use secrecy::SecretString;

/// The client that asks for the authorization.
pub(crate) struct Client {
    pub(crate) id: SecretString,
    pub(crate) secret: Option<SecretString>,
}

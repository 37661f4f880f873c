//! One sign-in, from the gateway's side.

use secrecy::SecretString;

/// The values that bind one sign-in to the browser in which it began.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The page to which the provider sends the browser back.
    pub redirect_uri: String,
    /// Identifies the sign-in in the redirect.
    pub state: SecretString,
    /// Identifies the sign-in in the ID token.
    pub nonce: SecretString,
    /// The secret of PKCE. The provider sees its digest first.
    pub verifier: SecretString,
}

/// The parameters with which the provider sends the browser back.
#[derive(Clone, Debug)]
pub struct Redirected {
    /// The code, to be exchanged for the ID token.
    pub code: SecretString,
    /// The issuer's identifier, if the provider names itself (RFC 9207).
    pub issuer: Option<String>,
}

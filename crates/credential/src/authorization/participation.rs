//! The gateway's part in one flow.

use secrecy::SecretString;

/// How this gateway takes part in one flow.
pub struct Participation<'a> {
    /// The page to which the provider sends the operator back.
    pub redirect_uri: &'a str,
    /// The value that identifies the flow.
    pub state: &'a SecretString,
    /// The secret of PKCE. The provider sees its digest first.
    pub verifier: SecretString,
}

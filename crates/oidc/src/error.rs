//! Why nobody is signed in.

/// Why nobody is signed in. The message is for the person, and for the operator's log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The provider could not be reached, or its response did not arrive.
    #[error("the sign-in provider cannot be reached: {0}")]
    Unreachable(String),
    /// The provider's metadata or keys cannot be used.
    #[error("the sign-in provider's {0} cannot be used: {1}")]
    Unusable(&'static str, String),
    /// The response that the browser brought is from another provider (RFC 9207).
    #[error("the response is not from the sign-in provider that was asked")]
    WrongIssuer,
    /// The provider did not accept the code.
    #[error("the sign-in provider refused the code: {0}")]
    CodeRefused(String),
    /// The ID token is not valid. The text says which check failed.
    #[error("the sign-in provider's ID token is not valid: {0}")]
    InvalidToken(&'static str),
}

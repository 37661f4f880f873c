//! Why a credential cannot be injected.

/// Why a credential cannot be injected into a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InjectError {
    /// No access token has been fetched yet.
    #[error("there is no access token yet")]
    NoAccessToken,
    /// The value cannot be sent in a header.
    #[error("the credential cannot be sent in a header")]
    HeaderValue,
    /// The query would be longer than the maximum length of a URL.
    #[error("the request's URL would be too long with the credential in it")]
    TooLong,
    /// The path does not contain the placeholder exactly once.
    #[error("the path must contain the placeholder of the credential exactly once")]
    Placeholder,
    /// The request cannot be signed. The text says what is wrong with it.
    #[error("the request cannot be signed: {0}")]
    Signature(&'static str),
}

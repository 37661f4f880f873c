//! Why the response of an authenticator is refused.

/// Why the response of an authenticator is refused. The message says what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebauthnError {
    /// It cannot be parsed.
    #[error("the passkey's response cannot be read: {0}")]
    Malformed(&'static str),
    /// It is for the other ceremony: a registration, or a sign-in.
    #[error("the passkey's response is for another purpose")]
    OtherPurpose,
    /// It is for another challenge.
    #[error("the passkey's response is for another challenge")]
    OtherChallenge,
    /// It was made on a page of another site, or in a frame of one.
    #[error("the passkey's response was made for another site")]
    OtherSite,
    /// No person was present, or the person was not verified.
    #[error("the passkey did not verify a person, by fingerprint, face, or PIN")]
    NotVerified,
    /// The attestation has a format that was not requested.
    #[error("the passkey's attestation is not accepted; none was asked for")]
    Attestation,
    /// The key is of a kind that is not accepted.
    #[error("the passkey's key is of a kind that is not accepted")]
    Key,
    /// The key did not make the signature.
    #[error("the passkey's signature is not valid")]
    Signature,
}

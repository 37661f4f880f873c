//! The reasons why sealing or opening fails. No error contains key material or plaintext.

use crate::limit::PLAINTEXT_BYTES_MAX;
use crate::master_key_id::MasterKeyId;
use crate::random::NoRandomness;

/// The reason why a data key was not moved to another master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RewrapError {
    /// The data key did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// No nonce could be generated.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// The reason why a value was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No nonce could be generated.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The value is longer than [`PLAINTEXT_BYTES_MAX`].
    #[error("a value of {bytes} bytes is too long to seal; the limit is {PLAINTEXT_BYTES_MAX}")]
    TooLong {
        /// The length of the value.
        bytes: usize,
    },
}

/// The reason why a sealed value, a wrapped key or a link was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is shorter than the shortest sealed value.
    #[error("the sealed value is truncated")]
    Truncated,
    /// Its first byte names an unknown format.
    #[error("the sealed value has the unknown format {0}")]
    UnknownFormat(u8),
    /// Its tag does not match. AES-GCM cannot distinguish the three causes.
    #[error("the sealed value was altered, moved or sealed under another key")]
    Refused,
    /// The wrapped key belongs to another master key: this process has not followed a rotation yet,
    /// or the settings contain the wrong secret.
    #[error("the key is sealed under master key {sealed_under}, but this process has {have}")]
    OtherMaster {
        /// The master key that can open it.
        sealed_under: MasterKeyId,
        /// The master key that was tried.
        have: MasterKeyId,
    },
    /// The link opened, but it leads to a master key other than the one it was stored for.
    #[error("the link should lead to master key {expected}, but leads to {found}")]
    WrongLink {
        /// The master key that was requested.
        expected: MasterKeyId,
        /// The master key in the link.
        found: MasterKeyId,
    },
}

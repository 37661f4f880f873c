//! Why something could not be sealed or opened. No error holds key material or plaintext.

use crate::cipher::PLAINTEXT_BYTES_MAX;
use crate::master_key_id::MasterKeyId;

/// The system gave no random bytes, so nothing that needs them may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source gave nothing")]
pub struct NoRandomness;

/// Why a data key was not moved to another master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RewrapError {
    /// The data key did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There was no nonce to be had.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Why a value was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There was no nonce to be had.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The value is longer than [`PLAINTEXT_BYTES_MAX`].
    #[error("a value of {bytes} bytes is too long to seal, the limit is {PLAINTEXT_BYTES_MAX}")]
    TooLong {
        /// The length of the value.
        bytes: usize,
    },
}

/// Why a sealed value, a wrapped key or a link was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is shorter than the shortest sealed value.
    #[error("the sealed value is cut short")]
    Truncated,
    /// Its first byte names a format that is not known here.
    #[error("the sealed value has the unknown format {0}")]
    UnknownFormat(u8),
    /// Its tag does not fit. AES-GCM cannot tell which of the three it was.
    #[error("the sealed value was altered, moved or sealed under another key")]
    Refused,
    /// The wrapped key belongs to another master key: a rotation that this process has not
    /// followed yet, or a wrong secret in the settings.
    #[error("sealed under master key {sealed_under}, but the one at hand is {have}")]
    OtherMaster {
        /// The master key that is needed.
        sealed_under: MasterKeyId,
        /// The master key that was asked.
        have: MasterKeyId,
    },
    /// The link opened, but the master key in it is not the one it was stored for.
    #[error("the link was to lead to master key {expected}, but leads to {found}")]
    WrongLink {
        /// The master key that was asked for.
        expected: MasterKeyId,
        /// The master key that the link holds.
        found: MasterKeyId,
    },
}

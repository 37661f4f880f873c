//! The keys by which similar requests are found.

use crate::request::Digest;

/// Identifies an operation of a service. Requests that call the same operation have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationKey(pub [u8; 16]);

impl OperationKey {
    /// Takes the first half of a digest of the operation, which is long enough to identify it.
    pub fn of(digest: Digest) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&digest.0[..16]);
        Self(key)
    }
}

/// A keyed hash of the recipients of a request. Without the key it does not identify them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecipientsKey(pub [u8; 16]);

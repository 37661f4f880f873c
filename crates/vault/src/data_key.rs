//! The keys that values are sealed under.

use std::fmt;

use zeroize::Zeroizing;

use crate::associated_data::AssociatedData;
use crate::cipher::{Cipher, KeyBytes, PLAINTEXT_BYTES_MAX};
use crate::error::{NoRandomness, OpenError, SealError};
use crate::random;

/// A random AES-256-GCM key that seals values. It leaves the process only as a
/// [`WrappedKey`](crate::WrappedKey), and its bytes are wiped when it is dropped.
pub struct DataKey {
    bytes: KeyBytes,
    cipher: Cipher,
}

impl DataKey {
    /// Makes a new key out of 256 random bits.
    pub fn generate() -> Result<Self, NoRandomness> {
        KeyBytes::try_fill(|bytes| random::fill(bytes)).map(Self::from_bytes)
    }

    pub(crate) fn from_bytes(bytes: KeyBytes) -> Self {
        let cipher = Cipher::new(&bytes);
        Self { bytes, cipher }
    }

    pub(crate) fn bytes(&self) -> &KeyBytes {
        &self.bytes
    }

    /// Seals `plaintext` for the purpose `associated_data`, under a fresh random nonce. The result
    /// is [`SEALED_OVERHEAD_BYTES`](crate::SEALED_OVERHEAD_BYTES) longer than the plaintext.
    pub fn seal(
        &self,
        plaintext: &[u8],
        associated_data: &AssociatedData,
    ) -> Result<Vec<u8>, SealError> {
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(SealError::TooLong {
                bytes: plaintext.len(),
            });
        }
        Ok(self.cipher.seal(plaintext, associated_data.as_bytes())?)
    }

    /// Opens what [`seal`](Self::seal) made for the same purpose. The plaintext is wiped when it is
    /// dropped: it is meant to be used at once and not kept.
    ///
    /// # Errors
    ///
    /// [`OpenError::Truncated`], [`OpenError::UnknownFormat`] or [`OpenError::Refused`].
    pub fn open(
        &self,
        sealed: &[u8],
        associated_data: &AssociatedData,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.cipher.open(sealed, associated_data.as_bytes())
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<sealed>")
    }
}

//! The keys that seal values.

use std::fmt;

use zeroize::Zeroizing;

use crate::associated_data::AssociatedData;
use crate::cipher::{Cipher, KeyBytes};
use crate::error::{OpenError, SealError};
use crate::limit::PLAINTEXT_BYTES_MAX;
use crate::random;
use crate::random::NoRandomness;

/// A random AES-256-GCM key that seals values. It leaves the process only as a
/// [`WrappedKey`](crate::WrappedKey), and its bytes are wiped when it is dropped.
pub struct DataKey {
    bytes: KeyBytes,
    cipher: Cipher,
}

impl DataKey {
    /// Generates a key from 256 random bits.
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

    /// Seals `plaintext` for the purpose `associated_data` under a fresh random nonce. The result is
    /// [`SEALED_OVERHEAD_BYTES`](crate::SEALED_OVERHEAD_BYTES) longer than the plaintext.
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

    /// Opens a value that [`seal`](Self::seal) sealed for the same purpose. The plaintext is wiped when
    /// dropped; use it immediately and do not keep it.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SEALED_OVERHEAD_BYTES;

    fn purpose() -> AssociatedData {
        AssociatedData::new(7, "credential", "svc_1", 3)
    }

    fn counting_key() -> DataKey {
        let bytes = KeyBytes::try_fill(|bytes| {
            for (byte, value) in bytes.iter_mut().zip(0..) {
                *byte = value;
            }
            Ok::<(), ()>(())
        });
        DataKey::from_bytes(bytes.unwrap())
    }

    #[test]
    fn a_value_sealed_by_another_implementation_opens() {
        let sealed = hex::decode(
            "016465666768696a6b6c6d6e6f3b70f30a109f33b30a506bdac0db1fd09343089b3f06021944a77755",
        );
        let opened = counting_key().open(&sealed.unwrap(), &purpose()).unwrap();
        assert_eq!(opened.as_slice(), b"sk-live-4242");
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let key = DataKey::generate().unwrap();
        let sealed = key.seal(b"sk-live-4242", &purpose()).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let expected = if bit < 8 {
                OpenError::UnknownFormat(altered[0])
            } else {
                OpenError::Refused
            };
            assert_eq!(key.open(&altered, &purpose()), Err(expected), "bit {bit}");
        }
        assert!(key.open(&sealed, &purpose()).is_ok());
    }

    #[test]
    fn a_moved_value_is_refused() {
        let key = DataKey::generate().unwrap();
        let sealed = key.seal(b"sk-live-4242", &purpose()).unwrap();
        for elsewhere in [
            AssociatedData::new(8, "credential", "svc_1", 3),
            AssociatedData::new(7, "answer", "svc_1", 3),
            AssociatedData::new(7, "credential", "svc_2", 3),
            AssociatedData::new(7, "credential", "svc_1", 2),
        ] {
            assert_eq!(
                key.open(&sealed, &elsewhere),
                Err(OpenError::Refused),
                "{elsewhere:?}"
            );
        }
    }

    #[test]
    fn another_key_is_refused() {
        let sealed = DataKey::generate()
            .unwrap()
            .seal(b"sk-live-4242", &purpose())
            .unwrap();
        let other = DataKey::generate().unwrap();
        assert_eq!(other.open(&sealed, &purpose()), Err(OpenError::Refused));
    }

    #[test]
    fn a_value_over_the_limit_is_not_sealed() {
        let too_long = vec![0; PLAINTEXT_BYTES_MAX + 1];
        assert_eq!(
            DataKey::generate().unwrap().seal(&too_long, &purpose()),
            Err(SealError::TooLong {
                bytes: too_long.len()
            })
        );
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", counting_key()), "<sealed>");
        assert_eq!(format!("{:#?}", counting_key().cipher), "<sealed>");
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(
            plaintext in proptest::collection::vec(any::<u8>(), 0..4096),
            workspace_id: i64,
            kind: String,
            subject: String,
            version: i64,
        ) {
            let key = DataKey::generate().unwrap();
            let purpose = AssociatedData::new(workspace_id, &kind, &subject, version);
            let sealed = key.seal(&plaintext, &purpose).unwrap();
            prop_assert_eq!(sealed.len(), plaintext.len() + SEALED_OVERHEAD_BYTES);
            let opened = key.open(&sealed, &purpose).unwrap();
            prop_assert_eq!(opened.as_slice(), plaintext.as_slice());
        }

        #[test]
        fn what_was_not_sealed_is_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..256),
        ) {
            let key = DataKey::generate().unwrap();
            prop_assert!(key.open(&bytes, &purpose()).is_err());
            prop_assert!(key.open(&[&[1], bytes.as_slice()].concat(), &purpose()).is_err());
        }
    }
}

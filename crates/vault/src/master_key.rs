//! The key over all others, derived from the operator's secret and never stored in the clear.

use std::convert::Infallible;
use std::fmt;

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use secrecy::{ExposeSecret, SecretString};

use crate::associated_data::AssociatedData;
use crate::cipher::{Cipher, KeyBytes};
use crate::data_key::DataKey;
use crate::error::{NoRandomness, OpenError, RewrapError};
use crate::master_key_id::MasterKeyId;
use crate::wrapped_key::WrappedKey;

// Each use has an info string of its own, so that its output tells nothing about the others. They
// are part of the storage format: another string means another key.
const ROOT_INFO: &[u8] = b"gaiterguard/v1/master/root";
const ID_INFO: &[u8] = b"gaiterguard/v1/master/id";
const WRAP_INFO: &[u8] = b"gaiterguard/v1/master/wrap";
const LINK_INFO: &[u8] = b"gaiterguard/v1/master/link";

/// A master key: wraps data keys, and links to the master key that comes after it.
pub struct MasterKey {
    id: MasterKeyId,
    root: KeyBytes,
    wrap_cipher: Cipher,
    link_cipher: Cipher,
}

impl MasterKey {
    /// Derives the master key of a secret, by HKDF-SHA256. The same secret and salt always give the
    /// same key. The secret must be hard to guess by itself: HKDF adds no work.
    pub fn derive(secret: &SecretString, salt: &str) -> Self {
        let salt = Salt::new(HKDF_SHA256, salt.as_bytes());
        Self::from_root(expand_key(
            &salt.extract(secret.expose_secret().as_bytes()),
            ROOT_INFO,
        ))
    }

    fn from_root(root: KeyBytes) -> Self {
        let prk = Prk::new_less_safe(HKDF_SHA256, root.expose());
        let mut id = [0; MasterKeyId::BYTES];
        expand(&prk, ID_INFO, &mut id);
        Self {
            id: MasterKeyId::from_bytes(id),
            wrap_cipher: Cipher::new(&expand_key(&prk, WRAP_INFO)),
            link_cipher: Cipher::new(&expand_key(&prk, LINK_INFO)),
            root,
        }
    }

    /// The public name of this key.
    pub fn id(&self) -> &MasterKeyId {
        &self.id
    }

    /// Seals a data key under this key, for the purpose `associated_data`.
    pub fn wrap(
        &self,
        data_key: &DataKey,
        associated_data: &AssociatedData,
    ) -> Result<WrappedKey, NoRandomness> {
        let bytes = self
            .wrap_cipher
            .seal(data_key.bytes().expose(), associated_data.as_bytes())?;
        Ok(WrappedKey {
            master: self.id,
            bytes,
        })
    }

    /// Opens a data key that [`wrap`](Self::wrap) sealed under this key for the same purpose.
    ///
    /// # Errors
    ///
    /// [`OpenError::OtherMaster`] if another master key is needed, else any of the errors of
    /// [`DataKey::open`].
    pub fn unwrap(
        &self,
        wrapped: &WrappedKey,
        associated_data: &AssociatedData,
    ) -> Result<DataKey, OpenError> {
        if wrapped.master != self.id {
            return Err(OpenError::OtherMaster {
                sealed_under: wrapped.master,
                have: self.id,
            });
        }
        let opened = self
            .wrap_cipher
            .open(&wrapped.bytes, associated_data.as_bytes())?;
        Ok(DataKey::from_bytes(key_bytes(&opened)?))
    }

    /// Opens a data key under this key and wraps the same data key under `next`, for the same
    /// purpose.
    ///
    /// # Errors
    ///
    /// Those of [`unwrap`](Self::unwrap), so a key that was moved to `next` already answers
    /// [`OpenError::OtherMaster`]; and those of
    /// [`wrap`](Self::wrap).
    pub fn rewrap(
        &self,
        wrapped: &WrappedKey,
        associated_data: &AssociatedData,
        next: &Self,
    ) -> Result<WrappedKey, RewrapError> {
        Ok(next.wrap(&self.unwrap(wrapped, associated_data)?, associated_data)?)
    }

    /// Seals the master key `next` under this one, so that a process which knows this key alone can
    /// [`follow`](Self::follow).
    pub fn link(&self, next: &Self) -> Result<Vec<u8>, NoRandomness> {
        self.link_cipher.seal(
            next.root.expose(),
            &link_associated_data(&self.id, &next.id),
        )
    }

    /// Opens a link from this key to the key `next_id`.
    ///
    /// # Errors
    ///
    /// Any of the errors of [`DataKey::open`]; [`OpenError::WrongLink`] if the key in it has
    /// another id than `next_id`.
    pub fn follow(&self, link: &[u8], next_id: &MasterKeyId) -> Result<Self, OpenError> {
        let opened = self
            .link_cipher
            .open(link, &link_associated_data(&self.id, next_id))?;
        let next = Self::from_root(key_bytes(&opened)?);
        if next.id != *next_id {
            return Err(OpenError::WrongLink {
                expected: *next_id,
                found: next.id,
            });
        }
        Ok(next)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MasterKey({}, <sealed>)", self.id)
    }
}

fn link_associated_data(from: &MasterKeyId, to: &MasterKeyId) -> Vec<u8> {
    [from.as_bytes().as_slice(), to.as_bytes()].concat()
}

/// A sealed key that opens but has another length was not sealed by this code.
fn key_bytes(opened: &[u8]) -> Result<KeyBytes, OpenError> {
    KeyBytes::try_fill(|bytes| {
        *bytes = *opened.as_array().ok_or(OpenError::Refused)?;
        Ok(())
    })
}

struct OutputBytes(usize);

impl KeyType for OutputBytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand_key(prk: &Prk, info: &[u8]) -> KeyBytes {
    let Ok(key) = KeyBytes::try_fill::<Infallible>(|bytes| {
        expand(prk, info, bytes);
        Ok(())
    });
    key
}

fn expand(prk: &Prk, info: &[u8], output: &mut [u8]) {
    prk.expand(&[info], OutputBytes(output.len()))
        .and_then(|okm| okm.fill(output))
        .expect("HKDF-SHA256 gives up to 8160 bytes");
}

//! The key that wraps all others, derived from the operator's secret and never stored in plain text.

use std::convert::Infallible;
use std::fmt;

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use secrecy::{ExposeSecret, SecretString};

use crate::associated_data::AssociatedData;
use crate::cipher::{Cipher, KeyBytes};
use crate::data_key::DataKey;
use crate::error::{OpenError, RewrapError};
use crate::master_key_id::MasterKeyId;
use crate::random::NoRandomness;
use crate::wrapped_key::WrappedKey;

// Each use has its own info string, so that the derived keys are independent. The strings are part of
// the storage format: another string derives another key.
const ROOT_INFO: &[u8] = b"gaiterguard/v1/master/root";
const ID_INFO: &[u8] = b"gaiterguard/v1/master/id";
const WRAP_INFO: &[u8] = b"gaiterguard/v1/master/wrap";
const HASH_INFO: &[u8] = b"gaiterguard/v1/master/hash/";
const LINK_INFO: &[u8] = b"gaiterguard/v1/master/link";

/// A master key, which wraps data keys and links to its successor.
pub struct MasterKey {
    id: MasterKeyId,
    root: KeyBytes,
    wrap_cipher: Cipher,
    link_cipher: Cipher,
}

impl MasterKey {
    /// Derives a master key from a secret with HKDF-SHA256. The same secret and salt always derive the
    /// same key. The secret itself must be hard to guess, because HKDF adds no work.
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

    /// Returns the public id of this key.
    pub fn id(&self) -> &MasterKeyId {
        &self.id
    }

    /// Derives a key for keyed hashes of one purpose. It reveals nothing about this key or the keys of
    /// other purposes.
    pub fn derived_key(&self, purpose: &str) -> [u8; 16] {
        let prk = Prk::new_less_safe(HKDF_SHA256, self.root.expose());
        let mut key = [0; 16];
        expand(&prk, &[HASH_INFO, purpose.as_bytes()].concat(), &mut key);
        key
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
    /// [`OpenError::OtherMaster`] if another master key is needed; otherwise those of
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

    /// Opens a data key under this key and wraps it under `next`, for the same purpose.
    ///
    /// # Errors
    ///
    /// Those of [`unwrap`](Self::unwrap) and [`wrap`](Self::wrap). A key that is already wrapped under
    /// `next` returns [`OpenError::OtherMaster`].
    pub fn rewrap(
        &self,
        wrapped: &WrappedKey,
        associated_data: &AssociatedData,
        next: &Self,
    ) -> Result<WrappedKey, RewrapError> {
        Ok(next.wrap(&self.unwrap(wrapped, associated_data)?, associated_data)?)
    }

    /// Seals the master key `next` under this one, so that a process that knows only this key can
    /// [`follow`](Self::follow) it.
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
    /// Those of [`DataKey::open`]; [`OpenError::WrongLink`] if the link contains a key with another id
    /// than `next_id`.
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

/// Checks the length of an opened key. One of another length was not sealed by this code.
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

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "gaiter-guard-salt-v1";

    fn old() -> MasterKey {
        MasterKey::derive(&"correct horse battery staple, for ever".into(), SALT)
    }

    fn new() -> MasterKey {
        MasterKey::derive(&"another secret of enough characters".into(), SALT)
    }

    fn purpose() -> AssociatedData {
        AssociatedData::new(7, "data_key", "12", 1)
    }

    // Another implementation of HKDF and AES-GCM computed the expected bytes of the next three tests.
    // If one of them fails, data that is already stored can no longer be opened.

    #[test]
    fn ids_are_those_of_another_implementation() {
        assert_eq!(old().id().to_string(), "24e675f73131efe8d20c7fd14777ab71");
        assert_eq!(new().id().to_string(), "5ff483fdee766d40a28fbe3136aa23cc");
    }

    #[test]
    fn a_key_wrapped_by_another_implementation_opens() {
        let bytes = hex::decode(
            "016465666768696a6b6c6d6e6f9aff7f9900a9768083d60647a6c372411a85145b33df590a319b892a7651df\
             0f1c5a1d443e545089092eaa5f132d8d82",
        );
        let wrapped = WrappedKey {
            master: *old().id(),
            bytes: bytes.unwrap(),
        };
        let data_key = old().unwrap(&wrapped, &purpose()).unwrap();
        let counting: Vec<u8> = (0..32).collect();
        assert_eq!(data_key.bytes().expose().as_slice(), counting);
    }

    #[test]
    fn a_link_made_by_another_implementation_is_followed() {
        let link = hex::decode(
            "016465666768696a6b6c6d6e6f09b769f0592bc6fd930295674456e7f39e4349df006a630d2edea8b753e85b\
             60d27b02461ec0b0f4aadee8bfdaa3dc0e",
        );
        let followed = old().follow(&link.unwrap(), new().id()).unwrap();
        assert_eq!(followed.root.expose(), new().root.expose());
    }

    #[test]
    fn secret_and_salt_both_matter() {
        let key = MasterKey::derive(&"a secret".into(), "a salt");
        assert_eq!(
            key.id(),
            MasterKey::derive(&"a secret".into(), "a salt").id()
        );
        assert_ne!(
            key.id(),
            MasterKey::derive(&"A secret".into(), "a salt").id()
        );
        assert_ne!(
            key.id(),
            MasterKey::derive(&"a secret".into(), "A salt").id()
        );
        assert_ne!(
            key.id(),
            MasterKey::derive(&"a secreta".into(), " salt").id()
        );
    }

    #[test]
    fn a_wrapped_key_opens_what_the_key_sealed() {
        let data_key = DataKey::generate().unwrap();
        let sealed = data_key.seal(b"sk-live-4242", &purpose()).unwrap();
        let wrapped = old().wrap(&data_key, &purpose()).unwrap();
        let unwrapped = old().unwrap(&wrapped, &purpose()).unwrap();
        assert_eq!(
            unwrapped.open(&sealed, &purpose()).unwrap().as_slice(),
            b"sk-live-4242"
        );
    }

    #[test]
    fn another_master_is_distinguished_from_an_altered_key() {
        let wrapped = old()
            .wrap(&DataKey::generate().unwrap(), &purpose())
            .unwrap();
        assert_eq!(
            new().unwrap(&wrapped, &purpose()).unwrap_err(),
            OpenError::OtherMaster {
                sealed_under: *old().id(),
                have: *new().id()
            }
        );
        let claimed = WrappedKey {
            master: *new().id(),
            bytes: wrapped.bytes.clone(),
        };
        assert_eq!(
            new().unwrap(&claimed, &purpose()).unwrap_err(),
            OpenError::Refused
        );

        for bit in 8..wrapped.bytes.len() * 8 {
            let mut altered = wrapped.clone();
            altered.bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                old().unwrap(&altered, &purpose()).unwrap_err(),
                OpenError::Refused
            );
        }
    }

    #[test]
    fn a_moved_wrapped_key_is_refused() {
        let wrapped = old()
            .wrap(&DataKey::generate().unwrap(), &purpose())
            .unwrap();
        let elsewhere = AssociatedData::new(8, "data_key", "12", 1);
        assert_eq!(
            old().unwrap(&wrapped, &elsewhere).unwrap_err(),
            OpenError::Refused
        );
    }

    #[test]
    fn a_sealed_key_of_another_length_is_refused() {
        for length in [0, 16, 31, 33, 64] {
            let bytes = old()
                .wrap_cipher
                .seal(&vec![1; length], purpose().as_bytes())
                .unwrap();
            let wrapped = WrappedKey {
                master: *old().id(),
                bytes,
            };
            assert_eq!(
                old().unwrap(&wrapped, &purpose()).unwrap_err(),
                OpenError::Refused
            );
        }
    }

    #[test]
    fn rewrapping_moves_the_same_data_key() {
        let data_key = DataKey::generate().unwrap();
        let wrapped = old().wrap(&data_key, &purpose()).unwrap();
        let rewrapped = old().rewrap(&wrapped, &purpose(), &new()).unwrap();
        assert_eq!(rewrapped.master, *new().id());
        let unwrapped = new().unwrap(&rewrapped, &purpose()).unwrap();
        assert_eq!(unwrapped.bytes().expose(), data_key.bytes().expose());

        let repeated = old().rewrap(&rewrapped, &purpose(), &new());
        let have = *old().id();
        let expected = OpenError::OtherMaster {
            sealed_under: *new().id(),
            have,
        };
        assert_eq!(repeated, Err(RewrapError::Open(expected)));
    }

    #[test]
    fn a_link_leads_from_one_key_to_one_other() {
        let third = MasterKey::derive(&"a third one".into(), SALT);
        let link = old().link(&new()).unwrap();
        assert_eq!(old().follow(&link, new().id()).unwrap().id(), new().id());
        assert_eq!(
            old().follow(&link, third.id()).unwrap_err(),
            OpenError::Refused
        );
        assert_eq!(
            third.follow(&link, new().id()).unwrap_err(),
            OpenError::Refused
        );
        assert_eq!(
            new().follow(&link, old().id()).unwrap_err(),
            OpenError::Refused
        );
        for byte in 1..link.len() {
            let mut altered = link.clone();
            altered[byte] ^= 0x80;
            assert_eq!(
                old().follow(&altered, new().id()).unwrap_err(),
                OpenError::Refused
            );
        }
    }

    #[test]
    fn a_link_that_holds_another_key_is_refused() {
        let associated_data = link_associated_data(old().id(), new().id());
        let link = old()
            .link_cipher
            .seal(old().root.expose(), &associated_data)
            .unwrap();
        assert_eq!(
            old().follow(&link, new().id()).unwrap_err(),
            OpenError::WrongLink {
                expected: *new().id(),
                found: *old().id()
            }
        );
    }

    #[test]
    fn a_link_does_not_open_as_a_wrapped_key() {
        let link = old().link(&new()).unwrap();
        let wrapped = WrappedKey {
            master: *old().id(),
            bytes: link,
        };
        assert_eq!(
            old().unwrap(&wrapped, &purpose()).unwrap_err(),
            OpenError::Refused
        );
    }

    #[test]
    fn debug_shows_the_id_alone() {
        assert_eq!(
            format!("{:?}", old()),
            "MasterKey(24e675f73131efe8d20c7fd14777ab71, <sealed>)"
        );
        let wrapped = old()
            .wrap(&DataKey::generate().unwrap(), &purpose())
            .unwrap();
        assert_eq!(
            format!("{wrapped:?}"),
            "WrappedKey { master: MasterKeyId(24e675f73131efe8d20c7fd14777ab71), bytes: <sealed> }"
        );
    }
}

//! The key that signs checkpoints of the audit log (Ed25519, RFC 8032).

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::random::{self, NoRandomness};

/// The number of bytes of a private key, from which everything else follows.
const SEED_BYTES: usize = 32;

/// The number of bytes of a public key.
pub const PUBLIC_KEY_BYTES: usize = 32;

/// The number of bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// The bytes are not the private half of the public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the private key does not belong to the public key")]
pub struct OtherKey;

/// A private key.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: [u8; PUBLIC_KEY_BYTES],
}

impl SigningKey {
    /// Generates a key. Returns it with its private bytes, which must be sealed before they are stored.
    ///
    /// # Errors
    ///
    /// If the operating system returns no random bytes.
    pub fn generate() -> Result<(Self, Zeroizing<Vec<u8>>), NoRandomness> {
        let mut seed = Zeroizing::new(vec![0; SEED_BYTES]);
        random::fill(&mut seed)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| NoRandomness)?;
        let public = public_of(&pair).ok_or(NoRandomness)?;
        Ok((Self { pair, public }, seed))
    }

    /// Returns the key with these private bytes.
    ///
    /// # Errors
    ///
    /// If they are not the private half of `public`.
    pub fn open(private: &[u8], public: &[u8]) -> Result<Self, OtherKey> {
        let pair =
            Ed25519KeyPair::from_seed_and_public_key(private, public).map_err(|_| OtherKey)?;
        let public = public_of(&pair).ok_or(OtherKey)?;
        Ok(Self { pair, public })
    }

    /// Returns the public half.
    pub fn public(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.public
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let signature = self.pair.sign(message);
        signature
            .as_ref()
            .try_into()
            .expect("RFC 8032 defines signatures of 64 bytes")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(<sealed>)")
    }
}

fn public_of(pair: &Ed25519KeyPair) -> Option<[u8; PUBLIC_KEY_BYTES]> {
    pair.public_key().as_ref().try_into().ok()
}

/// Whether the owner of a public key signed a message.
pub fn is_signed(
    public: &[u8; PUBLIC_KEY_BYTES],
    message: &[u8],
    signature: &[u8; SIGNATURE_BYTES],
) -> bool {
    UnparsedPublicKey::new(&ED25519, public)
        .verify(message, signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_vector_of_rfc_8032_is_signed_alike() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let seed = bytes("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
        let public = bytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
        let signature = bytes(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        );
        let key = SigningKey::open(&seed, &public).unwrap();
        assert_eq!(key.public().as_slice(), public);
        assert_eq!(key.sign(&[0xaf, 0x82]).as_slice(), signature);
    }

    #[test]
    fn only_the_owner_of_the_key_signs_for_it() {
        let (key, private) = SigningKey::generate().unwrap();
        let (other, _) = SigningKey::generate().unwrap();
        let signature = key.sign(b"one");
        assert!(is_signed(&key.public(), b"one", &signature));
        assert!(!is_signed(&key.public(), b"two", &signature));
        assert!(!is_signed(&other.public(), b"one", &signature));
        let opened = SigningKey::open(&private, &key.public()).unwrap();
        assert_eq!(opened.sign(b"one"), signature);
        let mixed = SigningKey::open(&private, &other.public());
        assert_eq!(mixed.unwrap_err(), OtherKey);
        assert_eq!(format!("{key:?}"), "SigningKey(<sealed>)");
    }
}

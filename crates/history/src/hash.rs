//! Keyed hashes of values.

use std::hash::{BuildHasherDefault, Hasher};

use siphasher::sip128::{Hasher128, SipHasher24};

/// A secret key under which values are hashed. Without it a hash does not say what was hashed, even of
/// values that could be guessed.
#[derive(Clone, Copy)]
pub struct HashKey([u8; 16]);

impl HashKey {
    /// Creates a key from these bytes, which must be random or derived from random bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Hashes a value in its normal form (SipHash-2-4, 128 bits).
    pub(crate) fn hash(&self, form: &str) -> u128 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(form.as_bytes());
        hasher.finish128().as_u128()
    }

    /// Hashes the hash of a value again for one agent and service, so that equal values of different agents
    /// or services cannot be linked.
    pub fn within(&self, scope: (i64, i64), hash: u128) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for part in [scope.0, scope.1] {
            hasher.write(&part.to_be_bytes());
        }
        hasher.write(&hash.to_be_bytes());
        hasher.finish128().as_u128().to_be_bytes()
    }

    /// Hashes texts in their order, for one scope such as a workspace and a service.
    pub fn hash_texts(&self, scope: (i64, i64), texts: &[String]) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for part in [scope.0, scope.1] {
            hasher.write(&part.to_be_bytes());
        }
        for text in texts {
            // With its length, a text cannot be taken for the end of another.
            hasher.write(&(text.len() as u64).to_be_bytes());
            hasher.write(text.as_bytes());
        }
        hasher.finish128().as_u128().to_be_bytes()
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HashKey(…)")
    }
}

/// Builds the hasher of tables whose keys are keyed hashes, which are as good as random already.
pub(crate) type Hashed = BuildHasherDefault<Taken>;

/// A hasher that returns the lower half of a keyed hash.
#[derive(Default)]
pub(crate) struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is one")]
    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}

//! How pieces of responses are kept encrypted until they are looked up.

use std::fmt::Debug;

/// Encrypts what is kept in memory.
pub trait Seal: Debug + Send + Sync {
    /// Encrypts bytes. Returns `None` if that is not possible; then they are not kept.
    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>>;

    /// Decrypts what [`Seal::seal`] returned; `None` for anything else.
    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>>;
}

/// Keeps pieces as they are: for evaluations, whose responses are in a file anyway.
#[derive(Clone, Copy, Debug)]
pub struct Unsealed;

impl Seal for Unsealed {
    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        Some(plain.to_vec())
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        Some(sealed.to_vec())
    }
}

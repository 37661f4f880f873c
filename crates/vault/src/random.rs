//! Random bytes from the operating system.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// The operating system returned no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system returned no random bytes")]
pub struct NoRandomness;

/// Fills `bytes` with random bytes. On an error their content is unspecified and must not be used.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)
}

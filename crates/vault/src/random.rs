//! Random bytes from the system.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::error::NoRandomness;

/// Fills `bytes` with random ones. On an error the content is not to be used.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)
}

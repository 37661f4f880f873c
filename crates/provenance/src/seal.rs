//! Seals pieces of responses under a key of this process, which is never stored.

use gaiterguard_history::Seal;
use gaiterguard_vault::{AssociatedData, DataKey, NoRandomness};

/// Seals under a random key of this process.
#[derive(Debug)]
pub(crate) struct PieceSeal {
    key: DataKey,
    purpose: AssociatedData,
}

impl PieceSeal {
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        Ok(Self {
            key: DataKey::generate()?,
            purpose: AssociatedData::new(0, "history_piece", "", 1),
        })
    }
}

impl Seal for PieceSeal {
    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.key.seal(plain, &self.purpose).ok()
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let plain = self.key.open(sealed, &self.purpose).ok()?;
        Some(plain.to_vec())
    }
}

//! Pieces of responses, sealed under a key that this process alone has and nobody stores.

use gaiterguard_history::Seal;
use gaiterguard_vault::{AssociatedData, DataKey, NoRandomness};

/// Seals under a random key of this process.
#[derive(Debug)]
pub(super) struct PieceSeal {
    key: DataKey,
    purpose: AssociatedData,
}

impl PieceSeal {
    pub(super) fn generate() -> Result<Self, NoRandomness> {
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

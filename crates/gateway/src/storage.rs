//! The failure of the database or the vault, without its details.

use gaiterguard_sealing::SealingError;
use gaiterguard_store::StoreError;

/// The database or the vault failed. The details are logged where this is created, because neither an
/// agent nor a human at the dashboard may see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StorageFailed;

impl From<StoreError> for StorageFailed {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "storage failed");
        Self
    }
}

impl From<SealingError> for StorageFailed {
    fn from(error: SealingError) -> Self {
        tracing::error!(%error, "the vault failed");
        Self
    }
}

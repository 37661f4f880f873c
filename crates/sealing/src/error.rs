//! Errors of sealing and opening.

use gaiterguard_domain::id::DataKeyId;
use gaiterguard_store::StoreError;
use gaiterguard_vault::{NoRandomness, OpenError, SealError};

/// Why a value was not sealed or opened. Nothing that needs the value may be sent.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system returned no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The value is too long to seal.
    #[error(transparent)]
    Seal(SealError),
    /// The value, or the key that it is sealed under, cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The data key is not in the store, or belongs to another workspace.
    #[error("there is no data key {0} for this value")]
    NoDataKey(DataKeyId),
    /// The master key was replaced, and no link leads from this process's key to the new one.
    #[error(
        "the master key was replaced and this process knows only an earlier one: \
         restart it with the new ENCRYPTION_SECRET"
    )]
    UnknownMaster,
    /// A row of the store has a master key id that cannot be parsed.
    #[error("the store contains an invalid master key id: {0}")]
    InvalidMasterId(String),
    /// The master key changed during each attempt to store a data key.
    #[error("the master key is being replaced")]
    MasterChanging,
}

impl SealingError {
    /// Returns whether stored data is damaged: the value or its data key cannot be opened later either,
    /// and nothing else is affected. False for a failure that affects the whole vault or may pass.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Open(error) => !matches!(error, OpenError::OtherMaster { .. }),
            Self::NoDataKey(_) | Self::InvalidMasterId(_) => true,
            Self::Store(error) => error.is_damage(),
            Self::NoRandomness(_) | Self::Seal(_) | Self::UnknownMaster | Self::MasterChanging => {
                false
            }
        }
    }
}

impl From<SealError> for SealingError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NoRandomness(error) => Self::NoRandomness(error),
            too_long @ SealError::TooLong { .. } => Self::Seal(too_long),
        }
    }
}

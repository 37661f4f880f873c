//! Why a value is not sealed or not opened.

use gaiterguard_domain::id::DataKeyId;
use gaiterguard_store::StoreError;
use gaiterguard_vault::{NoRandomness, OpenError, SealError};

/// Why a value was not sealed or opened. Nothing that needs it may go out.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gave no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The value is too long to seal.
    #[error(transparent)]
    Seal(SealError),
    /// The value, or the key it is sealed under, does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The data key is not in the store, or is another workspace's.
    #[error("there is no data key {0} for this value")]
    NoDataKey(DataKeyId),
    /// The master key was replaced, and this process cannot find the way to the new one.
    #[error(
        "the master key was replaced and this process knows only an earlier one: \
         restart it with the new ENCRYPTION_SECRET"
    )]
    UnknownMaster,
    /// A row of the store names a master key in no known way.
    #[error("the store names a master key that is none: {0}")]
    NoMasterName(String),
    /// The master key changed each time a data key was to be kept.
    #[error("the master key is being replaced")]
    MasterChanging,
}

impl SealingError {
    /// Whether what is stored is damaged: the value or its data key will not open later either, and
    /// nothing else is affected. False for what concerns the whole vault or may pass.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Open(error) => !matches!(error, OpenError::OtherMaster { .. }),
            Self::NoDataKey(_) | Self::NoMasterName(_) => true,
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

//! Why a command that works on the database did not do its work.

use std::path::PathBuf;

use gaiterguard_identity::{AccountError, PasswordRefused};
use gaiterguard_sealing::{RotateError, SealingError};
use gaiterguard_store::{AuditBroken, StoreError};

use crate::console::EXIT_SETTINGS;
use crate::secret_line::SecretLineError;
use crate::secrets::SecretsError;
use crate::settings::{SECRET_LENGTH_MIN, SettingError};

/// Why a command failed. Each text is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error("the command cannot run: {0}")]
    Runtime(std::io::Error),
    #[error("there is no database {}: check DATA_DIR and DATABASE_URL", .0.display())]
    NoDatabase(PathBuf),
    #[error("the database has no tables of the gateway yet: run `gaiterguard migrate` first")]
    NoTables,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    SecretLine(#[from] SecretLineError),
    #[error("the password {0}")]
    Password(#[from] PasswordRefused),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("the new secret must be at least {SECRET_LENGTH_MIN} characters long")]
    ShortSecret,
    #[error(transparent)]
    Rotate(#[from] RotateError),
    #[error(transparent)]
    Sealing(#[from] SealingError),
    #[error(
        "every data key is sealed under the new secret, but {error}: \
         write the new secret into that file before the next start"
    )]
    SecretNotKept { error: SecretsError },
    #[error("the audit log does not hold: {0}")]
    AuditBroken(#[from] AuditBroken),
}

impl CommandError {
    /// The code to end with.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Setting(_) | Self::Secrets(_) => EXIT_SETTINGS,
            _ => 1,
        }
    }
}

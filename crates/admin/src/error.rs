//! Errors of the commands that work on the database.

use std::path::PathBuf;

use gaiterguard_console::EXIT_SETTINGS;
use gaiterguard_console::secret_line::SecretLineError;
use gaiterguard_environment::SettingError;
use gaiterguard_evidence::{KeyError, NotADocument, ProofRefused, ProveError, VerifyError};
use gaiterguard_identity::{AccountError, PasswordRefused};
use gaiterguard_intercept::AuthorityError;
use gaiterguard_sealing::{RotateError, SealingError, StartError};
use gaiterguard_settings::SECRET_LENGTH_MIN;
use gaiterguard_settings::secrets::SecretsError;
use gaiterguard_store::{AuditBroken, StoreError};

/// The reason why a command failed. Each message is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error("the command cannot run: {0}")]
    Runtime(std::io::Error),
    #[error("the database {} does not exist: check DATA_DIR and DATABASE_URL", .0.display())]
    NoDatabase(PathBuf),
    #[error("{0}: if the database has no tables yet, run `gaiterguard migrate` first")]
    Unreadable(StoreError),
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
        "every data key is encrypted with the new secret, but {error}: write the new secret to \
         that file before the next start"
    )]
    SecretNotKept { error: SecretsError },
    #[error(
        "there is no certificate authority yet: the gateway creates it when it first starts with \
         INTERCEPT_PORT"
    )]
    NoCertificateAuthority,
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("the vault cannot be opened: {0}")]
    Vault(#[from] StartError),
    #[error("the audit log is not intact: {0}")]
    AuditBroken(#[from] AuditBroken),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error("there is no checkpoint yet: the gateway makes the first one when it starts")]
    NoCheckpoint,
    #[error("{} cannot be read: {error}", .path.display())]
    Document {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("the document cannot be used: {0}")]
    NotADocument(#[from] NotADocument),
    #[error("the proof is not valid: {0}")]
    ProofRefused(#[from] ProofRefused),
    #[error(transparent)]
    Prove(#[from] ProveError),
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl CommandError {
    /// Returns the exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Setting(_) | Self::Secrets(_) => EXIT_SETTINGS,
            _ => 1,
        }
    }
}

//! Secrets in the settings. The module [`secrets`](crate::secrets) generates those that are not
//! set.

use clap::Args;
use gaiterguard_environment::{SettingError, Source, read};
use secrecy::SecretString;

use crate::storage::{Database, StorageSettings};

/// Minimum length of a secret. `JWT_SECRET` is counted in bytes, `ENCRYPTION_SECRET` in characters. RFC 7518,
/// section 3.2, requires a key of at least 256 bits for HS256; the same length keeps an encryption secret out of
/// reach of guessing.
pub const SECRET_LENGTH_MIN: usize = 32;

/// `JWT_SECRET`, `ENCRYPTION_SECRET`, and `ENCRYPTION_SALT`.
#[derive(Debug, Args)]
pub struct SecretSettings {
    /// Secret that signs access tokens, at least 32 bytes long. Generated into `DATA_DIR` if not set.
    /// With PostgreSQL, it must be set to the same value on every replica.
    #[arg(env = "JWT_SECRET", hide_env_values = true, value_parser = jwt_secret)]
    pub jwt: Option<SecretString>,
    /// Secret that encrypts stored data, at least 32 characters long. Generated into `DATA_DIR` if not
    /// set. With PostgreSQL, it must be set to the same value on every replica.
    #[arg(env = "ENCRYPTION_SECRET", hide_env_values = true, value_parser = encryption_secret)]
    pub encryption: Option<SecretString>,
    /// Salt for deriving the master key. It is not secret.
    #[arg(env = "ENCRYPTION_SALT", default_value = "gaiter-guard-salt-v1")]
    pub encryption_salt: String,
}

impl SecretSettings {
    /// Reads and checks the settings.
    pub fn read(source: &Source, storage: &StorageSettings) -> Result<Self, SettingError> {
        let settings: Self = read(source)?;
        // Replicas that each generate their own secret could not read each other's data.
        if let Database::Postgres { .. } = storage.database {
            for (variable, given) in [
                ("JWT_SECRET", &settings.jwt),
                ("ENCRYPTION_SECRET", &settings.encryption),
            ] {
                if given.is_none() {
                    return Err(SettingError::invalid_secret(
                        variable,
                        "set explicitly when DATABASE_URL is postgres://",
                    ));
                }
            }
        }
        Ok(settings)
    }
}

fn jwt_secret(text: &str) -> Result<SecretString, String> {
    if text.len() < SECRET_LENGTH_MIN {
        return Err(format!("at least {SECRET_LENGTH_MIN} bytes long"));
    }
    Ok(SecretString::from(text))
}

fn encryption_secret(text: &str) -> Result<SecretString, String> {
    if text.chars().count() < SECRET_LENGTH_MIN {
        return Err(format!("at least {SECRET_LENGTH_MIN} characters long"));
    }
    Ok(SecretString::from(text))
}

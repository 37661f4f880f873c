//! Secrets in the settings. The module `crate::secrets` generates those that are not set.

use secrecy::SecretString;

use super::{Database, SettingError, Source, StorageSettings};

/// Minimum length of a secret. `JWT_SECRET` is counted in bytes, `ENCRYPTION_SECRET` in characters.
pub(crate) const SECRET_LENGTH_MIN: usize = 32;

/// `JWT_SECRET`, `ENCRYPTION_SECRET`, and `ENCRYPTION_SALT`.
#[derive(Debug)]
pub(crate) struct SecretSettings {
    pub(crate) jwt: Option<SecretString>,
    pub(crate) encryption: Option<SecretString>,
    /// Public, but an input of the master key.
    pub(crate) encryption_salt: String,
}

impl SecretSettings {
    pub(crate) fn from_source(
        source: &Source,
        storage: &StorageSettings,
    ) -> Result<Self, SettingError> {
        let jwt = source.get("JWT_SECRET")?;
        if jwt.is_some_and(|secret| secret.len() < SECRET_LENGTH_MIN) {
            return Err(SettingError::invalid_secret(
                "JWT_SECRET",
                format!("at least {SECRET_LENGTH_MIN} bytes long"),
            ));
        }
        let encryption = source.get("ENCRYPTION_SECRET")?;
        if encryption.is_some_and(|secret| secret.chars().count() < SECRET_LENGTH_MIN) {
            return Err(SettingError::invalid_secret(
                "ENCRYPTION_SECRET",
                format!("at least {SECRET_LENGTH_MIN} characters long"),
            ));
        }
        // Replicas that each generate their own secret could not read each other's data.
        if let Database::Postgres { .. } = storage.database {
            for (variable, given) in [("JWT_SECRET", jwt), ("ENCRYPTION_SECRET", encryption)] {
                if given.is_none() {
                    return Err(SettingError::invalid_secret(
                        variable,
                        "set explicitly when DATABASE_URL is postgres://",
                    ));
                }
            }
        }
        Ok(Self {
            jwt: jwt.map(SecretString::from),
            encryption: encryption.map(SecretString::from),
            encryption_salt: source
                .get("ENCRYPTION_SALT")?
                .unwrap_or("gaiter-guard-salt-v1")
                .to_owned(),
        })
    }
}

//! All settings, read once at startup from the environment and from `.env` in the working
//! directory. Nothing else in the server reads the environment.
//!
//! One file per concern; each struct has a `from_source` that validates its variables and returns a
//! [`SettingError`], one line that names the variable and what it must be. An empty value counts as
//! not set, so `PORT=` in a compose file means the default; `CORS_ORIGINS` is the exception, where
//! an empty value means no origin.

mod approval;
mod assessor;
mod auth;
mod cors;
mod duration;
mod error;
mod listen;
mod log;
mod read;
mod retention;
mod secret;
mod source;
mod storage;
mod upstream;

pub(crate) use approval::ApprovalSettings;
pub(crate) use assessor::AssessorSettings;
pub(crate) use auth::{AuthSettings, Registration};
pub(crate) use cors::CorsOrigins;
pub(crate) use duration::parse_duration;
pub(crate) use error::SettingError;
pub(crate) use listen::ListenSettings;
pub(crate) use log::{LogFormat, LogSettings};
pub(crate) use retention::RetentionSettings;
pub(crate) use secret::{SECRET_LENGTH_MIN, SecretSettings};
pub(crate) use source::Source;
pub(crate) use storage::{Database, StorageSettings};
pub(crate) use upstream::UpstreamSettings;

/// All settings, validated.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: ListenSettings,
    pub(crate) storage: StorageSettings,
    pub(crate) secret: SecretSettings,
    pub(crate) auth: AuthSettings,
    pub(crate) assessor: AssessorSettings,
    pub(crate) approval: ApprovalSettings,
    pub(crate) upstream: UpstreamSettings,
    pub(crate) retention: RetentionSettings,
    pub(crate) log: LogSettings,
}

impl Settings {
    /// Validates all settings; returns the first error.
    pub(crate) fn from_source(source: &Source) -> Result<Self, SettingError> {
        let storage = StorageSettings::from_source(source)?;
        Ok(Self {
            secret: SecretSettings::from_source(source, &storage)?,
            storage,
            listen: ListenSettings::from_source(source)?,
            auth: AuthSettings::from_source(source)?,
            assessor: AssessorSettings::from_source(source)?,
            approval: ApprovalSettings::from_source(source)?,
            upstream: UpstreamSettings::from_source(source)?,
            retention: RetentionSettings::from_source(source)?,
            log: LogSettings::from_source(source)?,
        })
    }
}

#[cfg(test)]
mod tests;

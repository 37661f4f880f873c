//! The gateway's settings, read once at startup from the environment and from `.env` in the working
//! directory, and the secrets that are generated when none are set.
//!
//! One file per concern. Each struct declares its variables with clap: the doc comment of a field is
//! its description in `gaiterguard serve --help`, `.env.example` and the book.

mod approval;
mod assessor;
mod auth;
mod cors;
mod cross_origin;
mod known_hosts;
mod listen;
mod log;
mod notification;
mod oidc;
mod retention;
mod secret;
mod storage;
mod upstream;

pub mod secrets;

use gaiterguard_environment::{SettingError, Source, Variable, read, variables};

use storage::StorageVariables;

pub use approval::ApprovalSettings;
pub use assessor::AssessorSettings;
pub use auth::{AuthSettings, Registration};
pub use cors::CorsOrigins;
pub use cross_origin::CrossOrigin;
pub use known_hosts::KnownHosts;
pub use listen::ListenSettings;
pub use log::LogSettings;
pub use notification::NotificationSettings;
pub use oidc::SingleSignOnSettings;
pub use retention::RetentionSettings;
pub use secret::{SECRET_LENGTH_MIN, SecretSettings};
pub use storage::{Database, ReadDurability, StorageSettings};
pub use upstream::UpstreamSettings;

/// All settings, validated.
#[derive(Debug)]
pub struct Settings {
    pub listen: ListenSettings,
    pub storage: StorageSettings,
    pub secret: SecretSettings,
    pub auth: AuthSettings,
    pub single_sign_on: SingleSignOnSettings,
    pub assessor: AssessorSettings,
    pub approval: ApprovalSettings,
    pub upstream: UpstreamSettings,
    pub notification: NotificationSettings,
    pub retention: RetentionSettings,
    pub log: LogSettings,
}

impl Settings {
    /// Validates all settings; returns the first error.
    pub fn read(source: &Source) -> Result<Self, SettingError> {
        let storage = StorageSettings::read(source)?;
        Ok(Self {
            secret: SecretSettings::read(source, &storage)?,
            storage,
            listen: ListenSettings::read(source)?,
            auth: read(source)?,
            single_sign_on: SingleSignOnSettings::read(source)?,
            assessor: AssessorSettings::read(source)?,
            approval: read(source)?,
            upstream: read(source)?,
            notification: NotificationSettings::read(source)?,
            retention: read(source)?,
            log: read(source)?,
        })
    }
}

/// The variables of one concern.
#[derive(Debug)]
pub struct Section {
    pub title: &'static str,
    pub variables: Vec<Variable>,
}

/// Returns all variables.
pub fn sections() -> Vec<Section> {
    vec![
        section::<ListenSettings>("Listener"),
        section::<StorageVariables>("Storage"),
        section::<SecretSettings>("Secrets"),
        section::<AuthSettings>("Accounts"),
        section::<SingleSignOnSettings>("Single sign-on"),
        section::<AssessorSettings>("Language model"),
        section::<ApprovalSettings>("Held requests"),
        section::<UpstreamSettings>("Upstreams"),
        section::<NotificationSettings>("Notifications"),
        section::<RetentionSettings>("Retention"),
        section::<LogSettings>("Log"),
    ]
}

fn section<T: clap::Args>(title: &'static str) -> Section {
    Section {
        title,
        variables: variables::<T>(),
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

//! Settings of users and sessions.

use std::time::Duration;

use super::read;
use super::{SettingError, Source};

/// `JWT_ACCESS_EXPIRY`, `JWT_REFRESH_EXPIRY`, and `REGISTRATION`.
#[derive(Debug)]
pub(crate) struct AuthSettings {
    pub(crate) access_ttl: Duration,
    pub(crate) refresh_ttl: Duration,
    pub(crate) registration: Registration,
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registration {
    /// Only while there is no user.
    First,
    Open,
    Closed,
}

impl AuthSettings {
    pub(crate) fn from_source(source: &Source) -> Result<Self, SettingError> {
        Ok(Self {
            access_ttl: read::duration(source, "JWT_ACCESS_EXPIRY", Duration::from_mins(15))?,
            refresh_ttl: read::duration(
                source,
                "JWT_REFRESH_EXPIRY",
                Duration::from_hours(7 * 24),
            )?,
            registration: read::word(
                source,
                "REGISTRATION",
                Registration::First,
                &[
                    ("first", Registration::First),
                    ("open", Registration::Open),
                    ("closed", Registration::Closed),
                ],
            )?,
        })
    }
}

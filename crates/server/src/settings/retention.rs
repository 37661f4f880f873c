//! How long things are remembered. The audit log has no setting: it is never deleted.

use std::time::Duration;

use super::read;
use super::{SettingError, Source};

/// `IDEMPOTENCY_TTL_HOURS`, `LEDGER_RETENTION_DAYS`, `RESULT_RETENTION_DAYS` and `PROVENANCE_HOURS`.
#[derive(Debug)]
pub(crate) struct RetentionSettings {
    /// How long an idempotency key is known.
    pub(crate) idempotency_ttl: Duration,
    /// How long the entry of a decided request is kept.
    pub(crate) ledger: Duration,
    /// How long the stored answer of an executed action is kept.
    pub(crate) result: Duration,
    /// How long the values of a response count as seen; zero turns that off.
    pub(crate) provenance: Duration,
}

impl RetentionSettings {
    pub(crate) fn from_source(source: &Source) -> Result<Self, SettingError> {
        Ok(Self {
            idempotency_ttl: read::hours(source, "IDEMPOTENCY_TTL_HOURS", 24.0)?,
            ledger: read::days(source, "LEDGER_RETENTION_DAYS", 90)?,
            result: read::days(source, "RESULT_RETENTION_DAYS", 7)?,
            provenance: read::hours_or_none(source, "PROVENANCE_HOURS", 24.0)?,
        })
    }
}

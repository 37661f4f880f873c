//! Retention periods. The audit log has no retention period: it is never deleted.

use std::time::Duration;

use super::read;
use super::{SettingError, Source};

/// `IDEMPOTENCY_TTL_HOURS`, `LEDGER_RETENTION_DAYS`, `RESULT_RETENTION_DAYS`, and
/// `PROVENANCE_HOURS`.
#[derive(Debug)]
pub(crate) struct RetentionSettings {
    /// How long an idempotency key is remembered.
    pub(crate) idempotency_ttl: Duration,
    /// How long a request's ledger entry is kept.
    pub(crate) ledger: Duration,
    /// How long the response to an executed action is kept.
    pub(crate) result: Duration,
    /// How long the values of a response count as seen; zero disables that.
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

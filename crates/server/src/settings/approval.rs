//! Settings of held requests.

use std::time::Duration;

use gaiterguard_domain::ledger::ByteBudget;

use super::read::{self, MIB};
use super::{SettingError, Source};

/// `RISK_THRESHOLD`, `APPROVAL_PENDING_TTL_HOURS`, `APPROVAL_EXECUTE_TTL_HOURS`,
/// `MAX_PENDING_PER_AGENT`, `MAX_PENDING_BYTES_PER_AGENT`, and `MAX_PENDING_BYTES_PER_WORKSPACE`.
#[derive(Debug)]
pub(crate) struct ApprovalSettings {
    /// Score from which a request is held, from 0.0 to 1.0.
    pub(crate) risk_threshold: f64,
    /// Time after which an undecided action expires.
    pub(crate) pending_ttl: Duration,
    /// Time after which an approved action expires.
    pub(crate) execute_ttl: Duration,
    pub(crate) pending_per_agent_max: u32,
    /// Limits of pending requests, in bytes.
    pub(crate) pending_bytes: ByteBudget,
}

impl ApprovalSettings {
    pub(crate) fn from_source(source: &Source) -> Result<Self, SettingError> {
        let pending_per_agent_max =
            read::integer(source, "MAX_PENDING_PER_AGENT", 100, 1..=1_000_000)?;
        Ok(Self {
            risk_threshold: read::fraction(source, "RISK_THRESHOLD", 0.5)?,
            pending_ttl: read::hours(source, "APPROVAL_PENDING_TTL_HOURS", 24.0)?,
            execute_ttl: read::hours(source, "APPROVAL_EXECUTE_TTL_HOURS", 1.0)?,
            pending_per_agent_max: u32::try_from(pending_per_agent_max).unwrap_or(u32::MAX),
            // Six requests of the maximum length for one agent, and eight such agents.
            pending_bytes: ByteBudget {
                agent: read::bytes(source, "MAX_PENDING_BYTES_PER_AGENT", 64 * MIB)?,
                workspace: read::bytes(source, "MAX_PENDING_BYTES_PER_WORKSPACE", 512 * MIB)?,
            },
        })
    }
}

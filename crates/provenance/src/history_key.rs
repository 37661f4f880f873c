//! The key of a history, and its unit of time.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;

/// The agent and the service that a history belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HistoryKey {
    /// The agent that was shown the values.
    pub agent: AgentId,
    /// The service that showed them.
    pub service: ServiceId,
}

/// Returns a time in whole seconds, as histories store it. Times before 1970 become zero.
pub(crate) fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.0 / 1_000).unwrap_or_default()
}

//! The key of a history, and its unit of time.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;

/// The agent and the service that a history belongs to.
pub type Place = (AgentId, ServiceId);

/// Returns a time in whole seconds, as histories keep it.
pub(crate) fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.0 / 1_000).unwrap_or_default()
}

//! Settings of held requests.

use std::time::Duration;

use clap::Args;
use gaiterguard_domain::ledger::ByteBudget;
use gaiterguard_environment::value;

/// When a request is held, and for how long.
#[derive(Debug, Args)]
pub struct ApprovalSettings {
    /// Requests with this risk score or a higher one are held for a human.
    #[arg(env = "RISK_THRESHOLD", default_value = "0.5", value_parser = value::fraction)]
    pub risk_threshold: f64,
    /// Hours after which an undecided action expires.
    #[arg(env = "APPROVAL_PENDING_TTL_HOURS", default_value = "24", value_parser = value::hours)]
    pub pending_ttl: Duration,
    /// Hours after which an approved action expires.
    #[arg(env = "APPROVAL_EXECUTE_TTL_HOURS", default_value = "1", value_parser = value::hours)]
    pub execute_ttl: Duration,
    // Longer than an agent keeps retrying, and shorter than a human takes to change their mind.
    /// Minutes during which a denial is also the response to the same request with the same intent; 0
    /// disables it.
    #[arg(
        env = "DENIED_MEMORY_MINUTES",
        default_value = "10",
        value_parser = value::minutes_or_none,
    )]
    pub denied_memory: Duration,
    /// Maximum number of pending actions per agent.
    #[arg(
        env = "MAX_PENDING_PER_AGENT",
        default_value = "100",
        value_parser = value::integer::<u32>(1..=1_000_000),
    )]
    pub pending_per_agent_max: u32,
    // Six requests of the maximum length.
    /// Maximum total size of an agent's pending requests, in bytes.
    #[arg(
        env = "MAX_PENDING_BYTES_PER_AGENT",
        default_value = "67108864",
        value_parser = value::bytes,
    )]
    pending_bytes_per_agent_max: u64,
    // Eight such agents.
    /// Maximum total size of a workspace's pending requests, in bytes.
    #[arg(
        env = "MAX_PENDING_BYTES_PER_WORKSPACE",
        default_value = "536870912",
        value_parser = value::bytes,
    )]
    pending_bytes_per_workspace_max: u64,
}

impl ApprovalSettings {
    /// Returns the limits of pending requests, in bytes.
    pub fn pending_bytes(&self) -> ByteBudget {
        ByteBudget {
            agent: self.pending_bytes_per_agent_max,
            workspace: self.pending_bytes_per_workspace_max,
        }
    }
}

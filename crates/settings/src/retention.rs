//! Settings of how long records are kept.

use std::time::Duration;

use clap::Args;
use gaiterguard_environment::value;

/// How long records are kept. The audit log is never deleted.
#[derive(Debug, Args)]
pub struct RetentionSettings {
    /// Hours after which an idempotency key expires.
    #[arg(env = "IDEMPOTENCY_TTL_HOURS", default_value = "24", value_parser = value::hours)]
    pub idempotency_ttl: Duration,
    /// Days for which the ledger entry of a request is kept. The audit log is never deleted.
    #[arg(env = "LEDGER_RETENTION_DAYS", default_value = "90", value_parser = value::days)]
    pub ledger: Duration,
    /// Days for which the stored response of an executed action is kept.
    #[arg(env = "RESULT_RETENTION_DAYS", default_value = "7", value_parser = value::days)]
    pub result: Duration,
    /// Hours for which the values of a response, such as IDs, names, and amounts, count as shown to the
    /// agent that received it. The risk assessment counts it against a request if it affects an object
    /// or a recipient that the agent was never shown and that the intent does not name. 0 disables
    /// this.
    #[arg(env = "PROVENANCE_HOURS", default_value = "24", value_parser = value::hours_or_none)]
    pub provenance: Duration,
}

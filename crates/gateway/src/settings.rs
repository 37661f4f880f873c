//! The lifetimes and limits that the operator sets.

use std::time::Duration;

use gaiterguard_domain::ledger::ByteBudget;
use gaiterguard_llm::FailureMode;

/// The lifetimes and limits that the operator sets.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// The score from which a request is held, from 0.0 to 1.0.
    pub risk_threshold: f64,
    /// The time after which an undecided action expires.
    pub pending_lifetime: Duration,
    /// The time during which a denial is also the response to the same request; zero turns that off.
    pub denial_memory: Duration,
    /// The time during which an approved action may be executed.
    pub approval_lifetime: Duration,
    /// The time during which an idempotency key is remembered.
    pub idempotency_lifetime: Duration,
    /// The longest response body that is stored, in bytes.
    pub stored_response_bytes_max: usize,
    /// The most pending actions of one agent.
    pub pending_per_agent_max: u32,
    /// The most bytes of pending requests.
    pub pending_bytes: ByteBudget,
    /// The most bytes of requests of ended actions that are kept.
    pub ended_bytes: ByteBudget,
    /// The requests that are held if a language model is needed and not available.
    pub llm_failure_mode: FailureMode,
    /// The time during which the rows of the ledger are kept.
    pub ledger_retention: Duration,
    /// The time during which the responses to executed actions are kept.
    pub result_retention: Duration,
    /// The time during which the values of a response count as seen by its agent; zero turns that off.
    pub provenance_lifetime: Duration,
}

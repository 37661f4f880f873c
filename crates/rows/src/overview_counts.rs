//! The counts and series of the dashboard's overview.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;

use crate::outcome::RequestOutcome;

/// The activity in a workspace since a point in time.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// Counts by time, decision, and outcome; intervals without requests are left out.
    pub series: Vec<OverviewCount>,
    /// How many actions are pending now.
    pub pending: i64,
    /// The median time from holding a request to its approval or denial, in milliseconds.
    pub decision_ms_median: Option<i64>,
    /// The agents with the most requests.
    pub agents: Vec<OverviewAgent>,
    /// The services with the most requests.
    pub services: Vec<OverviewService>,
    /// The most frequent operations of the newest requests.
    pub operations: Vec<OverviewOperation>,
    /// The outcomes of held requests.
    pub held: OverviewHeld,
    /// How many requests are not counted anywhere else because their rows are damaged.
    pub unreadable: i64,
}

/// How many requests of one kind there were in an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverviewCount {
    /// When the interval began.
    pub from: Timestamp,
    /// The decision.
    pub decision: Decision,
    /// The outcome, if the request has ended.
    pub outcome: Option<RequestOutcome>,
    /// The number of requests.
    pub count: i64,
}

/// How many requests an agent sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverviewAgent {
    /// The agent.
    pub id: AgentId,
    /// The agent's name.
    pub name: String,
    /// The number of requests.
    pub count: i64,
}

/// How many requests there were for a service, sent or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverviewService {
    /// The service.
    pub id: ServiceId,
    /// The service's name.
    pub name: String,
    /// The number of requests.
    pub count: i64,
}

/// How many of the newest requests were for an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverviewOperation {
    /// The service's name.
    pub service: String,
    /// The method.
    pub method: String,
    /// The operation's name in the documentation; `None` if it is not documented.
    pub name: Option<String>,
    /// The number of requests.
    pub count: i64,
}

/// The outcomes of held requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OverviewHeld {
    /// A human approved them, whatever happened to them afterward.
    pub approved: i64,
    /// A human denied them.
    pub denied: i64,
    /// They expired undecided.
    pub expired: i64,
    /// They were revoked undecided.
    pub revoked: i64,
    /// They are still pending.
    pub pending: i64,
}

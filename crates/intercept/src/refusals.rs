//! The record of what the proxy port refuses to agents that it knows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gaiterguard_authority::AgentCaller;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{AgentId, WorkspaceId};
use gaiterguard_domain::request::Label;
use gaiterguard_domain::target::Origin;
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_listener::Lifecycle;
use gaiterguard_store::Store;
use serde_json::json;

/// How many refusals of one agent are recorded in each [`PERIOD`]. A program that is set up wrongly repeats itself;
/// the rest is counted.
const RECORDED_MAX: u32 = 20;

/// The time after which refusals of an agent are recorded again.
const PERIOD: Duration = Duration::from_mins(1);

/// How many agents are counted at a time. Beyond that, counting begins again for all.
const AGENTS_MAX: usize = 10_000;

/// Records refusals in the audit log. Clones share everything.
#[derive(Clone)]
pub struct Refusals {
    store: Store,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
    counts: Arc<Mutex<HashMap<AgentId, Count>>>,
}

/// The refusals of one agent in one period.
struct Count {
    since: Timestamp,
    recorded: u32,
    omitted: u32,
}

/// A use of the proxy port by an agent.
#[derive(Clone, Debug)]
pub struct Attempt {
    workspace: WorkspaceId,
    agent: AgentId,
    origin: Option<Origin>,
    label: Option<Label>,
}

impl Attempt {
    /// Creates an attempt to reach an origin; `None` if what the agent asks for is not one.
    pub fn new(caller: &AgentCaller, origin: Option<Origin>, label: Option<Label>) -> Self {
        Self {
            workspace: caller.agent.workspace,
            agent: caller.agent.id,
            origin,
            label,
        }
    }
}

impl Refusals {
    /// Creates the recorder.
    pub fn new(store: Store, clock: Arc<dyn Clock>, lifecycle: Lifecycle) -> Self {
        Self {
            store,
            clock,
            lifecycle,
            counts: Arc::default(),
        }
    }

    /// Records a refusal, in a task of its own: nothing depends on it. `reason` is for the operator, without a
    /// secret.
    pub fn record(&self, attempt: &Attempt, reason: &str) {
        let at = self.clock.now();
        let Some(omitted) = self.omitted_before(attempt.agent, at) else {
            return;
        };
        let origin = attempt.origin.as_ref();
        let entry = NewAuditEntry {
            workspace: Some(attempt.workspace),
            at,
            actor: Actor::Agent(attempt.agent),
            event: Event::ProxyRefused,
            subject: Subject::Agent(attempt.agent),
            detail: json!({
                "host": origin.map(|origin| origin.host.to_string()),
                "port": origin.map(|origin| origin.port),
                "label": attempt.label.as_ref().map(Label::as_str),
                "reason": reason,
                "omitted": omitted,
            }),
        };
        let store = self.store.clone();
        self.lifecycle.spawn(async move {
            if let Err(error) = store.audit_append(entry).await {
                tracing::error!(%error, "a refusal at the proxy port could not be recorded");
            }
        });
    }

    /// Counts a refusal. Returns how many were omitted in the period before if this one is recorded.
    fn omitted_before(&self, agent: AgentId, at: Timestamp) -> Option<u32> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= AGENTS_MAX && !counts.contains_key(&agent) {
            counts.clear();
        }
        let count = counts.entry(agent).or_insert(Count {
            since: at,
            recorded: 0,
            omitted: 0,
        });
        let omitted = if count.since.until(at) >= PERIOD {
            let omitted = count.omitted;
            (count.since, count.recorded, count.omitted) = (at, 0, 0);
            omitted
        } else {
            0
        };
        if count.recorded == RECORDED_MAX {
            count.omitted = count.omitted.saturating_add(1);
            return None;
        }
        count.recorded += 1;
        Some(omitted)
    }
}

//! The counts and series of the dashboard's first page.

use std::collections::BTreeMap;
use std::time::Duration;

use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::{Decision, Evaluation};

use crate::connection::{Read, fetch_all, fetch_one, fetch_optional};
use crate::error::StoreError;
use crate::rows::Text;
use crate::store::Store;

/// How many agents and services the overview names.
const NAMED_MAX: i64 = 5;

/// How many of the newest requests are looked at for the operations that are asked for most.
const OPERATIONS_LOOKED_AT: i64 = 2000;

/// How many operations the overview names.
const OPERATIONS_MAX: usize = 8;

/// What happened in a workspace since some instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// Counts by time, decision and outcome; pieces of time without requests are left out.
    pub series: Vec<OverviewCount>,
    /// How many actions wait for a human now.
    pub pending: i64,
    /// The median of the time from holding a request to a human's decision, in milliseconds.
    pub decision_ms_median: Option<i64>,
    /// The agents with most requests.
    pub agents: Vec<OverviewAgent>,
    /// The services with most requests.
    pub services: Vec<OverviewService>,
    /// The operations that the newest requests asked for most.
    pub operations: Vec<OverviewOperation>,
    /// What became of the requests that were held.
    pub held: OverviewHeld,
    /// How many requests of that time are counted nowhere else, because what is stored of them is
    /// damaged.
    pub unreadable: i64,
}

/// How many requests of one kind there were in a piece of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverviewCount {
    /// When the piece of time began.
    pub from: Timestamp,
    /// What was decided.
    pub decision: Decision,
    /// How it ended, where it has.
    pub outcome: Option<OverviewOutcome>,
    /// How many.
    pub count: i64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverviewOutcome {
    /// The upstream answered.
    Answered,
    /// Nothing reached the upstream.
    NotSent,
    /// It may have reached the upstream.
    Broken,
}

/// How many requests an agent made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverviewAgent {
    /// The agent.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// How many.
    pub count: i64,
}

/// How many requests a service was sent, or would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverviewService {
    /// The service.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// How many.
    pub count: i64,
}

/// How many of the newest requests asked for an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverviewOperation {
    /// The service's name.
    pub service: String,
    /// The method.
    pub method: String,
    /// What the documentation calls it; none if it is not documented.
    pub name: Option<String>,
    /// How many.
    pub count: i64,
}

/// What became of held requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OverviewHeld {
    /// A human approved them, whatever came then.
    pub approved: i64,
    /// A human denied them.
    pub denied: i64,
    /// Nobody decided in time.
    pub expired: i64,
    /// They were taken back undecided.
    pub revoked: i64,
    /// They wait still.
    pub pending: i64,
}

/// The words of the column `outcome`.
impl OverviewOutcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "ANSWERED",
            Self::NotSent => "NOT_SENT",
            Self::Broken => "BROKEN",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Answered, Self::NotSent, Self::Broken]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

impl Store {
    /// What happened in a workspace since `since`, counted by pieces of time as long as `bucket`.
    pub async fn overview(
        &self,
        workspace: WorkspaceId,
        since: Timestamp,
        bucket: Duration,
        now: Timestamp,
    ) -> Result<Overview, StoreError> {
        let bucket = i64::try_from(bucket.as_millis()).unwrap_or(i64::MAX).max(1);
        let mut read = self.read().await?;
        let counts = fetch_all!(
            read,
            (i64, Text, Option<Text>, i64),
            "SELECT (created_at - $2) / $3 AS bucket, decision, outcome, COUNT(*)
             FROM requests WHERE workspace_id = $1 AND created_at >= $2
             GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            workspace.0,
            since.0,
            bucket,
        );
        let mut series = Vec::with_capacity(counts.len());
        let mut unreadable = 0;
        for (place, decision, outcome, count) in counts {
            match kind(&decision, outcome.as_ref()) {
                Some((decision, outcome)) => series.push(OverviewCount {
                    from: Timestamp(since.0.saturating_add(place.saturating_mul(bucket))),
                    decision,
                    outcome,
                    count,
                }),
                None => unreadable += count,
            }
        }
        let (pending,) = fetch_one!(
            read,
            (i64,),
            "SELECT COUNT(*) FROM actions
             WHERE workspace_id = $1 AND status = 'PENDING' AND expires_at > $2",
            workspace.0,
            now.0,
        );
        let (decided,) = fetch_one!(
            read,
            (i64,),
            "SELECT COUNT(*) FROM actions WHERE workspace_id = $1 AND created_at >= $2
               AND (approved_at IS NOT NULL OR status = 'DENIED')
               AND COALESCE(approved_at, resolved_at) >= created_at",
            workspace.0,
            since.0,
        );
        let median = fetch_optional!(
            read,
            (i64,),
            "SELECT COALESCE(approved_at, resolved_at) - created_at FROM actions
             WHERE workspace_id = $1 AND created_at >= $2
               AND (approved_at IS NOT NULL OR status = 'DENIED')
               AND COALESCE(approved_at, resolved_at) >= created_at
             ORDER BY 1 LIMIT 1 OFFSET $3",
            workspace.0,
            since.0,
            decided / 2,
        );
        let agents = fetch_all!(
            read,
            (i64, Text, i64),
            "SELECT agents.id, agents.name, COUNT(*) FROM requests
             JOIN agents ON agents.id = requests.agent_id
             WHERE requests.workspace_id = $1 AND requests.created_at >= $2
             GROUP BY agents.id, agents.name ORDER BY 3 DESC, 1 LIMIT $3",
            workspace.0,
            since.0,
            NAMED_MAX,
        );
        let services = fetch_all!(
            read,
            (i64, Text, i64),
            "SELECT services.id, services.name, COUNT(*) FROM requests
             JOIN services ON services.id = requests.service_id
             WHERE requests.workspace_id = $1 AND requests.created_at >= $2
             GROUP BY services.id, services.name ORDER BY 3 DESC, 1 LIMIT $3",
            workspace.0,
            since.0,
            NAMED_MAX,
        );
        let held = held(&mut read, workspace, since).await?;
        let operations = operations(&mut read, workspace, since).await?;
        Ok(Overview {
            series,
            held,
            operations,
            unreadable,
            pending,
            decision_ms_median: median.map(|(duration,)| duration),
            agents: agents
                .into_iter()
                .map(|(id, name, count)| OverviewAgent {
                    id: AgentId(id),
                    name: name.shown().to_owned(),
                    count,
                })
                .collect(),
            services: services
                .into_iter()
                .map(|(id, name, count)| OverviewService {
                    id: ServiceId(id),
                    name: name.shown().to_owned(),
                    count,
                })
                .collect(),
        })
    }
}

/// What was decided, and how it ended; `None` if a word is none of ours.
fn kind(decision: &Text, outcome: Option<&Text>) -> Option<(Decision, Option<OverviewOutcome>)> {
    let outcome = match outcome {
        Some(word) => Some(OverviewOutcome::parse(word.shown())?),
        None => None,
    };
    Some((Decision::parse(decision.shown())?, outcome))
}

async fn held(
    read: &mut Read,
    workspace: WorkspaceId,
    since: Timestamp,
) -> Result<OverviewHeld, StoreError> {
    let counts = fetch_all!(
        read,
        (Text, i64),
        "SELECT CASE WHEN approved_at IS NULL THEN status ELSE 'APPROVED' END, COUNT(*)
         FROM actions WHERE workspace_id = $1 AND created_at >= $2 GROUP BY 1",
        workspace.0,
        since.0,
    );
    let mut held = OverviewHeld::default();
    for (word, count) in counts {
        match ActionStatus::parse(word.shown()) {
            Some(ActionStatus::Denied) => held.denied += count,
            Some(ActionStatus::Expired) => held.expired += count,
            Some(ActionStatus::Revoked) => held.revoked += count,
            Some(ActionStatus::Pending) => held.pending += count,
            Some(_) => held.approved += count,
            // The list of actions shows which one is damaged.
            None => {}
        }
    }
    Ok(held)
}

async fn operations(
    read: &mut Read,
    workspace: WorkspaceId,
    since: Timestamp,
) -> Result<Vec<OverviewOperation>, StoreError> {
    let rows = fetch_all!(
        read,
        (Text, Text, Text),
        "SELECT services.name, method, judgement FROM requests
         JOIN services ON services.id = requests.service_id
         WHERE requests.workspace_id = $1 AND requests.created_at >= $2
         ORDER BY requests.created_at DESC, requests.id DESC LIMIT $3",
        workspace.0,
        since.0,
        OPERATIONS_LOOKED_AT,
    );
    let mut counts: BTreeMap<(String, String, Option<String>), i64> = BTreeMap::new();
    for (service, method, judgement) in rows {
        // What a damaged one asked for is not known.
        let Ok(judgement) = serde_json::from_str::<Evaluation>(judgement.shown()) else {
            continue;
        };
        let name = judgement
            .operation
            .map(|operation| operation.summary.unwrap_or(operation.id));
        let (service, method) = (service.shown().to_owned(), method.shown().to_owned());
        *counts.entry((service, method, name)).or_default() += 1;
    }
    let mut operations: Vec<_> = counts
        .into_iter()
        .map(|((service, method, name), count)| OverviewOperation {
            service,
            method,
            name,
            count,
        })
        .collect();
    operations.sort_by_key(|operation| std::cmp::Reverse(operation.count));
    operations.truncate(OPERATIONS_MAX);
    Ok(operations)
}

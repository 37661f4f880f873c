//! The counts and series of the dashboard's overview.

use std::collections::BTreeMap;
use std::time::Duration;

use gaiterguard_database::column::Text;
use gaiterguard_database::connection::{ReadConnection, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::id::{AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::{Decision, Evaluation};
use gaiterguard_rows::outcome::RequestOutcome;

use crate::action::read::pending_count;
use crate::store::Store;

/// How many agents and services the overview lists. It shows the busiest; the list of requests has
/// all.
const NAMED_MAX: i64 = 5;

/// How many of the newest requests are counted for the most frequent operations. Bounds the time of
/// the query, which parses each of these rows.
const REQUESTS_COUNTED_MAX: i64 = 2000;

/// How many operations the overview lists. It shows the most frequent ones among those that were
/// counted.
const OPERATIONS_MAX: usize = 8;

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
    /// A human approved them and nobody revoked the approval, whatever happened to them afterward.
    pub approved: i64,
    /// A human denied them.
    pub denied: i64,
    /// They expired undecided.
    pub expired: i64,
    /// They were revoked, before or after an approval.
    pub revoked: i64,
    /// They are still pending.
    pub pending: i64,
}

impl Store {
    /// Counts what happened in a workspace since `since`, in intervals of length `bucket`.
    pub async fn overview(
        &self,
        workspace: WorkspaceId,
        since: Timestamp,
        bucket: Duration,
        now: Timestamp,
    ) -> Result<Overview, StoreError> {
        let bucket = i64::try_from(bucket.as_millis()).unwrap_or(i64::MAX).max(1);
        let mut reader = self.reader().await?;
        let (series, unreadable) = series(&mut reader, workspace, since, bucket).await?;
        Ok(Overview {
            series,
            held: held(&mut reader, workspace, since).await?,
            operations: operations(&mut reader, workspace, since).await?,
            unreadable,
            pending: pending_count(&mut reader, workspace, now).await?,
            decision_ms_median: decision_median(&mut reader, workspace, since).await?,
            agents: agents(&mut reader, workspace, since).await?,
            services: services(&mut reader, workspace, since).await?,
        })
    }
}

/// Counts requests by interval, decision and outcome. The second value counts those that are unreadable.
async fn series(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    since: Timestamp,
    bucket: i64,
) -> Result<(Vec<OverviewCount>, i64), StoreError> {
    let counts = fetch_all!(
        reader,
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
    Ok((series, unreadable))
}

/// Returns the median time in which humans decided, in milliseconds; `None` if they decided nothing.
async fn decision_median(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    since: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let (decided,) = fetch_one!(
        reader,
        (i64,),
        "SELECT COUNT(*) FROM actions
         WHERE workspace_id = $1 AND created_at >= $2 AND ruled_at >= created_at",
        workspace.0,
        since.0,
    );
    let median = fetch_optional!(
        reader,
        (i64,),
        "SELECT ruled_at - created_at FROM actions
         WHERE workspace_id = $1 AND created_at >= $2 AND ruled_at >= created_at
         ORDER BY 1 LIMIT 1 OFFSET $3",
        workspace.0,
        since.0,
        decided / 2,
    );
    Ok(median.map(|(duration,)| duration))
}

/// Returns the agents that sent the most requests.
async fn agents(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    since: Timestamp,
) -> Result<Vec<OverviewAgent>, StoreError> {
    let sql = "SELECT agents.id, agents.name, COUNT(*) FROM requests
         JOIN agents ON agents.id = requests.agent_id
         WHERE requests.workspace_id = $1 AND requests.created_at >= $2
         GROUP BY agents.id, agents.name ORDER BY 3 DESC, 1 LIMIT $3";
    let rows = most_requests(reader, sql, workspace, since).await?;
    let agents = rows.into_iter().map(|(id, name, count)| OverviewAgent {
        id: AgentId(id),
        name,
        count,
    });
    Ok(agents.collect())
}

/// Returns the services that received the most requests.
async fn services(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    since: Timestamp,
) -> Result<Vec<OverviewService>, StoreError> {
    let sql = "SELECT services.id, services.name, COUNT(*) FROM requests
         JOIN services ON services.id = requests.service_id
         WHERE requests.workspace_id = $1 AND requests.created_at >= $2
         GROUP BY services.id, services.name ORDER BY 3 DESC, 1 LIMIT $3";
    let rows = most_requests(reader, sql, workspace, since).await?;
    let services = rows.into_iter().map(|(id, name, count)| OverviewService {
        id: ServiceId(id),
        name,
        count,
    });
    Ok(services.collect())
}

/// Runs a query for IDs, names and counts of requests.
async fn most_requests(
    reader: &mut ReadConnection,
    sql: &'static str,
    workspace: WorkspaceId,
    since: Timestamp,
) -> Result<Vec<(i64, String, i64)>, StoreError> {
    let rows = fetch_all!(
        reader,
        (i64, Text, i64),
        sql,
        workspace.0,
        since.0,
        NAMED_MAX,
    );
    let rows = rows.into_iter();
    Ok(rows
        .map(|(id, name, count)| (id, name.lossy().to_owned(), count))
        .collect())
}

/// Parses a decision and its outcome; `None` if a column contains an unknown value.
fn kind(decision: &Text, outcome: Option<&Text>) -> Option<(Decision, Option<RequestOutcome>)> {
    let outcome = match outcome {
        Some(word) => Some(RequestOutcome::parse(word.lossy())?),
        None => None,
    };
    Some((Decision::parse(decision.lossy())?, outcome))
}

async fn held(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    since: Timestamp,
) -> Result<OverviewHeld, StoreError> {
    let counts = fetch_all!(
        reader,
        (Text, i64),
        "SELECT CASE WHEN ruled_at IS NULL OR status IN ('DENIED', 'REVOKED') THEN status ELSE 'APPROVED' END, COUNT(*)
         FROM actions WHERE workspace_id = $1 AND created_at >= $2 GROUP BY 1",
        workspace.0,
        since.0,
    );
    let mut held = OverviewHeld::default();
    for (word, count) in counts {
        match ActionStatus::parse(word.lossy()) {
            Some(ActionStatus::Denied) => held.denied += count,
            Some(ActionStatus::Expired) => held.expired += count,
            Some(ActionStatus::Revoked) => held.revoked += count,
            Some(ActionStatus::Pending) => held.pending += count,
            Some(_) => held.approved += count,
            // The list of actions shows which action is damaged.
            None => {}
        }
    }
    Ok(held)
}

async fn operations(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    since: Timestamp,
) -> Result<Vec<OverviewOperation>, StoreError> {
    let rows = fetch_all!(
        reader,
        (Text, Text, Text),
        "SELECT services.name, method, judgement FROM requests
         JOIN services ON services.id = requests.service_id
         WHERE requests.workspace_id = $1 AND requests.created_at >= $2
         ORDER BY requests.created_at DESC, requests.id DESC LIMIT $3",
        workspace.0,
        since.0,
        REQUESTS_COUNTED_MAX,
    );
    let mut counts: BTreeMap<(String, String, Option<String>), i64> = BTreeMap::new();
    for (service, method, judgement) in rows {
        // The operation of a damaged request is unknown.
        let Ok(evaluation) = serde_json::from_str::<Evaluation>(judgement.lossy()) else {
            continue;
        };
        let name = evaluation
            .operation
            .map(|operation| operation.summary.unwrap_or(operation.id));
        let (service, method) = (service.lossy().to_owned(), method.lossy().to_owned());
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

//! `GET /overview`: statistics for the dashboard's start page.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::time::{Clock, Day, Timestamp};
use gaiterguard_domain::verdict::Decision;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_gateway::Gateway;
use gaiterguard_store::{
    ModelUse, Overview, OverviewCount, OverviewHeld, OverviewOperation, RequestOutcome,
};
use gaiterguard_web::extract::ApiQuery;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::InvalidParameter;
use gaiterguard_web::session::with_session;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::caller::Caller;
use super::list::each;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    with_session(
        Permission::Read,
        OpenApiRouter::new().routes(routes!(overview)),
    )
}

/// Period of the statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Period {
    /// 24 hours, in intervals of one hour.
    #[default]
    Day,
    /// 7 days, in intervals of 6 hours.
    Week,
    /// 30 days, in intervals of one day.
    Month,
}

impl Period {
    /// Returns its intervals: about as many bars as a chart shows legibly.
    fn intervals(self) -> Intervals {
        let (count, hours) = match self {
            Self::Day => (24, 1),
            Self::Week => (28, 6),
            Self::Month => (30, 24),
        };
        Intervals {
            count,
            length: Duration::from_hours(hours),
        }
    }
}

/// The intervals that a period is divided into.
#[derive(Clone, Copy, Debug)]
struct Intervals {
    count: u32,
    length: Duration,
}

impl Intervals {
    /// Returns the start of the first interval. Intervals start at multiples of their length since the
    /// Unix epoch, so that they do not move between two calls. The last interval is the one in
    /// progress.
    fn first(self, now: Timestamp) -> Timestamp {
        let length_ms = i64::try_from(self.length.as_millis())
            .unwrap_or(i64::MAX)
            .max(1);
        let current = Timestamp(now.0 - now.0.rem_euclid(length_ms));
        current.before(self.length * self.count.saturating_sub(1))
    }
}

/// Query parameters of the overview.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Query {
    /// Period of the statistics. Defaults to `day`.
    #[serde(default)]
    #[param(inline, value_type = Option<Period>)]
    period: Period,
}

/// Statistics of a period.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Overview)]
pub(crate) struct OverviewBody {
    /// Start of the period.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// End of the period.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// Length of each interval in `series`, in seconds.
    bucket_seconds: u64,
    /// Number of actions that are pending now.
    pending: i64,
    /// Median time from hold to approval or denial, in milliseconds.
    #[schema(required)]
    decision_ms_median: Option<i64>,
    /// Totals of the period.
    totals: Counts,
    /// Counts per interval, oldest first, without gaps.
    series: Vec<Interval>,
    /// Agents with the most requests.
    agents: Vec<Named>,
    /// Services with the most requests.
    services: Vec<Named>,
    /// Most frequently requested operations among the newest 2,000 requests.
    operations: Vec<AskedOperation>,
    /// Outcomes of the held requests.
    held: Held,
    /// Number of requests in the period that no other count includes, because their records are
    /// damaged.
    #[schema(minimum = 0)]
    unreadable: i64,
    /// Use of the language model per day in the last 30 days (UTC), oldest first, without gaps,
    /// regardless of the period. The gateway has one model, so the counts include all workspaces and
    /// replicas.
    model_days: Vec<ModelDay>,
}

/// Number of days in the history of model use: as many as the longest period shows.
const MODEL_DAYS: u32 = 30;

/// Use of the language model on one day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = OverviewModelDay)]
pub(crate) struct ModelDay {
    /// Start of the day.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Number of calls to the model's server.
    calls: i64,
    /// Number of input tokens.
    input_tokens: i64,
    /// Number of output tokens.
    output_tokens: i64,
    /// Cost, in the currency of the prices that were configured that day.
    cost: f64,
}

impl ModelDay {
    /// Returns the last days up to today; a day that is missing in `used` had no use.
    fn last(today: Day, used: &[(Day, ModelUse)]) -> Vec<Self> {
        let first = today.first_of_last(MODEL_DAYS);
        (first.0..=today.0)
            .map(|number| {
                let used = used.iter().find(|(day, _)| day.0 == number);
                let used = used.map(|(_, used)| *used).unwrap_or_default();
                Self {
                    from: Day(number).begin(),
                    calls: used.calls,
                    input_tokens: used.input_tokens,
                    output_tokens: used.output_tokens,
                    cost: used.cost,
                }
            })
            .collect()
    }
}

/// An operation and its number of requests.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OverviewOperation)]
pub(crate) struct AskedOperation {
    /// Name of the service.
    service: String,
    /// HTTP method.
    method: String,
    /// Name in the documentation; null if the operation is undocumented.
    #[schema(required)]
    name: Option<String>,
    /// Number of requests.
    count: i64,
}

/// Outcomes of held requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OverviewHeld)]
pub(crate) struct Held {
    /// Approved and not revoked, even if the approval later expired.
    approved: i64,
    /// Denied.
    denied: i64,
    /// Expired: not decided in time.
    expired: i64,
    /// Revoked, before or after an approval.
    revoked: i64,
    /// Still pending.
    pending: i64,
}

impl From<OverviewHeld> for Held {
    fn from(held: OverviewHeld) -> Self {
        Self {
            approved: held.approved,
            denied: held.denied,
            expired: held.expired,
            revoked: held.revoked,
            pending: held.pending,
        }
    }
}

impl From<OverviewOperation> for AskedOperation {
    fn from(operation: OverviewOperation) -> Self {
        Self {
            service: operation.service,
            method: operation.method,
            name: operation.name,
            count: operation.count,
        }
    }
}

/// Number of requests per decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OverviewCounts)]
pub(crate) struct Counts {
    /// Forwarded without a hold.
    forward: i64,
    /// Held for a human.
    hold: i64,
    /// Denied by a rule.
    deny: i64,
    /// Requests to which the upstream did not respond, or responded only in part.
    failed: i64,
}

/// Counts of one interval.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OverviewPiece)]
pub(crate) struct Interval {
    /// Start of the interval.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The counts.
    #[serde(flatten)]
    counts: Counts,
}

/// An agent or a service, and its number of requests.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OverviewNamed)]
pub(crate) struct Named {
    /// Unique identifier.
    id: i64,
    /// Name.
    name: String,
    /// Number of requests.
    count: i64,
}

impl Counts {
    fn add(&mut self, count: &OverviewCount) {
        let decided = match count.decision {
            Decision::Forward => &mut self.forward,
            Decision::Hold => &mut self.hold,
            Decision::Deny => &mut self.deny,
        };
        *decided += count.count;
        if matches!(
            count.outcome,
            Some(RequestOutcome::NotSent | RequestOutcome::Broken)
        ) {
            self.failed += count.count;
        }
    }
}

impl OverviewBody {
    fn of(
        overview: Overview,
        model_days: Vec<ModelDay>,
        (from, to): (Timestamp, Timestamp),
        intervals: Intervals,
    ) -> Self {
        let mut totals = Counts::default();
        let mut series = Vec::new();
        for number in 0..intervals.count {
            let begin = from.after(intervals.length * number);
            let end = begin.after(intervals.length);
            let mut counts = Counts::default();
            for count in &overview.series {
                if (begin..end).contains(&count.from) {
                    counts.add(count);
                    totals.add(count);
                }
            }
            series.push(Interval {
                from: begin,
                counts,
            });
        }
        let agents = overview.agents.into_iter().map(|agent| Named {
            id: agent.id.0,
            name: agent.name,
            count: agent.count,
        });
        let services = overview.services.into_iter().map(|service| Named {
            id: service.id.0,
            name: service.name,
            count: service.count,
        });
        Self {
            from,
            to,
            bucket_seconds: intervals.length.as_secs(),
            pending: overview.pending,
            decision_ms_median: overview.decision_ms_median,
            totals,
            series,
            agents: agents.collect(),
            services: services.collect(),
            operations: each(overview.operations),
            held: overview.held.into(),
            unreadable: overview.unreadable,
            model_days,
        }
    }
}

/// Get overview statistics
///
/// Returns the number of requests per decision, for the whole period and for each interval.
#[utoipa::path(
    get,
    path = "/overview",
    operation_id = "getOverview",
    tag = "overview",
    params(Query),
    responses(
        (status = 200, description = "The statistics.", body = OverviewBody),
        InvalidParameter,
    )
)]
async fn overview(
    State(gateway): State<Arc<Gateway>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Json<OverviewBody>, Problem> {
    let intervals = query.period.intervals();
    let now = clock.now();
    let from = intervals.first(now);
    let overview = gateway
        .store()
        .overview(caller.workspace(), from, intervals.length, now)
        .await?;
    let today = Day::of(now);
    let used = gateway
        .store()
        .model_use_since(today.first_of_last(MODEL_DAYS))
        .await?;
    let model_days = ModelDay::last(today, &used);
    let body = OverviewBody::of(overview, model_days, (from, now), intervals);
    Ok(Json(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_begin_on_the_hour_and_end_with_the_present_one() {
        let now: Timestamp = "2026-03-04T05:06:07Z".parse().unwrap();
        let from = Period::Day.intervals().first(now);
        assert_eq!(from.to_string(), "2026-03-03T06:00:00.000Z");
        let from = Period::Month.intervals().first(now);
        assert_eq!(from.to_string(), "2026-02-03T00:00:00.000Z");
    }

    #[test]
    fn the_model_days_are_thirty_without_gaps_and_end_with_today() {
        let today = Day::of("2026-03-04T05:06:07Z".parse().unwrap());
        let used = ModelUse {
            calls: 3,
            cost: 0.5,
            ..ModelUse::default()
        };
        let days = ModelDay::last(today, &[(Day(today.0 - 2), used)]);
        assert_eq!(days.len(), 30);
        assert_eq!(days[0].from.to_string(), "2026-02-03T00:00:00.000Z");
        assert_eq!(days[29].from.to_string(), "2026-03-04T00:00:00.000Z");
        let calls: Vec<i64> = days.iter().map(|day| day.calls).collect();
        assert_eq!(calls[26..], [0, 3, 0, 0]);
        assert_eq!(calls.iter().sum::<i64>(), 3);
    }

    #[test]
    fn requests_are_counted_in_their_interval_and_in_the_totals() {
        let intervals = Intervals {
            count: 3,
            length: Duration::from_hours(1),
        };
        let from = Timestamp(0);
        let count = |hour: u32, decision, outcome, count| OverviewCount {
            from: from.after(intervals.length * hour),
            decision,
            outcome,
            count,
        };
        let overview = Overview {
            series: vec![
                count(0, Decision::Forward, Some(RequestOutcome::Responded), 3),
                count(0, Decision::Forward, Some(RequestOutcome::Broken), 1),
                count(2, Decision::Hold, None, 5),
                count(2, Decision::Deny, None, 7),
            ],
            pending: 5,
            decision_ms_median: None,
            agents: vec![],
            services: vec![],
            operations: vec![],
            held: OverviewHeld::default(),
            unreadable: 0,
        };
        let all = (from, from.after(intervals.length * 3));
        let body = OverviewBody::of(overview, vec![], all, intervals);
        let counts: Vec<_> = body.series.iter().map(|interval| interval.counts).collect();
        assert_eq!(
            counts,
            [
                Counts {
                    forward: 4,
                    failed: 1,
                    ..Counts::default()
                },
                Counts::default(),
                Counts {
                    hold: 5,
                    deny: 7,
                    ..Counts::default()
                },
            ]
        );
        assert_eq!(
            body.totals,
            Counts {
                forward: 4,
                hold: 5,
                deny: 7,
                failed: 1
            }
        );
    }
}

//! `GET /overview`: what the dashboard's first page draws.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::time::{Clock, Day, Timestamp};
use gaiterguard_domain::verdict::Decision;
use gaiterguard_gateway::Gateway;
use gaiterguard_store::{
    ModelUse, Overview, OverviewCount, OverviewHeld, OverviewOperation, RequestOutcome,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::caller::Caller;
use super::list::each;
use crate::extract::ApiQuery;
use crate::openapi::responses::InvalidParameter;
use crate::problem::Problem;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new().routes(routes!(overview))
}

/// How far back to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Period {
    /// 24 hours, hour by hour.
    #[default]
    Day,
    /// 7 days, 6 hours by 6 hours.
    Week,
    /// 30 days, day by day.
    Month,
}

impl Period {
    /// How many pieces of time, and how long each is.
    fn pieces(self) -> (u32, Duration) {
        match self {
            Self::Day => (24, Duration::from_hours(1)),
            Self::Week => (28, Duration::from_hours(6)),
            Self::Month => (30, Duration::from_hours(24)),
        }
    }
}

/// Which overview.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Query {
    /// How far back to look; a day if left out.
    #[serde(default)]
    #[param(inline, value_type = Option<Period>)]
    period: Period,
}

/// What happened lately.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Overview)]
pub(crate) struct OverviewBody {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// How long each piece of `series` is, in seconds.
    bucket_seconds: u64,
    /// How many actions wait for a human now.
    pending: i64,
    /// The median of the time from holding a request to a human's decision, in milliseconds.
    #[schema(required)]
    decision_ms_median: Option<i64>,
    /// All of it together.
    totals: Counts,
    /// Piece by piece, the oldest first, without gaps.
    series: Vec<Piece>,
    /// The agents with most requests.
    agents: Vec<Named>,
    /// The services with most requests.
    services: Vec<Named>,
    /// The operations that the newest 2,000 requests asked for most.
    operations: Vec<AskedOperation>,
    /// What became of the requests that were held.
    held: Held,
    /// How many requests of that time are counted nowhere else, because what is stored of them is
    /// damaged.
    #[schema(minimum = 0)]
    unreadable: i64,
    /// What the language model was used for in the last 30 days (UTC), day by day, the oldest first,
    /// without gaps; whatever the period. The model is the gateway's: all workspaces and replicas
    /// are counted together.
    model_days: Vec<ModelDay>,
}

/// How many days of the language model's use are told.
const MODEL_DAYS: u32 = 30;

/// What the language model was used for on a day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = OverviewModelDay)]
pub(crate) struct ModelDay {
    /// When the day began.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// Calls of its server.
    calls: i64,
    /// Tokens sent to it.
    input_tokens: i64,
    /// Tokens it answered with.
    output_tokens: i64,
    /// What they cost, in the currency of the prices that were configured that day.
    cost: f64,
}

impl ModelDay {
    /// The last days up to today, of which `used` tells those with use.
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

/// An operation, and how many requests asked for it.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OverviewOperation)]
pub(crate) struct AskedOperation {
    /// The service's name.
    service: String,
    /// The method.
    method: String,
    /// What the documentation calls it; null if it is not documented.
    #[schema(required)]
    name: Option<String>,
    /// How many.
    count: i64,
}

/// What became of held requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OverviewHeld)]
pub(crate) struct Held {
    /// A human approved them, whatever came then.
    approved: i64,
    /// A human denied them.
    denied: i64,
    /// Nobody decided in time.
    expired: i64,
    /// They were taken back undecided.
    revoked: i64,
    /// They wait still.
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

/// How many requests were decided how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OverviewCounts)]
pub(crate) struct Counts {
    /// Sent at once.
    forward: i64,
    /// Held for a human.
    hold: i64,
    /// Refused by a rule.
    deny: i64,
    /// Those that the upstream did not answer, or not to the end.
    failed: i64,
}

/// A piece of time.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OverviewPiece)]
pub(crate) struct Piece {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// What happened in it.
    #[serde(flatten)]
    counts: Counts,
}

/// An agent or a service, and how many requests.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OverviewNamed)]
pub(crate) struct Named {
    /// Its id.
    id: i64,
    /// Its name.
    name: String,
    /// How many.
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
        (pieces, long): (u32, Duration),
    ) -> Self {
        let mut totals = Counts::default();
        let mut series = Vec::new();
        for number in 0..pieces {
            let begin = from.after(long * number);
            let end = begin.after(long);
            let mut counts = Counts::default();
            for count in &overview.series {
                if (begin..end).contains(&count.from) {
                    counts.add(count);
                    totals.add(count);
                }
            }
            series.push(Piece {
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
            bucket_seconds: long.as_secs(),
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

/// When the pieces begin: on the hour, or at the multiple of their length since the epoch, so that
/// they stay the same from one look to the next. The last piece is the one that has begun.
fn first_piece(now: Timestamp, pieces: u32, long: Duration) -> Timestamp {
    let long_ms = i64::try_from(long.as_millis()).unwrap_or(i64::MAX).max(1);
    let current = Timestamp(now.0 - now.0.rem_euclid(long_ms));
    current.before(long * pieces.saturating_sub(1))
}

/// What happened lately
#[utoipa::path(
    get,
    path = "/overview",
    operation_id = "getOverview",
    tag = "overview",
    params(Query),
    responses(
        (status = 200, description = "Counts and series.", body = OverviewBody),
        InvalidParameter,
    )
)]
async fn overview(
    State(gateway): State<Arc<Gateway>>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Json<OverviewBody>, Problem> {
    let (pieces, long) = query.period.pieces();
    let now = clock.now();
    let from = first_piece(now, pieces, long);
    let overview = gateway
        .store()
        .overview(caller.workspace(), from, long, now)
        .await?;
    let today = Day::of(now);
    let used = gateway
        .store()
        .model_use_since(today.first_of_last(MODEL_DAYS))
        .await?;
    let model_days = ModelDay::last(today, &used);
    let body = OverviewBody::of(overview, model_days, (from, now), (pieces, long));
    Ok(Json(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_begin_on_the_hour_and_end_with_the_present_one() {
        let now: Timestamp = "2026-03-04T05:06:07Z".parse().unwrap();
        let (pieces, long) = Period::Day.pieces();
        let from = first_piece(now, pieces, long);
        assert_eq!(from.to_string(), "2026-03-03T06:00:00.000Z");
        let (pieces, long) = Period::Month.pieces();
        let from = first_piece(now, pieces, long);
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
    fn what_is_counted_lands_in_its_piece_and_in_the_totals() {
        let long = Duration::from_hours(1);
        let from = Timestamp(0);
        let count = |hour: u32, decision, outcome, count| OverviewCount {
            from: from.after(long * hour),
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
        let all = (from, from.after(long * 3));
        let body = OverviewBody::of(overview, vec![], all, (3, long));
        let counts: Vec<_> = body.series.iter().map(|piece| piece.counts).collect();
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

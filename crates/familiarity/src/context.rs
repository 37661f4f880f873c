//! The comparison of a held request with earlier requests and rulings, for its approver.

use std::cmp::Ordering;
use std::time::Duration;

use gaiterguard_domain::action::{Action, Ruling};
use gaiterguard_domain::request::is_safe;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_sealing::{Purpose, SealingError};
use gaiterguard_store::{ApprovedSummary, FamiliarityFilter};
use gaiterguard_summary::{Money, Summary};
use http::Method;
use serde::Serialize;

use crate::Familiarity;

/// How far back rulings are counted. Later, the people and their reasons are often others.
const RULING_AGE_MAX: Duration = Duration::from_hours(30 * 24);

/// How many amounts an amount is compared with. Opening and reading one takes some ten microseconds.
const AMOUNTS_MAX: u32 = 200;

/// How a held request compares with earlier requests and rulings. A field is null if the comparison is
/// not possible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ActionContext))]
pub struct Context {
    /// Whether the ledger contains no earlier request of this agent to this operation, whatever the
    /// decision. Requests that earlier versions of the gateway recorded do not count. Null for GET,
    /// HEAD, and OPTIONS, and for requests that an earlier version held.
    #[cfg_attr(feature = "schema", schema(required))]
    pub first_by_agent: Option<bool>,
    /// Whether no request with the same target has been approved for this service before, from any
    /// agent. The target is the recipients and accounts in the request or, if there are none, the
    /// objects in its path. An approval that was revoked or that expired does not count. Null if the
    /// request names no target, if not all of it is known, and for requests that an earlier version of
    /// the gateway held. After a rotation of `ENCRYPTION_SECRET`, every target counts as new.
    #[cfg_attr(feature = "schema", schema(required))]
    pub first_to_target: Option<bool>,
    /// Number of other requests of this agent to this operation that were held since `since` and
    /// approved. An approval that was revoked or that expired does not count. Null for requests that an
    /// earlier version of the gateway held.
    #[cfg_attr(feature = "schema", schema(required))]
    pub approved: Option<u64>,
    /// Number of other requests of this agent to this operation that were held since `since` and
    /// denied. Null for requests that an earlier version of the gateway held.
    #[cfg_attr(feature = "schema", schema(required))]
    pub denied: Option<u64>,
    /// Start of the period for `approved`, `denied`, and `amount`: 30 days ago. Only the newest 10,000
    /// rulings are counted.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// How the amount of money compares with approved amounts. Null if the request does not contain
    /// exactly one amount with a known currency, if its summary is damaged, and for requests that an
    /// earlier version of the gateway held.
    #[cfg_attr(feature = "schema", schema(required))]
    pub amount: Option<AmountRange>,
}

/// An amount of money, and the range of approved amounts: those in requests of any agent to the same
/// operation, in the same currency and unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AmountRange {
    /// The currency of all amounts, as an ISO 4217 code.
    #[cfg_attr(feature = "schema", schema(example = "EUR"))]
    pub currency: String,
    /// Whether the amounts are in units of the currency, such as euros. If false, the service's
    /// documents do not state the unit, and the amounts are the numbers in the requests.
    pub unit_is_documented: bool,
    /// The amount of this request, as a decimal number.
    #[cfg_attr(feature = "schema", schema(example = "12500.00"))]
    pub value: String,
    /// The lowest approved amount since `since`, as a decimal number. Null if there is none.
    #[cfg_attr(feature = "schema", schema(required))]
    pub lowest: Option<String>,
    /// The highest approved amount since `since`, as a decimal number. Null if there is none.
    #[cfg_attr(feature = "schema", schema(required))]
    pub highest: Option<String>,
    /// Number of approved amounts in the range. Only the newest 200 requests are considered.
    pub count: u32,
}

impl AmountRange {
    fn new(amount: &Money) -> Self {
        Self {
            currency: amount.currency.clone(),
            unit_is_documented: amount.unit_is_documented,
            value: amount.value.clone(),
            lowest: None,
            highest: None,
            count: 0,
        }
    }
}

impl Familiarity {
    /// Compares a held request with earlier requests and rulings. `summary` is the request's own.
    ///
    /// # Errors
    ///
    /// If the database or the vault fails.
    pub async fn context(
        &self,
        action: &Action,
        summary: Option<&Summary>,
        now: Timestamp,
    ) -> Result<Context, SealingError> {
        let since = now.before(RULING_AGE_MAX);
        let amount = summary.and_then(|summary| summary.amount.as_ref());
        let filter = FamiliarityFilter {
            action,
            since,
            summaries_max: amount.map_or(0, |_| AMOUNTS_MAX),
        };
        let known = self.store.action_familiarity(filter).await?;
        let is_read = action
            .method
            .parse::<Method>()
            .is_ok_and(|method| is_safe(&method));
        // The counts include the action itself, if a human has ruled on it.
        let own = |counted| match action.state.ruling() {
            Some((ruling, _)) if ruling == counted && action.created_at >= since => 1,
            _ => 0,
        };
        let others =
            |count: Option<u64>, counted| count.map(|count| count.saturating_sub(own(counted)));
        let amount = match amount.filter(|_| known.operation.is_some()) {
            Some(amount) => Some(self.range(action, amount, &known.summaries).await?),
            None => None,
        };
        Ok(Context {
            first_by_agent: known.operation.filter(|_| !is_read).map(|it| it.is_first),
            first_to_target: known.is_first_to_recipients,
            approved: others(known.operation.map(|it| it.approved), Ruling::Approved),
            denied: others(known.operation.map(|it| it.denied), Ruling::Denied),
            since,
            amount,
        })
    }

    /// Compares an amount with those of approved requests.
    async fn range(
        &self,
        action: &Action,
        amount: &Money,
        approved: &[ApprovedSummary],
    ) -> Result<AmountRange, SealingError> {
        let mut range = AmountRange::new(amount);
        let (mut lowest, mut highest): (Option<Money>, Option<Money>) = (None, None);
        for summary in approved {
            let Some(other) = self.approved_amount(action, summary).await? else {
                continue;
            };
            if other.compare(amount).is_none() {
                continue;
            }
            range.count += 1;
            let is = |ordering, than: Option<&Money>| {
                than.is_none_or(|than| other.compare(than) == Some(ordering))
            };
            if is(Ordering::Less, lowest.as_ref()) {
                lowest = Some(other.clone());
            }
            if is(Ordering::Greater, highest.as_ref()) {
                highest = Some(other);
            }
        }
        range.lowest = lowest.map(|amount| amount.value);
        range.highest = highest.map(|amount| amount.value);
        Ok(range)
    }

    /// Returns the amount of an approved request; `None` if it contains none or several, or if its summary is
    /// damaged.
    async fn approved_amount(
        &self,
        action: &Action,
        approved: &ApprovedSummary,
    ) -> Result<Option<Money>, SealingError> {
        let purpose = Purpose::action_summary(approved.action, approved.digest);
        let sealed = &approved.summary;
        let opening = self
            .sealing
            .open(action.workspace, sealed.data_key, &sealed.bytes, &purpose);
        match opening.await {
            Ok(plain) => {
                let summary = serde_json::from_slice::<Summary>(&plain).ok();
                Ok(summary.and_then(|summary| summary.amount))
            }
            Err(error) if error.is_damage() => {
                tracing::error!(%error, action_id = %approved.action, "a summary does not open");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

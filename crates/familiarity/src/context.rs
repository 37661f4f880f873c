//! The comparison of a held request with earlier requests and rulings, for its approver.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::Duration;

use gaiterguard_domain::action::{Action, Ruling};
use gaiterguard_domain::familiarity::OperationKey;
use gaiterguard_domain::id::{ActionId, WorkspaceId};
use gaiterguard_domain::request::is_safe;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_sealing::{Purpose, SealingError};
use gaiterguard_store::{ActionFamiliarity, ActionPast, ApprovedFilter, ApprovedSummary};
use gaiterguard_summary::{Money, Summary};
use http::Method;
use serde::Serialize;

use crate::Familiarity;
use crate::past::{Earlier, RequestRepeats};

/// How far back rulings are counted. Later, the people and their reasons are often others.
const RULING_AGE_MAX: Duration = Duration::from_hours(30 * 24);

/// How many amounts an amount is compared with. Opening and reading one takes some ten microseconds.
const AMOUNTS_MAX: u32 = 200;

/// How many amounts are read for a list, so that it takes some ten milliseconds longer at most. The
/// operations of the list share them.
const AMOUNTS_TOTAL_MAX: u32 = 1000;

/// How many amounts are read of each operation, however many operations a list has. Fewer would not show what
/// is usual.
const AMOUNTS_MIN: u32 = 10;

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
    /// objects in its path with the rights and the values that its headline names. An approval that was revoked or that
    /// expired does not count. Null if the request names no target, if only some of its targets are known, and for
    /// requests that an earlier version of the gateway held. After a rotation of `ENCRYPTION_SECRET`, every target
    /// counts as new.
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
    /// Start of the period for `approved`, `denied`, and `amount`: 30 days ago. Only the newest 1,000
    /// rulings are counted.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// How the amount of money compares with approved amounts. Null if the request does not contain
    /// exactly one amount with a known currency, if its summary is damaged, and for requests that an
    /// earlier version of the gateway held.
    #[cfg_attr(feature = "schema", schema(required))]
    pub amount: Option<AmountRange>,
    /// How the agent repeated the request while it was pending. Null if it did not.
    #[cfg_attr(feature = "schema", schema(required))]
    pub repeats: Option<RequestRepeats>,
    /// The last earlier attempt of this agent: a held request that is the same, or else one to the same
    /// operation in the last 24 hours to which the upstream responded with an error. Null if there is none.
    #[cfg_attr(feature = "schema", schema(required))]
    pub earlier: Option<Earlier>,
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
    /// Number of approved amounts in the range. Only the newest 200 requests are considered, and fewer in
    /// lists that contain several operations with amounts.
    pub count: u32,
}

impl AmountRange {
    /// Compares an amount with approved ones, the newest first.
    fn of<'a>(amount: &'a Money, approved: impl Iterator<Item = &'a Money>) -> Self {
        let alike = approved.filter(|other| other.compare(amount).is_some());
        let mut alike: Vec<&Money> = alike.collect();
        alike.sort_by(|one, other| one.compare(other).unwrap_or(Ordering::Equal));
        let value = |one: Option<&&Money>| one.map(|one| one.value.clone());
        Self {
            currency: amount.currency.clone(),
            unit_is_documented: amount.unit_is_documented,
            value: amount.value.clone(),
            lowest: value(alike.first()),
            highest: value(alike.last()),
            count: u32::try_from(alike.len()).unwrap_or(u32::MAX),
        }
    }
}

impl Familiarity {
    /// Compares held requests of one workspace with earlier requests and rulings, in a few queries for all
    /// of them. Each comes with its own summary. Requests that the database no longer contains are left out.
    ///
    /// # Errors
    ///
    /// If the database or the vault fails.
    pub async fn contexts(
        &self,
        held: &[(&Action, Option<&Summary>)],
        now: Timestamp,
    ) -> Result<HashMap<ActionId, Context>, SealingError> {
        let since = now.before(RULING_AGE_MAX);
        let actions: Vec<&Action> = held.iter().map(|(action, _)| *action).collect();
        let known = self.store.action_familiarity(&actions, since).await?;
        let mut past = self.store.action_past(&actions).await?;
        let asked: Vec<Asked<'_>> = held
            .iter()
            .filter_map(|(action, summary)| {
                let known = known.get(&action.id)?;
                let amount = summary.and_then(|summary| summary.amount.as_ref());
                Some(Asked {
                    action,
                    known: *known,
                    amount: amount
                        .zip(known.operation)
                        .map(|(amount, operation)| (amount, operation.key)),
                })
            })
            .collect();
        let approved = self.approved_amounts(&asked, since).await?;
        let contexts = asked.iter().map(|one| {
            let past = past.remove(&one.action.id).unwrap_or_default();
            (one.action.id, one.context(past, &approved, since))
        });
        Ok(contexts.collect())
    }

    /// Returns the amounts of approved requests to the operations of requests that contain an amount, newest
    /// first.
    async fn approved_amounts(
        &self,
        asked: &[Asked<'_>],
        since: Timestamp,
    ) -> Result<ApprovedAmounts, SealingError> {
        let mut found = ApprovedAmounts::new();
        for one in asked {
            if let Some((_, operation)) = one.amount {
                let filter = ApprovedFilter {
                    workspace: one.action.workspace,
                    operation,
                    since,
                };
                found.entry(operation.0).or_insert((filter, Vec::new()));
            }
        }
        let share = AMOUNTS_TOTAL_MAX / u32::try_from(found.len().max(1)).unwrap_or(u32::MAX);
        let limit = share.clamp(AMOUNTS_MIN, AMOUNTS_MAX);
        for (filter, amounts) in found.values_mut() {
            // The request itself may be among them.
            let approved = self.store.action_approved_summaries(*filter, limit + 1);
            for summary in approved.await? {
                let amount = self.approved_amount(filter.workspace, &summary).await?;
                amounts.extend(amount.map(|amount| (summary.action, amount)));
            }
        }
        Ok(found)
    }

    /// Returns the amount of an approved request; `None` if it contains none or several, or if its summary is
    /// damaged.
    async fn approved_amount(
        &self,
        workspace: WorkspaceId,
        approved: &ApprovedSummary,
    ) -> Result<Option<Money>, SealingError> {
        let purpose = Purpose::action_summary(approved.action, approved.digest);
        let sealed = &approved.summary;
        let opening = self
            .sealing
            .open(workspace, sealed.data_key, &sealed.bytes, &purpose);
        match opening.await {
            Ok(plain) => {
                let summary = serde_json::from_slice::<Summary>(&plain).ok();
                Ok(summary.and_then(|summary| summary.amount))
            }
            Err(error) if error.is_damage() => {
                tracing::error!(%error, action_id = %approved.action, "a summary cannot be opened");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// The amounts of approved requests, by operation, with the filter that finds them.
type ApprovedAmounts = HashMap<[u8; 16], (ApprovedFilter, Vec<(ActionId, Money)>)>;

/// A held request and what the ledger knows of similar ones.
struct Asked<'a> {
    action: &'a Action,
    known: ActionFamiliarity,
    /// Its amount, and the operation whose approved amounts it is compared with.
    amount: Option<(&'a Money, OperationKey)>,
}

impl Asked<'_> {
    fn context(&self, past: ActionPast, approved: &ApprovedAmounts, since: Timestamp) -> Context {
        let action = self.action;
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
        let operation = self.known.operation;
        Context {
            first_by_agent: operation.filter(|_| !is_read).map(|it| it.is_first),
            first_to_target: self.known.is_first_to_recipients,
            approved: others(operation.map(|it| it.approved), Ruling::Approved),
            denied: others(operation.map(|it| it.denied), Ruling::Denied),
            since,
            amount: self.amount.map(|(amount, operation)| {
                let approved = approved.get(&operation.0);
                let others = approved.into_iter().flat_map(|(_, amounts)| amounts);
                let others = others.filter(|(other, _)| *other != action.id);
                // One more was read, in case the request is among them.
                let others = others.take(AMOUNTS_MAX as usize);
                AmountRange::of(amount, others.map(|(_, amount)| amount))
            }),
            repeats: past.repeats.map(Into::into),
            earlier: past.attempt.map(Into::into),
        }
    }
}

//! How an action compares with earlier requests and rulings.

use gaiterguard_domain::action::Action;
use gaiterguard_domain::id::{ActionId, DataKeyId};
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;

use crate::db::connection::{ReadConnection, fetch_all, fetch_one, fetch_optional};
use crate::db::error::StoreError;
use crate::rows::column::{RowContext, Text};
use crate::store::Store;

/// How many rulings are counted. Counting them takes a few milliseconds, and a human makes fewer in a
/// month.
const RULINGS_COUNTED_MAX: i64 = 10_000;

/// Selects what an action is compared with.
#[derive(Clone, Copy, Debug)]
pub struct FamiliarityFilter<'a> {
    /// The action.
    pub action: &'a Action,
    /// The earliest time at which the requests of counted rulings were held.
    pub since: Timestamp,
    /// How many summaries of approved requests to read.
    pub summaries_max: u32,
}

/// How an action compares with earlier requests and rulings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionFamiliarity {
    /// The requests to the same operation; `None` if the operation was not recorded.
    pub operation: Option<OperationFamiliarity>,
    /// Whether no earlier request to the same recipients was approved; `None` if the recipients were
    /// not recorded.
    pub is_first_to_recipients: Option<bool>,
    /// The summaries of approved requests to the same operation, newest first.
    pub summaries: Vec<ApprovedSummary>,
}

/// The requests to one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationFamiliarity {
    /// Whether the ledger contains no earlier request of the agent.
    pub is_first: bool,
    /// How many requests of the agent were approved.
    pub approved: u64,
    /// How many requests of the agent were denied.
    pub denied: u64,
}

/// The summary of an approved request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedSummary {
    /// The action's id.
    pub action: ActionId,
    /// The digest of its exact request.
    pub digest: Digest,
    /// The summary.
    pub summary: Sealed,
}

#[derive(sqlx::FromRow)]
struct SummaryRow {
    id: Text,
    digest: Vec<u8>,
    request_key_id: i64,
    summary: Vec<u8>,
}

impl SummaryRow {
    fn read(self) -> Result<ApprovedSummary, StoreError> {
        let context = RowContext {
            table: "actions",
            id: &self.id,
        };
        Ok(ApprovedSummary {
            action: context.action_id("id", self.id.lossy())?,
            digest: context.digest("digest", &self.digest)?,
            summary: Sealed {
                data_key: DataKeyId(self.request_key_id),
                bytes: self.summary,
            },
        })
    }
}

impl Store {
    /// Returns how an action compares with earlier requests and rulings.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn action_familiarity(
        &self,
        filter: FamiliarityFilter<'_>,
    ) -> Result<ActionFamiliarity, StoreError> {
        let mut reader = self.reader().await?;
        let keys = fetch_optional!(
            reader,
            (Option<Vec<u8>>, Option<Vec<u8>>),
            "SELECT operation, recipients FROM actions WHERE id = $1",
            filter.action.id.to_string(),
        );
        let (operation, recipients) = keys.unwrap_or_default();
        let mut found = ActionFamiliarity::default();
        if let Some(recipients) = recipients {
            let is_known = is_known_to(&mut reader, filter.action, &recipients).await?;
            found.is_first_to_recipients = Some(!is_known);
        }
        if let Some(operation) = operation {
            let agent = of_agent(&mut reader, filter, &operation).await?;
            found.operation = Some(agent);
            if filter.summaries_max > 0 {
                found.summaries = approved_summaries(&mut reader, filter, &operation).await?;
            }
        }
        Ok(found)
    }
}

// The conditions on `approved_by` and `status` below repeat those of the indexes literally: otherwise the
// databases would not use them.

/// Whether an earlier request to the same recipients was approved.
async fn is_known_to(
    reader: &mut ReadConnection,
    action: &Action,
    recipients: &[u8],
) -> Result<bool, StoreError> {
    let known = fetch_optional!(
        reader,
        (i64,),
        "SELECT created_at FROM actions
         WHERE recipients = $1 AND created_at < $2 AND approved_by IS NOT NULL LIMIT 1",
        recipients,
        action.created_at.0,
    );
    Ok(known.is_some())
}

/// Compares an action with the other requests of its agent.
async fn of_agent(
    reader: &mut ReadConnection,
    filter: FamiliarityFilter<'_>,
    operation: &[u8],
) -> Result<OperationFamiliarity, StoreError> {
    let action = filter.action;
    let earlier = fetch_optional!(
        reader,
        (i64,),
        "SELECT id FROM requests WHERE agent_id = $1 AND operation = $2 AND id < $3 LIMIT 1",
        action.agent.0,
        operation,
        action.entry.0,
    );
    let (ruled, denied) = fetch_one!(
        reader,
        (i64, i64),
        "SELECT COUNT(*), COUNT(CASE WHEN status = 'DENIED' THEN 1 END) FROM
            (SELECT status FROM actions
             WHERE operation = $1 AND agent_id = $2 AND created_at >= $3
               AND (approved_by IS NOT NULL OR status = 'DENIED')
             ORDER BY created_at DESC LIMIT $4) AS ruled",
        operation,
        action.agent.0,
        filter.since.0,
        RULINGS_COUNTED_MAX,
    );
    let count = |rows: i64| u64::try_from(rows).unwrap_or(0);
    Ok(OperationFamiliarity {
        is_first: earlier.is_none(),
        approved: count(ruled - denied),
        denied: count(denied),
    })
}

/// Returns the summaries of approved requests to an operation, newest first. Rows that cannot be read
/// are left out and logged.
async fn approved_summaries(
    reader: &mut ReadConnection,
    filter: FamiliarityFilter<'_>,
    operation: &[u8],
) -> Result<Vec<ApprovedSummary>, StoreError> {
    let rows = fetch_all!(
        reader,
        SummaryRow,
        "SELECT id, digest, request_key_id, summary FROM actions
         WHERE operation = $1 AND created_at >= $2
           AND (approved_by IS NOT NULL OR status = 'DENIED') AND status <> 'DENIED'
           AND workspace_id = $3 AND id <> $4 AND summary IS NOT NULL
         ORDER BY created_at DESC LIMIT $5",
        operation,
        filter.since.0,
        filter.action.workspace.0,
        filter.action.id.to_string(),
        i64::from(filter.summaries_max),
    );
    let summaries = rows.into_iter().filter_map(|row| {
        row.read()
            .inspect_err(|error| tracing::error!(%error, "an action is damaged"))
            .ok()
    });
    Ok(summaries.collect())
}

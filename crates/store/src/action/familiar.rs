//! How actions compare with earlier requests and rulings.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gaiterguard_database::column::{RowContext, Text};
use gaiterguard_database::connection::{ReadConnection, fetch_all, with_connection};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};
use gaiterguard_domain::action::Action;
use gaiterguard_domain::familiarity::OperationKey;
use gaiterguard_domain::id::{ActionId, DataKeyId, WorkspaceId};
use gaiterguard_domain::ledger::Sealed;
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;

use crate::store::Store;

/// How an action compares with earlier requests and rulings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionFamiliarity {
    /// The requests to the same operation; `None` if the operation was not recorded.
    pub operation: Option<OperationFamiliarity>,
    /// Whether no earlier request to the same recipients was approved; `None` if the recipients were
    /// not recorded.
    pub is_first_to_recipients: Option<bool>,
}

/// The requests to one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationFamiliarity {
    /// The operation.
    pub key: OperationKey,
    /// Whether the ledger contains no earlier request of the agent.
    pub is_first: bool,
    /// How many requests of the agent were approved.
    pub approved: u64,
    /// How many requests of the agent were denied.
    pub denied: u64,
}

/// Which approved requests to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovedFilter {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The operation that they call.
    pub operation: OperationKey,
    /// The earliest time at which they were held.
    pub since: Timestamp,
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

// The conditions on `approved_by` and `status` below repeat those of the indexes literally: otherwise the
// databases would not use them.

/// Reads of some actions which operation and recipients they have, the ledger's first request of the same
/// agent to that operation, and when the first approved request to those recipients was held.
static FIRSTS: ManyRows = ManyRows::new(
    "SELECT id, operation,
        (SELECT MIN(requests.id) FROM requests
         WHERE requests.agent_id = actions.agent_id AND requests.operation = actions.operation),
        recipients IS NOT NULL,
        (SELECT MIN(known.created_at) FROM actions AS known
         WHERE known.recipients = actions.recipients AND known.approved_by IS NOT NULL)
     FROM actions WHERE id IN (VALUES ",
    1,
    ")",
);

/// Counts the newest rulings on requests of agents to operations, and the denials among them. Each row has an
/// agent, an operation, and the earliest time at which the requests were held. Subqueries read the index in its
/// order; to join and group would sort all rulings of a list. Counting 1,000 twice takes a quarter of a
/// millisecond, and whether it was more often than that is the same to an approver.
static RULINGS: ManyRows = ManyRows::new(
    "SELECT column1, column2,
        (SELECT COUNT(*) FROM
            (SELECT status FROM actions
             WHERE operation = column2 AND agent_id = column1 AND created_at >= column3
               AND (approved_by IS NOT NULL OR status = 'DENIED')
             ORDER BY created_at DESC LIMIT 1000) AS ruled),
        (SELECT COUNT(*) FROM
            (SELECT status FROM actions
             WHERE operation = column2 AND agent_id = column1 AND created_at >= column3
               AND (approved_by IS NOT NULL OR status = 'DENIED')
             ORDER BY created_at DESC LIMIT 1000) AS ruled
         WHERE status = 'DENIED')
     FROM (VALUES ",
    3,
    ") AS asked WHERE column1 IS NOT NULL",
);

/// The number of rulings on the requests of an agent to an operation.
#[derive(Clone, Copy, Default)]
struct Rulings {
    approved: u64,
    denied: u64,
}

/// The ledger's knowledge of an action's operation and recipients.
struct Firsts {
    operation: Option<OperationKey>,
    first_entry: Option<i64>,
    has_recipients: bool,
    first_approved: Option<i64>,
}

impl Store {
    /// Returns how actions compare with earlier requests, and with rulings on requests that were held since
    /// `since`. Actions that do not exist are left out.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn action_familiarity(
        &self,
        actions: &[&Action],
        since: Timestamp,
    ) -> Result<HashMap<ActionId, ActionFamiliarity>, StoreError> {
        let mut reader = self.reader().await?;
        let firsts = firsts(&mut reader, actions).await?;
        let asked: BTreeSet<(i64, [u8; 16])> = actions
            .iter()
            .filter_map(|action| {
                let operation = firsts.get(&action.id)?.operation?;
                Some((action.agent.0, operation.0))
            })
            .collect();
        let rulings = rulings(&mut reader, asked, since).await?;
        let familiarity = actions.iter().filter_map(|action| {
            let known = firsts.get(&action.id)?;
            let is_before = |first: Option<i64>, own: i64| first.is_some_and(|first| first < own);
            let operation = known.operation.map(|key| {
                let counted = rulings.get(&(action.agent.0, key.0));
                let counted = counted.copied().unwrap_or_default();
                OperationFamiliarity {
                    key,
                    is_first: !is_before(known.first_entry, action.entry.0),
                    approved: counted.approved,
                    denied: counted.denied,
                }
            });
            let is_first_to_recipients = known
                .has_recipients
                .then(|| !is_before(known.first_approved, action.created_at.0));
            Some((
                action.id,
                ActionFamiliarity {
                    operation,
                    is_first_to_recipients,
                },
            ))
        });
        Ok(familiarity.collect())
    }

    /// Returns the summaries of up to `limit` approved requests to an operation, newest first. Rows that
    /// cannot be read are left out and logged.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn action_approved_summaries(
        &self,
        filter: ApprovedFilter,
        limit: u32,
    ) -> Result<Vec<ApprovedSummary>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            SummaryRow,
            "SELECT id, digest, request_key_id, summary FROM actions
             WHERE operation = $1 AND created_at >= $2
               AND (approved_by IS NOT NULL OR status = 'DENIED') AND status <> 'DENIED'
               AND workspace_id = $3 AND summary IS NOT NULL
             ORDER BY created_at DESC LIMIT $4",
            &filter.operation.0[..],
            filter.since.0,
            filter.workspace.0,
            i64::from(limit),
        );
        let summaries = rows.into_iter().filter_map(|row| {
            row.read()
                .inspect_err(|error| tracing::error!(%error, "an action is damaged"))
                .ok()
        });
        Ok(summaries.collect())
    }
}

async fn firsts(
    reader: &mut ReadConnection,
    actions: &[&Action],
) -> Result<HashMap<ActionId, Firsts>, StoreError> {
    type Row = (Text, Option<Vec<u8>>, Option<i64>, bool, Option<i64>);
    let ids: Vec<String> = actions.iter().map(|action| action.id.to_string()).collect();
    let mut found = HashMap::with_capacity(ids.len());
    for chunk in chunks(&ids) {
        let sql = reader.dialect().many_rows(&FIRSTS, chunk.size);
        let rows = with_connection!(reader, connection => {
            let mut query = sqlx::query_as::<_, Row>(sql);
            for id in chunk.padded() {
                query = query.bind(id.map(String::as_str));
            }
            query.fetch_all(connection).await?
        });
        for (id, operation, first_entry, has_recipients, first_approved) in rows {
            let context = RowContext {
                table: "actions",
                id: &id,
            };
            let firsts = Firsts {
                operation: operation.and_then(|key| Some(OperationKey(key.try_into().ok()?))),
                first_entry,
                has_recipients,
                first_approved,
            };
            found.insert(context.action_id("id", id.lossy())?, firsts);
        }
    }
    Ok(found)
}

async fn rulings(
    reader: &mut ReadConnection,
    asked: BTreeSet<(i64, [u8; 16])>,
    since: Timestamp,
) -> Result<BTreeMap<(i64, [u8; 16]), Rulings>, StoreError> {
    let asked: Vec<_> = asked.into_iter().collect();
    let mut found = BTreeMap::new();
    for chunk in chunks(&asked) {
        let sql = reader.dialect().many_rows(&RULINGS, chunk.size);
        let rows = with_connection!(reader, connection => {
            let mut query = sqlx::query_as::<_, (i64, Vec<u8>, i64, i64)>(sql);
            for pair in chunk.padded() {
                query = query
                    .bind(pair.map(|(agent, _)| *agent))
                    .bind(pair.map(|(_, operation)| &operation[..]))
                    .bind(pair.map(|_| since.0));
            }
            query.fetch_all(connection).await?
        });
        let count = |rows: i64| u64::try_from(rows).unwrap_or(0);
        found.extend(
            rows.into_iter()
                .filter_map(|(agent, operation, all, denied)| {
                    let rulings = Rulings {
                        approved: count(all - denied),
                        denied: count(denied),
                    };
                    Some(((agent, operation.try_into().ok()?), rulings))
                }),
        );
    }
    Ok(found)
}

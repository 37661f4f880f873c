//! How often rules matched, by day. The ledger's writer counts in the transaction of the decisions
//! that are counted, so that the two never differ.

use std::collections::{BTreeMap, HashMap};

use gaiterguard_domain::id::{RuleId, WorkspaceId};
use gaiterguard_domain::ledger::NewEntry;
use gaiterguard_domain::time::{Day, Timestamp};

use crate::connection::{execute, fetch_all, on};
use crate::error::StoreError;
use crate::lane::Write;
use crate::rows::{ManyRows, pieces};
use crate::store::Store;

/// How many decisions a rule matched, and when the last one was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleHits {
    /// How many.
    pub count: i64,
    /// When it matched last.
    pub last_at: Timestamp,
}

/// A row is of one chain, so that nobody else waits for it.
static COUNT: ManyRows = ManyRows::new(
    "INSERT INTO rule_hits (rule_id, day, chain, workspace_id, hits, last_at) \
     SELECT * FROM (VALUES ",
    6,
    ") AS new WHERE column1 IS NOT NULL ON CONFLICT (rule_id, day, chain) DO UPDATE SET \
     hits = rule_hits.hits + excluded.hits, \
     last_at = CASE WHEN excluded.last_at > rule_hits.last_at THEN excluded.last_at \
     ELSE rule_hits.last_at END",
);

/// Counts what the rules matched among new decisions: nothing is written where none did.
pub(crate) async fn count(
    write: &mut Write,
    decided: impl Iterator<Item = &NewEntry>,
) -> Result<(), StoreError> {
    let mut counted: BTreeMap<(RuleId, Day), (WorkspaceId, RuleHits)> = BTreeMap::new();
    for entry in decided {
        for rule in &entry.evaluation.matched_rules {
            let none = RuleHits {
                count: 0,
                last_at: entry.at,
            };
            let (_, hits) = counted
                .entry((rule.id, Day::of(entry.at)))
                .or_insert((entry.workspace, none));
            hits.count += 1;
            hits.last_at = hits.last_at.max(entry.at);
        }
    }
    let rows: Vec<_> = counted.into_iter().collect();
    let chain = write.chain();
    for piece in pieces(&rows) {
        let text = write.many(&COUNT, piece.size);
        on!(write, connection => {
            let mut query = sqlx::query(text);
            for row in piece.padded() {
                query = query
                    .bind(row.map(|((rule, _), _)| rule.0))
                    .bind(row.map(|((_, day), _)| day.0))
                    .bind(chain)
                    .bind(row.map(|(_, (workspace, _))| workspace.0))
                    .bind(row.map(|(_, (_, hits))| hits.count))
                    .bind(row.map(|(_, (_, hits))| hits.last_at.0));
            }
            query.execute(connection).await?;
        });
    }
    Ok(())
}

impl Store {
    /// How often the rules of a workspace matched since a day began; those that did not are left
    /// out.
    pub async fn rule_hits(
        &self,
        workspace: WorkspaceId,
        since: Day,
    ) -> Result<HashMap<RuleId, RuleHits>, StoreError> {
        let mut read = self.read().await?;
        let rows = fetch_all!(
            read,
            (i64, i64, i64),
            "SELECT rule_id, CAST(SUM(hits) AS BIGINT), MAX(last_at) FROM rule_hits
             WHERE workspace_id = $1 AND day >= $2 GROUP BY rule_id",
            workspace.0,
            since.0,
        );
        let hits = rows.into_iter().map(|(rule, count, last_at)| {
            let hits = RuleHits {
                count,
                last_at: Timestamp(last_at),
            };
            (RuleId(rule), hits)
        });
        Ok(hits.collect())
    }

    /// Forgets up to `limit` counts of days before `before`, and answers how many.
    pub async fn rule_hits_delete_before(
        &self,
        before: Day,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut write = Write::begin(self.shared(), at).await?;
        let removed = execute!(
            write,
            "DELETE FROM rule_hits WHERE (rule_id, day, chain) IN
                (SELECT rule_id, day, chain FROM rule_hits WHERE day < $1 LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        write
            .retention("retention.rule_hits_deleted", removed, at)
            .await?;
        Ok(removed)
    }
}

//! Counts how often rules match, in the transaction of the decisions that are counted, so that the
//! two never differ.

use std::collections::BTreeMap;

use gaiterguard_domain::id::{RuleId, WorkspaceId};
use gaiterguard_domain::ledger::NewEntry;
use gaiterguard_domain::time::{Day, Timestamp};

use crate::writer::transaction::Transaction;
use gaiterguard_database::connection::with_connection;
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};

/// Each writer counts in rows of its own chain, so that no other writer waits for it.
static COUNT: ManyRows = ManyRows::new(
    "INSERT INTO rule_hits (rule_id, day, chain, workspace_id, hits, last_at) \
     SELECT * FROM (VALUES ",
    6,
    ") AS new WHERE column1 IS NOT NULL ON CONFLICT (rule_id, day, chain) DO UPDATE SET \
     hits = rule_hits.hits + excluded.hits, \
     last_at = CASE WHEN excluded.last_at > rule_hits.last_at THEN excluded.last_at \
     ELSE rule_hits.last_at END",
);

/// The hits of one rule on one day.
struct Hits {
    workspace: WorkspaceId,
    count: i64,
    last_at: Timestamp,
}

/// Counts the rules that matched new decisions. Writes nothing if none did.
pub(super) async fn count_rule_hits(
    tx: &mut Transaction,
    decided: impl Iterator<Item = &NewEntry>,
) -> Result<(), StoreError> {
    let mut counted: BTreeMap<(RuleId, Day), Hits> = BTreeMap::new();
    for entry in decided {
        for rule in &entry.evaluation.matched_rules {
            let hits = counted.entry((rule.id, Day::of(entry.at))).or_insert(Hits {
                workspace: entry.workspace,
                count: 0,
                last_at: entry.at,
            });
            hits.count += 1;
            hits.last_at = hits.last_at.max(entry.at);
        }
    }
    let rows: Vec<_> = counted.into_iter().collect();
    let chain = tx.chain();
    for chunk in chunks(&rows) {
        let sql = tx.dialect().many_rows(&COUNT, chunk.size);
        with_connection!(tx, connection => {
            let mut query = sqlx::query(sql);
            for row in chunk.padded() {
                query = query
                    .bind(row.map(|((rule, _), _)| rule.0))
                    .bind(row.map(|((_, day), _)| day.0))
                    .bind(chain)
                    .bind(row.map(|(_, hits)| hits.workspace.0))
                    .bind(row.map(|(_, hits)| hits.count))
                    .bind(row.map(|(_, hits)| hits.last_at.0));
            }
            query.execute(connection).await?;
        });
    }
    Ok(())
}

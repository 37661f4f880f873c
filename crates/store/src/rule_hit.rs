//! How often rules matched, by day. The ledger writer counts in the transaction of the decisions,
//! so that the two never differ.

use std::collections::HashMap;

use gaiterguard_database::connection::{execute, fetch_all};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::event::Event;
use gaiterguard_domain::id::{RuleId, WorkspaceId};
use gaiterguard_domain::time::{Day, Timestamp};
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

/// How many requests a rule matched, and when it last did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleHits {
    /// The number of requests.
    pub count: i64,
    /// When the rule last matched.
    pub last_at: Timestamp,
}

impl Store {
    /// Returns how often the rules of a workspace matched since a day. Rules that did not match are
    /// left out.
    pub async fn rule_hits(
        &self,
        workspace: WorkspaceId,
        since: Day,
    ) -> Result<HashMap<RuleId, RuleHits>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
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

    /// Removes up to `limit` counts of days before `before`. Returns how many.
    pub async fn rule_hits_delete_before(
        &self,
        before: Day,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let removed = execute!(
            tx,
            "DELETE FROM rule_hits WHERE (rule_id, day, chain) IN
                (SELECT rule_id, day, chain FROM rule_hits WHERE day < $1 LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        tx.end_retention(Event::RetentionRuleHitsDeleted, removed, at)
            .await?;
        Ok(removed)
    }
}

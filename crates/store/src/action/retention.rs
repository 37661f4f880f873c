//! Retention of responses and request bodies of actions.

use gaiterguard_database::connection::{execute, fetch_all};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::event::Event;
use gaiterguard_domain::ledger::ByteBudget;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;

use crate::store::Store;

impl Store {
    /// Removes the responses of up to `limit` actions that ended before `before`. Returns how many.
    pub async fn action_response_drop_before(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        let dropped = execute!(
            tx,
            "UPDATE actions SET answer = NULL, answer_key_id = NULL WHERE id IN
                (SELECT id FROM actions
                 WHERE status = 'EXECUTED' AND answer IS NOT NULL AND resolved_at < $1 LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        tx.end_retention(Event::RetentionAnswersDropped, dropped, at)
            .await?;
        Ok(dropped)
    }

    /// Removes the bodies of up to `limit` ended actions of each agent, oldest first, if the
    /// requests of ended actions exceed the budget of the agent or its workspace. The heads remain.
    /// Returns how many bodies were removed.
    pub async fn action_body_drop_beyond(
        &self,
        budget: ByteBudget,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let bound = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        let mut tx = Transaction::begin(self.writers(), at).await?;
        // An agent belongs to one workspace, so `MIN` only names it for the grouped rows.
        let agents = fetch_all!(
            tx,
            (i64,),
            "SELECT agent_id FROM kept_bytes GROUP BY agent_id
             HAVING SUM(ended) > $1 OR (SUM(ended) > 0 AND MIN(workspace_id) IN
                (SELECT workspace_id FROM kept_bytes GROUP BY workspace_id HAVING SUM(ended) > $2))
             ORDER BY agent_id",
            bound(budget.agent),
            bound(budget.workspace),
        );
        let empty: &[u8] = &[];
        let mut dropped = 0;
        for (agent,) in agents {
            dropped += execute!(
                tx,
                "UPDATE actions SET request = $2 WHERE id IN
                    (SELECT id FROM actions
                     WHERE agent_id = $1 AND preview IS NOT NULL AND LENGTH(request) > 0
                       AND status IN ('DENIED', 'REVOKED', 'EXPIRED', 'EXECUTED')
                     ORDER BY resolved_at LIMIT $3)",
                agent,
                empty,
                i64::from(limit),
            );
        }
        tx.end_retention(Event::RetentionBodiesDropped, dropped, at)
            .await?;
        Ok(dropped)
    }
}

//! Queries for used idempotency keys, their recovery, and their retention. The ledger writer claims
//! and completes them.

use gaiterguard_database::connection::{execute, fetch_all, fetch_optional, lease_time};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{AgentId, RequestEntryId, WorkspaceId};
use gaiterguard_domain::ledger::Claim;
use gaiterguard_domain::request::IdempotencyKey;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::batch::existing::SELECT_CLAIM;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::claim_row::ClaimRow;
use gaiterguard_rows::covered::{EndColumns, cover_ends};
use gaiterguard_rows::outcome::RequestOutcome;

use crate::store::Store;

impl Store {
    /// Returns the claim of a key, if there is one, by the rule that the ledger writer applies.
    pub async fn claim_get(
        &self,
        agent: AgentId,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Claim>, StoreError> {
        let mut reader = self.reader().await?;
        fetch_optional!(reader, ClaimRow, SELECT_CLAIM, agent.0, key.as_str(), now.0)
            .map(TryInto::try_into)
            .transpose()
    }

    /// Marks up to `limit` claims as broken whose gateway died while their requests ran. Returns
    /// how many. `now` dates the change; whether a lease is over is measured by the database's
    /// clock.
    pub async fn claim_recover_running(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let owner = self.writers().owner();
        let mut tx = Transaction::begin(self.writers(), now).await?;
        let lease_time = lease_time(tx.any(), now).await?;
        let rows = fetch_all!(
            tx,
            (i64,),
            "UPDATE claims SET state = 'BROKEN'
             WHERE state = 'RUNNING' AND (agent_id, key) IN
                (SELECT agent_id, key FROM claims
                 WHERE state = 'RUNNING' AND owner <> $1 AND NOT EXISTS
                    (SELECT 1 FROM replicas
                     WHERE replicas.id = claims.owner AND replicas.lease_until > $2)
                 LIMIT $3)
             RETURNING entry_id",
            owner.as_str(),
            lease_time.0,
            i64::from(limit),
        );
        if rows.is_empty() {
            tx.rollback().await?;
            return Ok(0);
        }
        for (entry,) in &rows {
            let workspace = fetch_optional!(
                tx,
                (i64,),
                "UPDATE requests SET outcome = 'BROKEN', completed_at = $2
                 WHERE id = $1 AND completed_at IS NULL RETURNING workspace_id",
                *entry,
                now.0,
            );
            let mut detail = serde_json::json!({ "cause": "the gateway stopped" });
            if workspace.is_some() {
                let end = EndColumns {
                    id: *entry,
                    outcome: Some(RequestOutcome::Broken.as_str()),
                    upstream_status: None,
                    completed_at: Some(now.0),
                };
                cover_ends(&mut detail, vec![end.covered()]);
            }
            tx.audit(NewAuditEntry {
                workspace: workspace.map(|(id,)| WorkspaceId(id)),
                at: now,
                actor: Actor::Gateway,
                event: Event::RequestBroken,
                subject: Subject::RequestEntry(RequestEntryId(*entry)),
                detail,
            });
        }
        let count = rows.len() as u64;
        tx.commit().await?;
        Ok(count)
    }

    /// Removes up to `limit` claims that expired before `now`. Returns how many. A claim stays
    /// while its request runs or its action is open.
    pub async fn claim_delete_expired(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), now).await?;
        let removed = execute!(
            tx,
            "DELETE FROM claims
             WHERE expires_at <= $1 AND state <> 'RUNNING' AND (agent_id, key) IN
                (SELECT agent_id, key FROM claims
                 WHERE expires_at <= $1 AND state <> 'RUNNING' AND NOT EXISTS
                    (SELECT 1 FROM actions WHERE actions.id = claims.action_id AND actions.status
                        IN ('PENDING', 'APPROVED', 'EXECUTING', 'INDETERMINATE'))
                 LIMIT $2)",
            now.0,
            i64::from(limit),
        );
        tx.end_retention(Event::RetentionClaimsDeleted, removed, now)
            .await?;
        Ok(removed)
    }
}

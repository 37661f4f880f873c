//! Used idempotency keys as they are read, their recovery and retention. The ledger writer claims
//! and completes them.

use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::id::{AgentId, RequestEntryId};
use gaiterguard_domain::ledger::{Claim, ClaimState, StoredResponse};
use gaiterguard_domain::request::IdempotencyKey;
use gaiterguard_domain::time::Timestamp;

use crate::audit::covered::{EndColumns, cover_ends};
use crate::connection::{execute, fetch_all, fetch_optional, lease_time};
use crate::error::StoreError;
use crate::lane::Write;
use crate::overview::OverviewOutcome;
use crate::rows::{Cell, Text};
use crate::store::Store;

/// The words of the column `state`.
pub(crate) const RUNNING: &str = "RUNNING";
pub(crate) const HELD: &str = "HELD";
pub(crate) const DENIED: &str = "DENIED";
pub(crate) const ANSWERED: &str = "ANSWERED";
pub(crate) const BROKEN: &str = "BROKEN";

#[derive(sqlx::FromRow)]
pub(crate) struct ClaimRow {
    pub(crate) agent_id: i64,
    pub(crate) key: String,
    digest: Vec<u8>,
    entry_id: i64,
    state: Text,
    action_id: Option<Text>,
    answer_status: Option<i64>,
    answer_key_id: Option<i64>,
    answer: Option<Vec<u8>>,
}

impl TryFrom<ClaimRow> for Claim {
    type Error = StoreError;

    fn try_from(row: ClaimRow) -> Result<Self, StoreError> {
        let cell = Cell {
            table: "claims",
            id: &format_args!("{} of agent {}", row.key, row.agent_id),
        };
        let (digest, entry) = (cell.digest("digest", &row.digest)?, row.entry_id);
        let state = state(cell, row.state.shown(), row.action_id, || {
            cell.answer(row.answer_status, row.answer_key_id, row.answer)
        });
        Ok(Self {
            digest,
            entry: RequestEntryId(entry),
            // What became of the request is lost, so it counts as one that may have been sent.
            state: state.unwrap_or_else(|error| {
                tracing::error!(%error, "a claimed key is damaged");
                ClaimState::Broken
            }),
        })
    }
}

fn state(
    cell: Cell<'_>,
    word: &str,
    action: Option<Text>,
    answer: impl FnOnce() -> Result<Option<StoredResponse>, StoreError>,
) -> Result<ClaimState, StoreError> {
    Ok(match word {
        RUNNING => ClaimState::Running,
        DENIED => ClaimState::Denied,
        BROKEN => ClaimState::Broken,
        HELD => {
            let action = cell.some("action_id", action)?;
            ClaimState::Held(cell.action("action_id", action.shown())?)
        }
        ANSWERED => ClaimState::Responded(cell.some("answer_status", answer()?)?),
        _ => return Err(cell.wrong("state")),
    })
}

impl Store {
    /// What became of a key, if it is claimed. A claim that has expired counts until the key is
    /// claimed again or it is removed, as it does for the ledger writer while its request runs.
    pub async fn claim_get(
        &self,
        agent: AgentId,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Claim>, StoreError> {
        let mut read = self.read().await?;
        fetch_optional!(
            read,
            ClaimRow,
            "SELECT agent_id, key, digest, entry_id, state, action_id, answer_status,
                answer_key_id, answer
             FROM claims WHERE agent_id = $1 AND key = $2
               AND (expires_at > $3 OR state = 'RUNNING' OR EXISTS
                    (SELECT 1 FROM actions WHERE actions.id = claims.action_id AND actions.status
                        IN ('PENDING', 'APPROVED', 'EXECUTING', 'INDETERMINATE')))",
            agent.0,
            key.as_str(),
            now.0,
        )
        .map(TryInto::try_into)
        .transpose()
    }

    /// Marks up to `limit` claims as broken whose gateway died while their requests ran, and
    /// answers how many. `now` dates that; whose lease is over is the database's clock to say.
    pub async fn claim_recover_running(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let owner = self.shared().owner();
        let mut write = Write::begin(self.shared(), now).await?;
        let lease_time = lease_time(write.on(), now).await?;
        let rows = fetch_all!(
            write,
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
            write.rollback().await?;
            return Ok(0);
        }
        for (entry,) in &rows {
            let workspace = fetch_optional!(
                write,
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
                    outcome: Some(OverviewOutcome::Broken.as_str()),
                    upstream_status: None,
                    completed_at: Some(now.0),
                };
                cover_ends(&mut detail, vec![end.covered()]);
            }
            write.audit(NewAuditEntry {
                workspace: workspace.map(|(id,)| gaiterguard_domain::id::WorkspaceId(id)),
                at: now,
                actor: Actor::Gateway,
                event: "request.broken",
                subject: format!("request:{entry}"),
                detail,
            });
        }
        let count = rows.len() as u64;
        write.commit().await?;
        Ok(count)
    }

    /// Removes up to `limit` claims that expired before `now`, and answers how many. A claim stays
    /// while its request runs or its action lives.
    pub async fn claim_delete_expired(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut write = Write::begin(self.shared(), now).await?;
        let removed = execute!(
            write,
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
        write
            .retention("retention.claims_deleted", removed, now)
            .await?;
        Ok(removed)
    }
}

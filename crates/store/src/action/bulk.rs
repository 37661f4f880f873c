//! What happens to many actions at once: they expire, are recovered after a crash, are taken back or
//! lose their kept answers.

use gaiterguard_domain::action::HumanDecision;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::id::{ActionId, AgentId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use serde_json::json;

use crate::action::{RevisedRow, revised_columns};
use crate::audit::covered::cover_action;
use crate::connection::{execute, fetch_all, fetch_optional, lease_time};
use crate::error::StoreError;
use crate::lane::Write;
use crate::rows::Cell;
use crate::store::Store;

/// What is said of an action whose gateway stopped while its request was on its way.
const STOPPED: &str = "the gateway stopped after the request may have been sent";

impl Store {
    /// Marks up to `limit` actions whose time was over at `now`, and answers which.
    pub async fn action_expire_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ActionId>, StoreError> {
        let mut write = Write::begin(self.shared(), now).await?;
        let rows = fetch_all!(
            write,
            RevisedRow,
            concat!(
                "UPDATE actions
             SET status = 'EXPIRED', revision = revision + 1, resolved_at = expires_at,
                expires_at = NULL, approved_by = NULL, approved_at = NULL, approval_note = NULL
             WHERE status IN ('PENDING', 'APPROVED') AND expires_at <= $1 AND id IN
                (SELECT id FROM actions
                 WHERE status IN ('PENDING', 'APPROVED') AND expires_at <= $1
                 ORDER BY expires_at LIMIT $2)
             RETURNING ",
                revised_columns!()
            ),
            now.0,
            i64::from(limit),
        );
        end_in_bulk(write, rows, "action.expired", now).await
    }

    /// When the next action expires.
    pub async fn action_next_expiry(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut read = self.read().await?;
        let row = fetch_optional!(
            read,
            (i64,),
            "SELECT expires_at FROM actions WHERE status IN ('PENDING', 'APPROVED')
             ORDER BY expires_at LIMIT 1"
        );
        Ok(row.map(|(at,)| Timestamp(at)))
    }

    /// Marks up to `limit` actions as indeterminate whose gateway died while they were executed,
    /// and answers which. `now` dates that; whose lease is over is the database's clock to say.
    pub async fn action_recover_executing(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ActionId>, StoreError> {
        let owner = self.shared().owner();
        let mut write = Write::begin(self.shared(), now).await?;
        let lease_time = lease_time(write.on(), now).await?;
        let rows = fetch_all!(
            write,
            RevisedRow,
            concat!(
                "UPDATE actions
             SET status = 'INDETERMINATE', revision = revision + 1, resolved_at = $1, detail = $2,
                owner = NULL
             WHERE status = 'EXECUTING' AND id IN
                (SELECT id FROM actions
                 WHERE status = 'EXECUTING' AND owner <> $3 AND NOT EXISTS
                    (SELECT 1 FROM replicas
                     WHERE replicas.id = actions.owner AND replicas.lease_until > $4)
                 LIMIT $5)
             RETURNING ",
                revised_columns!()
            ),
            now.0,
            STOPPED,
            owner.as_str(),
            lease_time.0,
            i64::from(limit),
        );
        end_in_bulk(write, rows, "action.indeterminate", now).await
    }

    /// Drops the kept answers of up to `limit` actions that ended before `before`, and answers of
    /// how many.
    pub async fn action_answer_drop_before(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut write = Write::begin(self.shared(), at).await?;
        let dropped = execute!(
            write,
            "UPDATE actions SET answer = NULL, answer_key_id = NULL WHERE id IN
                (SELECT id FROM actions
                 WHERE status = 'EXECUTED' AND answer IS NOT NULL AND resolved_at < $1 LIMIT $2)",
            before.0,
            i64::from(limit),
        );
        write
            .retention("retention.answers_dropped", dropped, at)
            .await?;
        Ok(dropped)
    }
}

/// Takes back the waiting and approved actions of an agent, or of the whole workspace, with an
/// entry for each. Those that are being executed are noted: if they come back, they are revoked.
///
/// The caller's transaction has changed the workspace's version, so whatever comes back at the same
/// moment does so wholly before or wholly after this.
pub(crate) async fn revoke_living(
    write: &mut Write,
    workspace: WorkspaceId,
    agent: Option<AgentId>,
    word: &HumanDecision,
    cause: &NewAuditEntry,
) -> Result<(), StoreError> {
    let rows = fetch_all!(
        write,
        RevisedRow,
        concat!(
            "UPDATE actions
         SET status = 'REVOKED', revision = revision + 1, resolution = 'WITHDRAWN',
            resolved_by = $3, resolved_at = $4, resolution_note = $5, expires_at = NULL,
            approved_by = NULL, approved_at = NULL, approval_note = NULL
         WHERE workspace_id = $1 AND ($2 IS NULL OR agent_id = $2)
           AND status IN ('PENDING', 'APPROVED') AND expires_at > $4
         RETURNING ",
            revised_columns!()
        ),
        workspace.0,
        agent.map(|agent| agent.0),
        word.by.0,
        word.at.0,
        word.note.as_deref(),
    );
    execute!(
        write,
        "UPDATE actions SET recalled_by = $3, recalled_at = $4, recall_note = $5
         WHERE workspace_id = $1 AND ($2 IS NULL OR agent_id = $2) AND status = 'EXECUTING'
           AND recalled_at IS NULL",
        workspace.0,
        agent.map(|agent| agent.0),
        word.by.0,
        word.at.0,
        word.note.as_deref(),
    );
    for row in rows {
        let mut detail = json!({ "cause": cause.event });
        cover_action(&mut detail, row.covered(), None);
        write.audit(NewAuditEntry {
            workspace: Some(workspace),
            at: word.at,
            actor: cause.actor,
            event: "action.revoked",
            subject: format!("action:{}", row.id),
            detail,
        });
    }
    Ok(())
}

/// Commits what the gateway itself did to several actions, with an entry for each.
async fn end_in_bulk(
    mut write: Write,
    rows: Vec<RevisedRow>,
    event: &'static str,
    at: Timestamp,
) -> Result<Vec<ActionId>, StoreError> {
    if rows.is_empty() {
        write.rollback().await?;
        return Ok(Vec::new());
    }
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        let cell = Cell {
            table: "actions",
            id: &row.id,
        };
        ids.push(cell.action("id", &row.id)?);
        let mut detail = json!({});
        cover_action(&mut detail, row.covered(), None);
        write.audit(NewAuditEntry {
            workspace: Some(WorkspaceId(row.workspace_id)),
            at,
            actor: Actor::Gateway,
            event,
            subject: format!("action:{}", row.id),
            detail,
        });
    }
    write.commit().await?;
    Ok(ids)
}

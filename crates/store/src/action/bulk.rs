//! Changes of many actions in one statement: expiry, recovery after a crash, and revocation.

use gaiterguard_database::connection::{fetch_all, fetch_optional, lease_time};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::HumanDecision;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{ActionId, AgentId, WorkspaceId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;
use gaiterguard_rows::action_state::RevisedRow;
use gaiterguard_rows::covered::{cover_action, cover_part, covered_recall};
use gaiterguard_rows::revised_columns;
use serde_json::json;

use crate::store::Store;

/// The detail of an action whose gateway stopped while its request was in flight.
const STOPPED: &str = "the gateway stopped after the request may have been sent";

impl Store {
    /// Expires up to `limit` actions whose deadline passed before `now`. Returns their ids.
    pub async fn action_expire_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ActionId>, StoreError> {
        let mut tx = Transaction::begin(self.writers(), now).await?;
        let rows = fetch_all!(
            tx,
            RevisedRow,
            concat!(
                "UPDATE actions
             SET status = 'EXPIRED', revision = revision + 1, resolved_at = expires_at,
                expires_at = NULL, approved_by = NULL, approved_at = NULL, approval_note = NULL,
                releases_at = NULL
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
        end_in_bulk(tx, rows, Event::ActionExpired, now).await
    }

    /// Returns when the next action expires.
    pub async fn action_next_expiry(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            (i64,),
            "SELECT expires_at FROM actions WHERE status IN ('PENDING', 'APPROVED')
             ORDER BY expires_at LIMIT 1"
        );
        Ok(row.map(|(at,)| Timestamp(at)))
    }

    /// Marks up to `limit` actions as indeterminate whose gateway died while it executed them.
    /// Returns their ids. `now` dates the change; whether a lease is over is measured by the
    /// database's clock.
    pub async fn action_recover_executing(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ActionId>, StoreError> {
        let owner = self.writers().owner();
        let mut tx = Transaction::begin(self.writers(), now).await?;
        let lease_time = lease_time(tx.any(), now).await?;
        let rows = fetch_all!(
            tx,
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
        end_in_bulk(tx, rows, Event::ActionIndeterminate, now).await
    }
}

/// Revokes the pending and approved actions of an agent, or of the whole workspace, with an audit
/// entry for each. Actions that are being executed are marked as recalled: if nothing was sent,
/// they become revoked rather than approved again.
///
/// The caller's transaction has incremented the workspace's version. An execution that ends at the
/// same moment locks that version too, so it ends either entirely before or entirely after this.
pub(crate) async fn revoke_open(
    tx: &mut Transaction,
    workspace: WorkspaceId,
    agent: Option<AgentId>,
    decision: &HumanDecision,
    cause: &NewAuditEntry,
) -> Result<(), StoreError> {
    let rows = fetch_all!(
        tx,
        RevisedRow,
        concat!(
            "UPDATE actions
         SET status = 'REVOKED', revision = revision + 1, resolution = 'WITHDRAWN',
            resolved_by = $3, resolved_at = $4, resolution_note = $5, expires_at = NULL,
            approved_by = NULL, approved_at = NULL, approval_note = NULL, releases_at = NULL
         WHERE workspace_id = $1 AND ($2 IS NULL OR agent_id = $2)
           AND status IN ('PENDING', 'APPROVED') AND expires_at > $4
         RETURNING ",
            revised_columns!()
        ),
        workspace.0,
        agent.map(|agent| agent.0),
        decision.by.0,
        decision.at.0,
        decision.note.as_deref(),
    );
    let recalled = fetch_all!(
        tx,
        (String,),
        "UPDATE actions SET recalled_by = $3, recalled_at = $4, recall_note = $5
         WHERE workspace_id = $1 AND ($2 IS NULL OR agent_id = $2) AND status = 'EXECUTING'
           AND recalled_at IS NULL RETURNING id",
        workspace.0,
        agent.map(|agent| agent.0),
        decision.by.0,
        decision.at.0,
        decision.note.as_deref(),
    );
    let entry = |event, subject, detail| NewAuditEntry {
        workspace: Some(workspace),
        at: decision.at,
        actor: cause.actor,
        event,
        subject,
        detail,
    };
    let cause = cause.event.as_str();
    for row in rows {
        let mut detail = json!({ "cause": cause, "status": row.status() });
        cover_action(&mut detail, row.covered(), None);
        let subject = subject(&row.id, workspace);
        tx.audit(entry(Event::ActionRevoked, subject, detail));
    }
    for (id,) in recalled {
        let note = decision.note.as_deref();
        let mut detail = json!({ "cause": cause });
        let part = covered_recall(&id, Some(decision.by.0), Some(decision.at.0), note);
        cover_part(&mut detail, &part);
        let subject = subject(&id, workspace);
        tx.audit(entry(Event::ActionRecalled, subject, detail));
    }
    Ok(())
}

/// Commits a change that the gateway itself made to several actions, with an audit entry for each.
/// Returns the ids that can be read.
async fn end_in_bulk(
    mut tx: Transaction,
    rows: Vec<RevisedRow>,
    event: Event,
    at: Timestamp,
) -> Result<Vec<ActionId>, StoreError> {
    if rows.is_empty() {
        tx.rollback().await?;
        return Ok(Vec::new());
    }
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        ids.extend(row.id.parse::<ActionId>().ok());
        let mut detail = json!({ "status": row.status() });
        cover_action(&mut detail, row.covered(), None);
        tx.audit(NewAuditEntry {
            workspace: Some(WorkspaceId(row.workspace_id)),
            at,
            actor: Actor::Gateway,
            event,
            subject: subject(&row.id, WorkspaceId(row.workspace_id)),
            detail,
        });
    }
    tx.commit().await?;
    Ok(ids)
}

/// Returns the subject of an action's audit entry. A damaged id must not keep the other actions
/// from being changed.
fn subject(id: &str, workspace: WorkspaceId) -> Subject {
    id.parse()
        .map_or(Subject::Workspace(workspace), Subject::Action)
}

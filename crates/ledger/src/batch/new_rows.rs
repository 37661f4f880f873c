//! The rows that new decisions become.

use std::collections::BTreeMap;

use gaiterguard_database::column::json;
use gaiterguard_database::connection::with_connection;
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};
use gaiterguard_domain::action::ActionState;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{AgentId, RequestEntryId, WorkspaceId};
use gaiterguard_domain::ledger::{NewClaim, NewDecision, NewHold};
use gaiterguard_domain::verdict::Decision;
use gaiterguard_rows::action_state::StateColumns;
use gaiterguard_rows::claim_row::{DENIED, HELD, RUNNING};
use gaiterguard_rows::covered::{
    ActionColumns, CoveredAction, CustodyColumns, KeyColumns, RequestColumns, RequestEnd,
    cover_decision, reads_detail,
};

use crate::batch::existing::{Key, key};
use crate::batch::state::Index;
use crate::writer::transaction::Transaction;

/// A decision that becomes a row of the request ledger.
pub(super) struct NewRow<'b> {
    pub index: Index,
    pub id: RequestEntryId,
    pub decision: &'b NewDecision,
    /// How and when its request ended, if it has already.
    pub end: Option<RequestEnd>,
    /// Its evaluation as the column `judgement` stores it.
    pub judgement: String,
    /// Whether the request is a read, which may share its audit entry.
    pub is_read: bool,
}

/// A key that a new row claims.
pub(super) struct NewClaimRow<'b> {
    pub key: Key<'b>,
    pub id: RequestEntryId,
    pub decision: &'b NewDecision,
    pub claim: &'b NewClaim,
}

impl NewClaimRow<'_> {
    /// Returns the state of the claim.
    pub(super) fn state(&self) -> &'static str {
        match self.decision.entry.evaluation.decision {
            Decision::Forward => RUNNING,
            Decision::Hold => HELD,
            Decision::Deny => DENIED,
        }
    }
}

/// Adds the audit entries of new rows. The reads of one agent share an entry; every other decision has one
/// of its own.
pub(super) fn audit_rows(tx: &mut Transaction, new: &[NewRow<'_>]) {
    let mut reads: BTreeMap<(WorkspaceId, AgentId), Vec<&NewRow<'_>>> = BTreeMap::new();
    for row in new {
        if row.is_read {
            let entry = &row.decision.entry;
            let agent = (entry.workspace, entry.agent);
            reads.entry(agent).or_default().push(row);
        } else {
            tx.audit(row.audit());
        }
    }
    for (_, reads) in reads {
        match reads.as_slice() {
            [read] => tx.audit(read.audit()),
            several => {
                if let Some(entry) = shared_audit(several) {
                    tx.audit(entry);
                }
            }
        }
    }
}

/// Returns the entry that several reads of one agent share. It is dated by the earliest, because retention may
/// remove that one's row before the others.
fn shared_audit(reads: &[&NewRow<'_>]) -> Option<NewAuditEntry> {
    let entries = reads.iter().map(|read| &read.decision.entry);
    let earliest = entries.min_by_key(|entry| entry.at)?;
    let request_ids: Vec<String> = reads
        .iter()
        .map(|read| read.decision.entry.request_id.to_string())
        .collect();
    let covered = reads
        .iter()
        .zip(&request_ids)
        .map(|(read, request_id)| {
            let columns = read.columns(request_id, None);
            columns.covered_as_read(read.end.map(|end| end.columns(read.id)))
        })
        .collect();
    Some(NewAuditEntry {
        workspace: Some(earliest.workspace),
        at: earliest.at,
        actor: Actor::Agent(earliest.agent),
        event: Event::RequestForwarded,
        subject: Subject::Agent(earliest.agent),
        detail: reads_detail(&request_ids, covered),
    })
}

impl<'b> NewRow<'b> {
    /// Returns the key that the row claims.
    pub(super) fn claim(&self) -> Option<NewClaimRow<'b>> {
        Some(NewClaimRow {
            key: key(self.decision)?,
            id: self.id,
            decision: self.decision,
            claim: self.decision.claim.as_ref()?,
        })
    }
}

impl NewRow<'_> {
    fn columns<'r>(
        &'r self,
        request_id: &'r str,
        action_id: Option<&'r str>,
    ) -> RequestColumns<'r> {
        let entry = &self.decision.entry;
        RequestColumns {
            id: self.id.0,
            request_id,
            workspace: entry.workspace.0,
            agent: entry.agent.0,
            service: entry.service.0,
            method: &entry.method,
            target_url: &entry.target_url,
            intent: &entry.intent,
            label: entry.label.as_deref(),
            decision: entry.evaluation.decision.as_str(),
            judgement: &self.judgement,
            action_id,
            created_at: entry.at.0,
        }
    }

    /// Returns the audit entry of the decision, which covers the rows that it becomes.
    pub(super) fn audit(&self) -> NewAuditEntry {
        let NewDecision { entry, hold, .. } = self.decision;
        let action_id = action_id(self.decision);
        let request_id = entry.request_id.to_string();
        let request = self.columns(&request_id, action_id.as_deref());
        let action = hold.as_ref().zip(action_id.as_deref());
        let action = action.map(|(hold, id)| {
            let columns = ActionColumns {
                id,
                workspace: entry.workspace.0,
                agent: entry.agent.0,
                service: entry.service.0,
                entry: self.id.0,
                method: &entry.method,
                target_url: &entry.target_url,
                digest: &hold.digest.0,
                intent: &entry.intent,
                judgement: &self.judgement,
                binding: &json(&hold.binding),
                created_at: entry.at.0,
            };
            let pending = ActionState::Pending {
                expires_at: hold.expires_at,
            };
            let keys = KeyColumns {
                id,
                operation: Some(hold.operation.0.as_slice()),
                recipients: hold.recipients.as_ref().map(|key| key.0.as_slice()),
                payload: Some(hold.payload.0.as_slice()),
                body_bytes: body_bytes(hold),
            };
            let custody = CustodyColumns::default();
            CoveredAction {
                row: Some(columns.row()),
                keys: Some(keys.digest()),
                ..StateColumns::of(&pending).covered(id, FIRST_REVISION, None, custody)
            }
        });
        let mut audit = self.decision.audit();
        cover_decision(
            &mut audit.detail,
            &entry.evaluation,
            request.covered(),
            action,
            self.end.map(|end| end.covered(self.id)),
        );
        audit
    }
}

/// The revision of a new action.
const FIRST_REVISION: i64 = 1;

static ACTION: ManyRows = ManyRows::new(
    "INSERT INTO actions (id, revision, workspace_id, agent_id, service_id, entry_id, status, \
     expires_at, method, target_url, digest, intent, judgement, binding, created_at, \
     request_key_id, request, preview, body_bytes, provenance, summary, operation, recipients, payload) \
     SELECT * FROM (VALUES ",
    24,
    ") AS new WHERE column1 IS NOT NULL",
);

/// Returns the column `body_bytes`: the length of the body, if only a preview of it is kept readily.
fn body_bytes(hold: &NewHold) -> Option<i64> {
    let preview = hold.preview.as_ref()?;
    i64::try_from(preview.body_bytes).ok()
}

pub(super) fn action_id(decision: &NewDecision) -> Option<String> {
    Some(decision.hold.as_ref()?.action.to_string())
}

pub(super) async fn insert_actions(
    tx: &mut Transaction,
    new: &[NewRow<'_>],
) -> Result<(), StoreError> {
    let actions: Vec<_> = new
        .iter()
        .filter_map(|row| Some((row, &row.decision.entry, row.decision.hold.as_ref()?)))
        .collect();
    for chunk in chunks(&actions) {
        let sql = tx.dialect().many_rows(&ACTION, chunk.size);
        with_connection!(tx, connection => {
            let mut query = sqlx::query(sql);
            for row in chunk.padded() {
                let entry = row.map(|(_, entry, _)| *entry);
                let hold = row.map(|(_, _, hold)| *hold);
                let preview = hold.and_then(|new| new.preview.as_ref());
                let recipients = hold.and_then(|new| new.recipients.as_ref());
                query = query
                    .bind(hold.map(|new| new.action.to_string()))
                    .bind(FIRST_REVISION)
                    .bind(entry.map(|new| new.workspace.0))
                    .bind(entry.map(|new| new.agent.0))
                    .bind(entry.map(|new| new.service.0))
                    .bind(row.map(|(new, ..)| new.id.0))
                    .bind("PENDING")
                    .bind(hold.map(|new| new.expires_at.0))
                    .bind(entry.map(|new| new.method.as_str()))
                    .bind(entry.map(|new| new.target_url.as_str()))
                    .bind(hold.map(|new| new.digest.0.as_slice()))
                    .bind(entry.map(|new| new.intent.as_str()))
                    .bind(row.map(|(new, ..)| new.judgement.as_str()))
                    .bind(hold.map(|new| json(&new.binding)))
                    .bind(entry.map(|new| new.at.0))
                    .bind(hold.map(|new| new.request.data_key.0))
                    .bind(hold.map(|new| new.request.bytes.as_slice()))
                    .bind(preview.map(|new| new.sealed.as_slice()))
                    .bind(hold.and_then(body_bytes))
                    .bind(hold.and_then(|new| new.provenance.as_deref()))
                    .bind(hold.map(|new| new.summary.as_slice()))
                    .bind(hold.map(|new| new.operation.0.as_slice()))
                    .bind(recipients.map(|key| key.0.as_slice()))
                    .bind(hold.map(|new| new.payload.0.as_slice()));
            }
            query.execute(connection).await?;
        });
    }
    Ok(())
}

//! The rows that new decisions become.

use gaiterguard_domain::action::ActionState;
use gaiterguard_domain::audit::NewAuditEntry;
use gaiterguard_domain::id::RequestEntryId;
use gaiterguard_domain::ledger::NewDecision;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::Decision;

use crate::action::StateColumns;
use crate::audit::covered::{
    ActionColumns, CoveredAction, CoveredEnd, EndColumns, RequestColumns, cover_decision,
};
use crate::claim;
use crate::connection::on;
use crate::error::StoreError;
use crate::lane::Write;
use crate::overview::OverviewOutcome;
use crate::rows::{ManyRows, json, pieces};

/// A place in a batch.
pub(super) type Place = usize;

/// A decision that becomes a row of the ledger.
pub(super) struct New<'b> {
    pub(super) place: Place,
    pub(super) id: RequestEntryId,
    pub(super) decision: &'b NewDecision,
    /// How and when its request has ended already.
    pub(super) end: Option<End>,
    /// Its judgement as it is kept.
    pub(super) judgement: String,
}

impl New<'_> {
    /// Returns the audit entry of its decision, which covers the rows that it becomes.
    pub(super) fn audit(&self) -> NewAuditEntry {
        let NewDecision { entry, hold, .. } = self.decision;
        let action_id = action_id(self.decision);
        let request = RequestColumns {
            id: self.id.0,
            request_id: &entry.request_id.to_string(),
            workspace: entry.workspace.0,
            agent: entry.agent.0,
            service: entry.service.0,
            method: &entry.method,
            target_url: &entry.target_url,
            intent: &entry.intent,
            decision: entry.evaluation.decision.as_str(),
            judgement: &self.judgement,
            action_id: action_id.as_deref(),
            created_at: entry.at.0,
        };
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
            CoveredAction {
                row: Some(columns.row()),
                ..StateColumns::of(&pending).covered(id, FIRST_REVISION, None)
            }
        });
        let mut audit = self.decision.audit.clone();
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

/// The revision of an action that nothing has changed yet.
const FIRST_REVISION: i64 = 1;

/// How a request ended, as columns.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) outcome: Option<OverviewOutcome>,
    pub(super) status: Option<u16>,
    pub(super) at: Timestamp,
}

impl End {
    /// What an audit entry covers of it, for the request with this id.
    pub(super) fn covered(self, id: RequestEntryId) -> CoveredEnd {
        let columns = EndColumns {
            id: id.0,
            outcome: self.outcome.map(OverviewOutcome::as_str),
            upstream_status: self.status.map(i64::from),
            completed_at: Some(self.at.0),
        };
        columns.covered()
    }
}

/// Claims keys; a claim that has expired is replaced, unless its request still runs or its action
/// lives.
pub(super) static CLAIM: ManyRows = ManyRows::new(
    "INSERT INTO claims (agent_id, key, digest, entry_id, owner, state, action_id, created_at, \
     expires_at) SELECT * FROM (VALUES ",
    9,
    ") AS new WHERE column1 IS NOT NULL ON CONFLICT (agent_id, key) DO UPDATE SET digest = excluded.digest, \
     entry_id = excluded.entry_id, owner = excluded.owner, state = excluded.state, \
     action_id = excluded.action_id, created_at = excluded.created_at, \
     expires_at = excluded.expires_at, answer_status = NULL, answer_key_id = NULL, answer = NULL \
     WHERE claims.expires_at <= excluded.created_at AND claims.state <> 'RUNNING' \
     AND NOT EXISTS (SELECT 1 FROM actions WHERE actions.id = claims.action_id \
     AND actions.status IN ('PENDING', 'APPROVED', 'EXECUTING', 'INDETERMINATE')) \
     RETURNING entry_id",
);

static REQUEST: ManyRows = ManyRows::new(
    "INSERT INTO requests (id, request_id, workspace_id, agent_id, service_id, method, target_url, \
     intent, decision, judgement, action_id, created_at, outcome, upstream_status, completed_at) \
     SELECT * FROM (VALUES ",
    15,
    ") AS new WHERE column1 IS NOT NULL",
);

static ACTION: ManyRows = ManyRows::new(
    "INSERT INTO actions (id, revision, workspace_id, agent_id, service_id, entry_id, status, \
     expires_at, method, target_url, digest, intent, judgement, binding, created_at, \
     request_key_id, request, preview, body_bytes, provenance) SELECT * FROM (VALUES ",
    20,
    ") AS new WHERE column1 IS NOT NULL",
);

pub(super) fn claim_state(decision: &NewDecision) -> &'static str {
    match decision.entry.evaluation.decision {
        Decision::Forward => claim::RUNNING,
        Decision::Hold => claim::HELD,
        Decision::Deny => claim::DENIED,
    }
}

pub(super) fn action_id(decision: &NewDecision) -> Option<String> {
    Some(decision.hold.as_ref()?.action.to_string())
}

pub(super) async fn insert_requests(write: &mut Write, new: &[New<'_>]) -> Result<(), StoreError> {
    for piece in pieces(new) {
        let text = write.many(&REQUEST, piece.size);
        on!(write, connection => {
            let mut query = sqlx::query(text);
            for row in piece.padded() {
                let decision = row.map(|new| new.decision);
                let entry = decision.map(|decision| &decision.entry);
                let end = row.and_then(|new| new.end);
                query = query
                    .bind(row.map(|new| new.id.0))
                    .bind(entry.map(|new| new.request_id.to_string()))
                    .bind(entry.map(|new| new.workspace.0))
                    .bind(entry.map(|new| new.agent.0))
                    .bind(entry.map(|new| new.service.0))
                    .bind(entry.map(|new| new.method.as_str()))
                    .bind(entry.map(|new| new.target_url.as_str()))
                    .bind(entry.map(|new| new.intent.as_str()))
                    .bind(entry.map(|new| new.evaluation.decision.as_str()))
                    .bind(row.map(|new| new.judgement.as_str()))
                    .bind(decision.and_then(action_id))
                    .bind(entry.map(|new| new.at.0))
                    .bind(end.and_then(|end| end.outcome).map(OverviewOutcome::as_str))
                    .bind(end.and_then(|end| end.status).map(i64::from))
                    .bind(end.map(|end| end.at.0));
            }
            query.execute(connection).await?;
        });
    }
    Ok(())
}

pub(super) async fn insert_actions(write: &mut Write, new: &[New<'_>]) -> Result<(), StoreError> {
    let waiting: Vec<_> = new
        .iter()
        .filter_map(|row| Some((row, &row.decision.entry, row.decision.hold.as_ref()?)))
        .collect();
    for piece in pieces(&waiting) {
        let text = write.many(&ACTION, piece.size);
        on!(write, connection => {
            let mut query = sqlx::query(text);
            for row in piece.padded() {
                let entry = row.map(|(_, entry, _)| *entry);
                let hold = row.map(|(_, _, hold)| *hold);
                let preview = hold.and_then(|new| new.preview.as_ref());
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
                    .bind(preview.and_then(|new| i64::try_from(new.body_bytes).ok()))
                    .bind(hold.and_then(|new| new.provenance.as_deref()));
            }
            query.execute(connection).await?;
        });
    }
    Ok(())
}

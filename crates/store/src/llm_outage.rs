//! The outages of the language model, which the audit log of every workspace records once.

use gaiterguard_database::connection::{fetch_all, fetch_optional};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_ledger::writer::transaction::Transaction;
use serde_json::Value;

use crate::store::Store;

/// Selects the newest entry of a workspace that says whether the language model responds. The last condition is from
/// the index `audit_by_event`: otherwise the databases would not use it.
const NEWEST: &str = "SELECT event, at FROM audit
     WHERE workspace_id = $1 AND event IN ('llm.failing', 'llm.recovered')
       AND event NOT IN ('request.forwarded', 'request.ended')
     ORDER BY at DESC, id DESC LIMIT 1";

impl Store {
    /// Records in every workspace that the language model fails, or responds again. A workspace in which another
    /// replica has recorded that already gets no second entry, and one without an outage gets no recovery.
    pub async fn llm_outage_record(
        &self,
        is_failing: bool,
        detail: &Value,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let event = if is_failing {
            Event::LlmFailing
        } else {
            Event::LlmRecovered
        };
        let mut tx = Transaction::begin(self.writers(), at).await?;
        // The lock makes replicas that notice the same outage wait for one another.
        let lock = tx.dialect().sql(
            "SELECT id FROM workspaces ORDER BY id",
            "SELECT id FROM workspaces ORDER BY id FOR NO KEY UPDATE",
        );
        let workspaces = fetch_all!(tx, (i64,), lock);
        for (workspace,) in workspaces {
            let newest = fetch_optional!(tx, (String, i64), NEWEST, workspace);
            let was_failing = newest.is_some_and(|(event, _)| event == Event::LlmFailing.as_str());
            if was_failing != is_failing {
                tx.audit(NewAuditEntry {
                    workspace: Some(WorkspaceId(workspace)),
                    at,
                    actor: Actor::Gateway,
                    event,
                    subject: Subject::Gateway,
                    detail: detail.clone(),
                });
            }
        }
        tx.commit().await
    }

    /// Returns since when the language model fails; `None` if it does not.
    pub async fn llm_failing_since(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut reader = self.reader().await?;
        let newest = fetch_optional!(reader, (String, i64), NEWEST, workspace.0);
        let failing = newest.filter(|(event, _)| event == Event::LlmFailing.as_str());
        Ok(failing.map(|(_, at)| Timestamp(at)))
    }
}

//! Queries for the request ledger, and its retention. The ledger writer fills it.

use gaiterguard_database::column::{RowContext, Text, time};
use gaiterguard_database::connection::{execute, fetch_all, fetch_optional};
use gaiterguard_database::cursor::{NumberPosition, Page, page};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::id::{
    AgentId, DataKeyId, RequestEntryId, RequestId, ServiceId, UserId, WorkspaceId,
};
use gaiterguard_domain::ledger::{
    Decided, NewEntry, RequestEntry, RequestFilter, Sealed, SealedSummary,
};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::verdict::{Decision, Evaluation, Verdict};
use gaiterguard_ledger::writer::transaction::Transaction;
use serde_json::json;

use crate::store::Store;

#[derive(sqlx::FromRow)]
struct RequestRow {
    id: i64,
    request_id: Text,
    workspace_id: i64,
    agent_id: i64,
    service_id: i64,
    method: Text,
    target_url: Text,
    intent: Text,
    label: Option<Text>,
    decision: Text,
    judgement: Text,
    action_id: Option<Text>,
    created_at: i64,
    upstream_status: Option<i64>,
    completed_at: Option<i64>,
    action_status: Option<Text>,
    ruled_by: Option<i64>,
    ruled_at: Option<i64>,
    resolved_by: Option<i64>,
    resolved_at: Option<i64>,
    request_key_id: Option<i64>,
    digest: Option<Vec<u8>>,
    summary: Option<Vec<u8>>,
}

/// The columns of [`RequestRow`].
macro_rules! select_request {
    ($rest:literal) => {
        concat!(
            "SELECT requests.*, actions.status AS action_status, ruled_by, ruled_at, ",
            "resolved_by, resolved_at, request_key_id, digest, summary ",
            "FROM requests LEFT JOIN actions ON actions.entry_id = requests.id ",
            $rest
        )
    };
}

impl RequestRow {
    fn read(&self) -> Result<RequestEntry, StoreError> {
        let context = RowContext {
            table: "requests",
            id: &self.id,
        };
        let text = |column, text: &Text| context.text(column, text).map(str::to_owned);
        let action = self.action_id.as_ref();
        let status = self.action_status.as_ref();
        Ok(RequestEntry {
            id: RequestEntryId(self.id),
            is_damaged: false,
            upstream_status: self
                .upstream_status
                .map(|status| context.u16("upstream_status", status))
                .transpose()?,
            action: action
                .map(|action| context.action_id("action_id", action.lossy()))
                .transpose()?,
            action_status: status
                .map(|word| {
                    ActionStatus::parse(word.lossy())
                        .ok_or_else(|| StoreError::inconsistent("actions", "status", self.id))
                })
                .transpose()?,
            decided: self.decided(),
            summary: self.summary()?,
            completed_at: time(self.completed_at),
            new: NewEntry {
                request_id: context.request_id("request_id", self.request_id.lossy())?,
                workspace: WorkspaceId(self.workspace_id),
                agent: AgentId(self.agent_id),
                service: ServiceId(self.service_id),
                evaluation: context
                    .json("judgement", context.text("judgement", &self.judgement)?)?,
                method: text("method", &self.method)?,
                target_url: text("target_url", &self.target_url)?,
                intent: text("intent", &self.intent)?,
                label: self
                    .label
                    .as_ref()
                    .map(|label| text("label", label))
                    .transpose()?,
                at: Timestamp(self.created_at),
            },
        })
    }

    /// Returns who ruled on the action, or else who ended it before a ruling.
    fn decided(&self) -> Option<Decided> {
        let (by, at) = match self.ruled_by {
            Some(by) => (by, self.ruled_at?),
            None => (self.resolved_by?, self.resolved_at?),
        };
        Some(Decided {
            by: UserId(by),
            at: Timestamp(at),
        })
    }

    fn summary(&self) -> Result<Option<SealedSummary>, StoreError> {
        let context = RowContext {
            table: "actions",
            id: &self.action_id.as_ref().map_or("", Text::lossy),
        };
        let (Some(bytes), Some(data_key), Some(digest)) =
            (&self.summary, self.request_key_id, &self.digest)
        else {
            return Ok(None);
        };
        Ok(Some(SealedSummary {
            sealed: Sealed {
                data_key: DataKeyId(data_key),
                bytes: bytes.clone(),
            },
            digest: context.digest("digest", digest)?,
        }))
    }

    /// Returns the entry, or what can be read of it: a damaged row must not hide the others.
    fn entry(&self) -> RequestEntry {
        self.read().unwrap_or_else(|error| {
            tracing::error!(%error, "an entry of the request ledger is damaged");
            self.damaged()
        })
    }

    fn damaged(&self) -> RequestEntry {
        let parsed = |text: &Option<Text>| text.as_ref()?.lossy().parse().ok();
        let request_id = self.request_id.lossy().parse().unwrap_or_default();
        RequestEntry {
            id: RequestEntryId(self.id),
            is_damaged: true,
            upstream_status: self
                .upstream_status
                .and_then(|status| status.try_into().ok()),
            action: parsed(&self.action_id),
            action_status: self
                .action_status
                .as_ref()
                .and_then(|word| ActionStatus::parse(word.lossy())),
            decided: self.decided(),
            summary: self.summary().ok().flatten(),
            completed_at: time(self.completed_at),
            new: NewEntry {
                request_id: RequestId(request_id),
                workspace: WorkspaceId(self.workspace_id),
                agent: AgentId(self.agent_id),
                service: ServiceId(self.service_id),
                evaluation: Evaluation {
                    decision: Decision::parse(self.decision.lossy()).unwrap_or(Decision::Hold),
                    verdict: Verdict {
                        score: 1.0,
                        explanation: "This entry is damaged and cannot be read.".to_owned(),
                        signals: Vec::new(),
                    },
                    matched_rules: Vec::new(),
                    operation: None,
                    approvals: None,
                },
                method: self.method.lossy().to_owned(),
                target_url: self.target_url.lossy().to_owned(),
                intent: self.intent.lossy().to_owned(),
                label: self.label.as_ref().map(|label| label.lossy().to_owned()),
                at: Timestamp(self.created_at),
            },
        }
    }
}

impl Store {
    /// Lists the request ledger of a workspace, newest first.
    pub async fn request_list(
        &self,
        workspace: WorkspaceId,
        filter: &RequestFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<RequestEntry>, StoreError> {
        let from = NumberPosition::of(cursor)?;
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
            RequestRow,
            select_request!(
                "WHERE requests.workspace_id = $1
                   AND ($2 IS NULL OR requests.agent_id = $2)
                   AND ($3 IS NULL OR requests.service_id = $3)
                   AND ($4 IS NULL OR requests.decision = $4)
                   AND ($5 IS NULL OR actions.status = $5)
                   AND ($6 IS NULL OR LOWER(requests.target_url) LIKE LOWER($6) ESCAPE '!'
                        OR LOWER(requests.intent) LIKE LOWER($6) ESCAPE '!')
                   AND (requests.created_at, requests.id) < ($7, $8)
                 ORDER BY requests.created_at DESC, requests.id DESC LIMIT $9"
            ),
            workspace.0,
            filter.agent.map(|agent| agent.0),
            filter.service.map(|service| service.0),
            filter.decision.map(Decision::as_str),
            filter.action_status.map(ActionStatus::as_str),
            filter.text.as_deref().map(containing),
            from.at,
            from.id,
            i64::from(limit) + 1,
        );
        let items: Vec<RequestEntry> = rows.iter().map(RequestRow::entry).collect();
        Ok(page(items, limit, |item| NumberPosition {
            at: item.new.at.0,
            id: item.id.0,
        }))
    }

    /// Returns an entry of a workspace's request ledger.
    pub async fn request_get(
        &self,
        workspace: WorkspaceId,
        entry: RequestEntryId,
    ) -> Result<Option<RequestEntry>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            RequestRow,
            select_request!("WHERE requests.id = $2 AND requests.workspace_id = $1"),
            workspace.0,
            entry.0,
        );
        Ok(row.map(|row| row.entry()))
    }

    /// Removes up to `limit` entries from before `before`, with their actions. Returns how many. An
    /// entry stays while its action is open or its key is claimed.
    pub async fn request_delete_before(
        &self,
        before: Timestamp,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = Transaction::begin(self.writers(), at).await?;
        // The index of each workspace's requests by age leads to the old ones; an index by age alone would cost
        // every request. The claims, which are as old as their entries, are read once: no index leads to the claim
        // of an entry, so a subquery for each entry would read all of them each time.
        let ids = fetch_all!(
            tx,
            (i64,),
            "DELETE FROM requests WHERE id IN
                (SELECT id FROM requests
                 WHERE workspace_id IN (SELECT id FROM workspaces) AND created_at < $1
                   AND NOT EXISTS (SELECT 1 FROM actions
                        WHERE actions.entry_id = requests.id AND actions.status IN
                            ('PENDING', 'APPROVED', 'EXECUTING', 'INDETERMINATE'))
                   AND id NOT IN (SELECT entry_id FROM claims WHERE created_at < $1)
                 LIMIT $2)
             RETURNING id",
            before.0,
            i64::from(limit),
        );
        for (id,) in &ids {
            execute!(tx, "DELETE FROM actions WHERE entry_id = $1", *id);
        }
        let removed = ids.len() as u64;
        if removed == 0 {
            tx.rollback().await?;
            return Ok(0);
        }
        // Verification of the audit log accepts missing rows from before this time, and no others.
        let detail = json!({ "rows": removed, "before": before, "before_ms": before.0 });
        tx.audit(NewAuditEntry {
            workspace: None,
            at,
            actor: Actor::Gateway,
            event: Event::RetentionRequestsDeleted,
            subject: Subject::Gateway,
            detail,
        });
        tx.commit().await?;
        Ok(removed)
    }
}

/// Returns the LIKE pattern for texts that contain `text`, in which its wildcards are literal.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn wildcards_in_a_search_are_literal() {
        assert_eq!(containing("50% Of_all!"), "%50!% Of!_all!!%");
    }
}

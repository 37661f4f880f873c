//! Actions on which a human ruled.

use gaiterguard_database::column::{RowContext, Text};
use gaiterguard_database::connection::fetch_all;
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::{HumanDecision, Ruling};
use gaiterguard_domain::id::{ActionId, AgentId, ServiceId, WorkspaceId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::action_state::StateRow;

use crate::store::Store;

/// An action on which a human ruled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuledAction {
    /// The action's id.
    pub action: ActionId,
    /// How the human ruled.
    pub ruling: Ruling,
    /// Who ruled, when, and what they wrote to the agent.
    pub decision: HumanDecision,
    /// The URL of its request, with agent keys masked.
    pub target_url: String,
    /// The digest of its exact request.
    pub digest: Digest,
}

/// Which rulings to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RulingFilter<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The agent that sent the request.
    pub agent: AgentId,
    /// The service that the request is for.
    pub service: ServiceId,
    /// The method of the request.
    pub method: &'a str,
    /// The earliest time at which the request was held.
    pub held_since: Timestamp,
}

#[derive(sqlx::FromRow)]
struct RuledRow {
    id: Text,
    #[sqlx(flatten)]
    state: StateRow,
    target_url: Text,
    digest: Vec<u8>,
}

impl RuledRow {
    /// Returns the action; `None` if its state holds no ruling.
    fn read(&self) -> Result<Option<RuledAction>, StoreError> {
        let context = RowContext {
            table: "actions",
            id: &self.id,
        };
        let state = self.state.read(self.id.lossy())?;
        let Some((ruling, decision)) = state.ruling() else {
            return Ok(None);
        };
        Ok(Some(RuledAction {
            action: context.action_id("id", self.id.lossy())?,
            ruling,
            decision: decision.clone(),
            target_url: context.text("target_url", &self.target_url)?.to_owned(),
            digest: context.digest("digest", &self.digest)?,
        }))
    }
}

impl Store {
    /// Returns up to `limit` actions on which a human ruled, newest first. Rows that cannot be read
    /// are left out and logged.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the database does not respond.
    pub async fn action_rulings(
        &self,
        filter: RulingFilter<'_>,
        limit: u32,
    ) -> Result<Vec<RuledAction>, StoreError> {
        let mut reader = self.reader().await?;
        // The condition in parentheses repeats the one of the index `actions_ruled` literally: otherwise
        // the databases would not use it.
        let rows = fetch_all!(
            reader,
            RuledRow,
            "SELECT id, status, expires_at, approved_by, approved_at, approval_note, releases_at,
                started_at, resolution, resolved_by, resolved_at, resolution_note, detail, target_url, digest
             FROM actions
             WHERE agent_id = $1 AND service_id = $2 AND method = $3 AND created_at >= $4
               AND (approved_by IS NOT NULL OR status = 'DENIED') AND workspace_id = $5
             ORDER BY created_at DESC, id DESC LIMIT $6",
            filter.agent.0,
            filter.service.0,
            filter.method,
            filter.held_since.0,
            filter.workspace.0,
            i64::from(limit),
        );
        let ruled = rows.iter().filter_map(|row| {
            row.read().unwrap_or_else(|error| {
                tracing::error!(%error, "an action is damaged");
                None
            })
        });
        Ok(ruled.collect())
    }
}

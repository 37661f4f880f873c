//! Held requests: one, or a list of them.

mod bulk;
mod state;

use gaiterguard_domain::approval::{Action, ActionStatus};
use gaiterguard_domain::id::{
    ActionId, AgentId, DataKeyId, RequestEntryId, ServiceId, WorkspaceId,
};
use gaiterguard_domain::ledger::{Sealed, StoredAnswer};
use gaiterguard_domain::request::Intent;
use gaiterguard_domain::time::Timestamp;

pub(crate) use self::bulk::revoke_living;
use self::state::StateRow;
pub(crate) use self::state::{RevisedRow, StateColumns, revised_columns};
use crate::connection::{fetch_all, fetch_optional};
use crate::cursor::{Page, TextPosition, page};
use crate::error::StoreError;
use crate::rows::Cell;
use crate::store::Store;

/// An action with the names of those it concerns.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionWithNames {
    /// The action.
    pub action: Action,
    /// The name of the agent that asked.
    pub agent_name: String,
    /// The name of the service it asked of.
    pub service_name: String,
}

/// Which actions are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionFilter {
    /// In this state.
    pub status: Option<ActionStatus>,
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// Of this service.
    pub service: Option<ServiceId>,
}

#[derive(sqlx::FromRow)]
struct ActionRow {
    id: String,
    revision: i64,
    workspace_id: i64,
    agent_id: i64,
    service_id: i64,
    entry_id: i64,
    #[sqlx(flatten)]
    state: StateRow,
    method: String,
    target_url: String,
    digest: Vec<u8>,
    intent: String,
    judgement: String,
    binding: String,
    created_at: i64,
    agent_name: String,
    service_name: String,
}

/// The columns of [`ActionRow`]. What is sealed is read only where it is asked for.
macro_rules! select_action {
    ($rest:literal) => {
        concat!(
            "SELECT actions.id, actions.revision, actions.workspace_id, agent_id, service_id, entry_id, ",
            "status, actions.expires_at, approved_by, approved_at, approval_note, started_at, ",
            "resolution, resolved_by, resolved_at, resolution_note, detail, method, target_url, ",
            "digest, intent, judgement, binding, actions.created_at, agents.name AS agent_name, ",
            "services.name AS service_name FROM actions ",
            "JOIN agents ON agents.id = actions.agent_id ",
            "JOIN services ON services.id = actions.service_id ",
            $rest
        )
    };
}

impl TryFrom<ActionRow> for ActionWithNames {
    type Error = StoreError;

    fn try_from(row: ActionRow) -> Result<Self, StoreError> {
        let state = row.state.read(&row.id)?;
        let cell = Cell {
            table: "actions",
            id: &row.id,
        };
        // A request that came without an intent is kept with an empty one.
        let intent = match row.intent.as_str() {
            "" => Intent::absent(),
            words => Intent::parse(words).map_err(|_| cell.wrong("intent"))?,
        };
        Ok(Self {
            action: Action {
                id: cell.action("id", &row.id)?,
                revision: row.revision,
                workspace: WorkspaceId(row.workspace_id),
                agent: AgentId(row.agent_id),
                service: ServiceId(row.service_id),
                entry: RequestEntryId(row.entry_id),
                state,
                digest: cell.digest("digest", &row.digest)?,
                intent,
                judgement: cell.json("judgement", &row.judgement)?,
                binding: cell.json("binding", &row.binding)?,
                created_at: Timestamp(row.created_at),
                method: row.method,
                target_url: row.target_url,
            },
            agent_name: row.agent_name,
            service_name: row.service_name,
        })
    }
}

impl Store {
    /// An action, as it was last changed: one whose time is over may still wait to be noticed.
    pub async fn action_get(
        &self,
        action: ActionId,
    ) -> Result<Option<ActionWithNames>, StoreError> {
        let mut read = self.read().await?;
        fetch_optional!(
            read,
            ActionRow,
            select_action!("WHERE actions.id = $1"),
            action.to_string(),
        )
        .map(TryInto::try_into)
        .transpose()
    }

    /// The exact request of an action, sealed.
    pub async fn action_request(&self, action: ActionId) -> Result<Option<Sealed>, StoreError> {
        let mut read = self.read().await?;
        let row = fetch_optional!(
            read,
            (i64, Vec<u8>),
            "SELECT request_key_id, request FROM actions WHERE id = $1",
            action.to_string(),
        );
        Ok(row.map(|(data_key, bytes)| Sealed {
            data_key: DataKeyId(data_key),
            bytes,
        }))
    }

    /// The upstream's answer to an action, once there is one.
    pub async fn action_answer(
        &self,
        action: ActionId,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        let mut read = self.read().await?;
        let row = fetch_optional!(
            read,
            (Option<i64>, Option<i64>, Option<Vec<u8>>),
            "SELECT answer_status, answer_key_id, answer FROM actions WHERE id = $1",
            action.to_string(),
        );
        let cell = Cell {
            table: "actions",
            id: &action,
        };
        row.map_or(Ok(None), |(status, data_key, bytes)| {
            cell.answer(status, data_key, bytes)
        })
    }

    /// Actions of a workspace, newest first.
    pub async fn action_list(
        &self,
        workspace: WorkspaceId,
        filter: &ActionFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ActionWithNames>, StoreError> {
        let from = TextPosition::of(cursor)?;
        let mut read = self.read().await?;
        let rows = fetch_all!(
            read,
            ActionRow,
            select_action!(
                "WHERE actions.workspace_id = $1
                   AND ($2 IS NULL OR status = $2)
                   AND ($3 IS NULL OR agent_id = $3)
                   AND ($4 IS NULL OR service_id = $4)
                   AND (actions.created_at, actions.id) < ($5, $6)
                 ORDER BY actions.created_at DESC, actions.id DESC LIMIT $7"
            ),
            workspace.0,
            filter.status.map(ActionStatus::as_str),
            filter.agent.map(|agent| agent.0),
            filter.service.map(|service| service.0),
            from.at,
            from.id.as_str(),
            i64::from(limit) + 1,
        );
        let items = rows
            .into_iter()
            .map(TryInto::try_into)
            .collect::<Result<Vec<ActionWithNames>, _>>()?;
        Ok(page(items, limit, |item| TextPosition {
            at: item.action.created_at.0,
            id: item.action.id.to_string(),
        }))
    }

    /// The actions of a workspace that wait for a human, the oldest first.
    pub async fn action_pending(
        &self,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> Result<Vec<ActionWithNames>, StoreError> {
        let mut read = self.read().await?;
        fetch_all!(
            read,
            ActionRow,
            select_action!(
                "WHERE actions.workspace_id = $1 AND status = 'PENDING'
                   AND actions.expires_at > $2
                 ORDER BY actions.created_at, actions.id"
            ),
            workspace.0,
            now.0,
        )
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }
}

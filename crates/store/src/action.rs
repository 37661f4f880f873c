//! Held requests: one, or a list of them.

mod bulk;
mod damaged;
mod ruled;
mod state;

use gaiterguard_domain::action::{Action, ActionStatus};
use gaiterguard_domain::id::{
    ActionId, AgentId, DataKeyId, RequestEntryId, ServiceId, WorkspaceId,
};
use gaiterguard_domain::ledger::{Sealed, StoredResponse};
use gaiterguard_domain::request::Intent;
use gaiterguard_domain::time::Timestamp;

pub(crate) use self::bulk::revoke_living;
pub use self::damaged::DamagedAction;
pub use self::ruled::{RuledAction, RulingFilter};
use self::state::StateRow;
pub(crate) use self::state::{RevisedRow, StateColumns, revised_columns};
use crate::connection::{fetch_all, fetch_optional};
use crate::cursor::{Page, TextPosition, page};
use crate::error::StoreError;
use crate::rows::{Cell, Text};
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

/// An action as it is found: one damaged row does not take the others with it.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionFound {
    /// Everything in its row can be read.
    Whole(Box<ActionWithNames>),
    /// A column holds what it never should.
    Damaged(Box<DamagedAction>),
}

/// What is kept of an action's request for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredHead {
    /// The whole request, sealed: it is short, or was held before heads were kept.
    Whole(Sealed),
    /// Its head, sealed, and the length of its whole body in bytes.
    Head(Sealed, u64),
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
    id: Text,
    revision: i64,
    workspace_id: i64,
    agent_id: i64,
    service_id: i64,
    entry_id: i64,
    #[sqlx(flatten)]
    state: StateRow,
    method: Text,
    target_url: Text,
    digest: Vec<u8>,
    intent: Text,
    judgement: Text,
    binding: Text,
    created_at: i64,
    agent_name: Option<Text>,
    service_name: Option<Text>,
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
            "LEFT JOIN agents ON agents.id = actions.agent_id ",
            "LEFT JOIN services ON services.id = actions.service_id ",
            $rest
        )
    };
}

impl ActionRow {
    fn cell(&self) -> Cell<'_> {
        Cell {
            table: "actions",
            id: &self.id,
        }
    }

    fn read(&self) -> Result<ActionWithNames, StoreError> {
        let cell = self.cell();
        let text = |column, text: &Text| cell.text(column, text).map(str::to_owned);
        let name = |column, name: &Option<Text>| text(column, cell.some(column, name.as_ref())?);
        // A request that came without an intent is kept with an empty one.
        let intent = match cell.text("intent", &self.intent)? {
            "" => Intent::absent(),
            words => Intent::parse(words).map_err(|_| cell.wrong("intent"))?,
        };
        Ok(ActionWithNames {
            action: Action {
                id: cell.action("id", self.id.shown())?,
                revision: self.revision,
                workspace: WorkspaceId(self.workspace_id),
                agent: AgentId(self.agent_id),
                service: ServiceId(self.service_id),
                entry: RequestEntryId(self.entry_id),
                state: self.state.read(self.id.shown())?,
                digest: cell.digest("digest", &self.digest)?,
                intent,
                evaluation: cell.json("judgement", cell.text("judgement", &self.judgement)?)?,
                binding: cell.json("binding", cell.text("binding", &self.binding)?)?,
                created_at: Timestamp(self.created_at),
                method: text("method", &self.method)?,
                target_url: text("target_url", &self.target_url)?,
            },
            agent_name: name("agent_name", &self.agent_name)?,
            service_name: name("service_name", &self.service_name)?,
        })
    }

    /// The action, or what is left of it. None where not even its id can be read: nothing can be
    /// said of it or done about it.
    fn found(&self) -> Option<ActionFound> {
        match self.read() {
            Ok(whole) => Some(ActionFound::Whole(Box::new(whole))),
            Err(error) => {
                tracing::error!(%error, "an action is damaged");
                Some(ActionFound::Damaged(Box::new(DamagedAction::of(self)?)))
            }
        }
    }
}

impl Store {
    /// An action, as it was last changed: one whose time is over may still wait to be noticed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] where a column cannot be read.
    pub async fn action_get(
        &self,
        action: ActionId,
    ) -> Result<Option<ActionWithNames>, StoreError> {
        let row = self.action_row(action).await?;
        row.map(|row| row.read()).transpose()
    }

    /// As [`Self::action_get`], for who looks at it: a damaged one is given as far as it can be read.
    pub async fn action_find(&self, action: ActionId) -> Result<Option<ActionFound>, StoreError> {
        let row = self.action_row(action).await?;
        Ok(row.and_then(|row| row.found()))
    }

    async fn action_row(&self, action: ActionId) -> Result<Option<ActionRow>, StoreError> {
        let mut read = self.read().await?;
        Ok(fetch_optional!(
            read,
            ActionRow,
            select_action!("WHERE actions.id = $1"),
            action.to_string(),
        ))
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

    /// Where values of an action's request were seen, sealed; `None` where nothing is known.
    pub async fn action_provenance(&self, action: ActionId) -> Result<Option<Sealed>, StoreError> {
        let mut read = self.read().await?;
        let row = fetch_optional!(
            read,
            (i64, Option<Vec<u8>>),
            "SELECT request_key_id, provenance FROM actions WHERE id = $1",
            action.to_string(),
        );
        Ok(row.and_then(|(data_key, bytes)| {
            Some(Sealed {
                data_key: DataKeyId(data_key),
                bytes: bytes?,
            })
        }))
    }

    /// What lists show of an action's request, sealed. Of a long one only the head is read.
    pub async fn action_head(&self, action: ActionId) -> Result<Option<StoredHead>, StoreError> {
        let mut read = self.read().await?;
        let row = fetch_optional!(
            read,
            (i64, Option<i64>, Vec<u8>),
            "SELECT request_key_id, body_bytes, COALESCE(preview, request) FROM actions WHERE id = $1",
            action.to_string(),
        );
        Ok(row.map(|(data_key, body_bytes, bytes)| {
            let sealed = Sealed {
                data_key: DataKeyId(data_key),
                bytes,
            };
            match body_bytes.and_then(|length| u64::try_from(length).ok()) {
                Some(length) => StoredHead::Head(sealed, length),
                None => StoredHead::Whole(sealed),
            }
        }))
    }

    /// The upstream's answer to an action, once there is one.
    pub async fn action_answer(
        &self,
        action: ActionId,
    ) -> Result<Option<StoredResponse>, StoreError> {
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
    ) -> Result<Page<ActionFound>, StoreError> {
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
        let rows = page(rows, limit, |row| TextPosition {
            at: row.created_at,
            id: row.id.shown().to_owned(),
        });
        Ok(Page {
            items: rows.items.iter().filter_map(ActionRow::found).collect(),
            next_cursor: rows.next_cursor,
        })
    }

    /// The actions of a workspace that wait for a human, the oldest first.
    pub async fn action_pending(
        &self,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> Result<Vec<ActionFound>, StoreError> {
        let mut read = self.read().await?;
        let rows = fetch_all!(
            read,
            ActionRow,
            select_action!(
                "WHERE actions.workspace_id = $1 AND status = 'PENDING'
                   AND actions.expires_at > $2
                 ORDER BY actions.created_at, actions.id"
            ),
            workspace.0,
            now.0,
        );
        Ok(rows.iter().filter_map(ActionRow::found).collect())
    }
}

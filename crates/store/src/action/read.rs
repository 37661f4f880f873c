//! Held requests: one, or a list of them.

use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::id::{ActionId, AgentId, DataKeyId, ServiceId, WorkspaceId};
use gaiterguard_domain::ledger::{Sealed, StoredResponse};
use gaiterguard_domain::time::Timestamp;

use crate::action::row::{ActionRow, ActionWithNames, StoredAction, select_action};
use crate::db::connection::{fetch_all, fetch_optional};
use crate::db::cursor::{Page, TextPosition, page};
use crate::db::error::StoreError;
use crate::rows::column::RowContext;
use crate::store::Store;

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
    pub async fn action_find(&self, action: ActionId) -> Result<Option<StoredAction>, StoreError> {
        let row = self.action_row(action).await?;
        Ok(row.and_then(|row| row.found()))
    }

    async fn action_row(&self, action: ActionId) -> Result<Option<ActionRow>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(fetch_optional!(
            reader,
            ActionRow,
            select_action!("WHERE actions.id = $1"),
            action.to_string(),
        ))
    }

    /// The exact request of an action, sealed.
    pub async fn action_request(&self, action: ActionId) -> Result<Option<Sealed>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
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
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
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
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
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
    pub async fn action_response(
        &self,
        action: ActionId,
    ) -> Result<Option<StoredResponse>, StoreError> {
        let mut reader = self.reader().await?;
        let row = fetch_optional!(
            reader,
            (Option<i64>, Option<i64>, Option<Vec<u8>>),
            "SELECT answer_status, answer_key_id, answer FROM actions WHERE id = $1",
            action.to_string(),
        );
        let context = RowContext {
            table: "actions",
            id: &action,
        };
        row.map_or(Ok(None), |(status, data_key, bytes)| {
            context.response(status, data_key, bytes)
        })
    }

    /// Actions of a workspace, newest first.
    pub async fn action_list(
        &self,
        workspace: WorkspaceId,
        filter: &ActionFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<StoredAction>, StoreError> {
        let from = TextPosition::of(cursor)?;
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
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
            id: row.id.lossy().to_owned(),
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
    ) -> Result<Vec<StoredAction>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = fetch_all!(
            reader,
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

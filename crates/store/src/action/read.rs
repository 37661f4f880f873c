//! Queries for held requests.

use gaiterguard_database::column::RowContext;
use gaiterguard_database::connection::{ReadConnection, fetch_all, fetch_one, fetch_optional};
use gaiterguard_database::cursor::{Page, TextPosition, page};
use gaiterguard_database::error::StoreError;
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::id::{ActionId, AgentId, DataKeyId, ServiceId, WorkspaceId};
use gaiterguard_domain::ledger::{Sealed, StoredResponse};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_rows::action_row::{ActionRow, ActionWithNames, StoredAction, select_action};

use crate::store::Store;

/// The part of an action's request that lists show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredHead {
    /// The whole request, sealed. It is short, or was held before heads were stored separately.
    Whole(Sealed),
    /// The head of the request, sealed, and the length of the body in bytes.
    Head(Sealed, u64),
}

/// Which actions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionFilter {
    /// Only actions with this status.
    pub status: Option<ActionStatus>,
    /// Only actions of this agent.
    pub agent: Option<AgentId>,
    /// Only actions for this service.
    pub service: Option<ServiceId>,
}

impl Store {
    /// Returns an action as it was last changed. Its deadline may have passed already: expiry is a
    /// change that the gateway makes soon afterwards.
    ///
    /// # Errors
    ///
    /// [`StoreError::Inconsistent`] if a column cannot be read.
    pub async fn action_get(
        &self,
        action: ActionId,
    ) -> Result<Option<ActionWithNames>, StoreError> {
        let row = self.action_row(action).await?;
        row.map(|row| row.read()).transpose()
    }

    /// Returns an action for display; a damaged one as far as it can be read.
    pub async fn action_find(&self, action: ActionId) -> Result<Option<StoredAction>, StoreError> {
        let row = self.action_row(action).await?;
        Ok(row.and_then(|row| row.stored()))
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

    /// Returns the exact request of an action, sealed.
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

    /// Returns where the values of an action's request were seen, sealed; `None` if nothing is
    /// known.
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

    /// Returns what lists show of an action's request, sealed. Only the head of a long request is
    /// read.
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

    /// Returns the upstream's response to an action, if there is one.
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

    /// Lists the actions of a workspace, newest first.
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
            items: rows.items.iter().filter_map(ActionRow::stored).collect(),
            next_cursor: rows.next_cursor,
        })
    }

    /// Lists the pending actions of a workspace, oldest first.
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
        Ok(rows.iter().filter_map(ActionRow::stored).collect())
    }
}

/// Counts the actions of a workspace that wait for a ruling.
pub(crate) async fn pending_count(
    reader: &mut ReadConnection,
    workspace: WorkspaceId,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let (count,) = fetch_one!(
        reader,
        (i64,),
        "SELECT COUNT(*) FROM actions
         WHERE workspace_id = $1 AND status = 'PENDING' AND expires_at > $2",
        workspace.0,
        now.0,
    );
    Ok(count)
}

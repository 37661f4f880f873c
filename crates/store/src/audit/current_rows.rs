//! The current rows, as an audit entry would cover them.

use std::collections::HashMap;

use gaiterguard_database::column::Text;
use gaiterguard_database::connection::{ReadConnection, with_connection};
use gaiterguard_database::error::StoreError;
use gaiterguard_database::many_rows::{ManyRows, chunks};
use gaiterguard_rows::action_state::RevisedRow;
use gaiterguard_rows::covered::{
    ActionColumns, CoveredAction, CoveredEnd, CoveredRead, CoveredRequest, EndColumns, KeyColumns,
    RequestColumns,
};
use gaiterguard_rows::proven_request::ProvenRequest;
use gaiterguard_rows::revised_columns;

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
    #[sqlx(flatten)]
    end: EndRow,
}

/// The columns of a request's end.
#[derive(sqlx::FromRow)]
struct EndRow {
    #[sqlx(rename = "id")]
    request: i64,
    outcome: Option<Text>,
    upstream_status: Option<i64>,
    completed_at: Option<i64>,
}

/// A request's current row.
pub(super) struct CurrentRequest {
    row: RequestRow,
    /// How the request ended, as an entry would cover it.
    pub(super) end: Option<CoveredEnd>,
}

#[derive(sqlx::FromRow)]
struct ActionRow {
    id: String,
    workspace_id: i64,
    agent_id: i64,
    service_id: i64,
    entry_id: i64,
    method: Text,
    target_url: Text,
    digest: Vec<u8>,
    intent: Text,
    judgement: Text,
    binding: Text,
    created_at: i64,
    operation: Option<Vec<u8>>,
    recipients: Option<Vec<u8>>,
    payload: Option<Vec<u8>>,
    body_bytes: Option<i64>,
}

/// The digests of an action's columns that never change.
pub(super) struct CurrentAction {
    pub(super) row: String,
    /// Those that requests are compared by.
    pub(super) keys: String,
}

static REQUESTS: ManyRows = ManyRows::new(
    "SELECT id, request_id, workspace_id, agent_id, service_id, method, target_url, intent, \
     label, decision, judgement, action_id, created_at, outcome, upstream_status, completed_at \
     FROM requests WHERE id IN (VALUES ",
    1,
    ")",
);

static ENDS: ManyRows = ManyRows::new(
    "SELECT id, outcome, upstream_status, completed_at FROM requests WHERE id IN (VALUES ",
    1,
    ")",
);

static ACTIONS: ManyRows = ManyRows::new(
    "SELECT id, workspace_id, agent_id, service_id, entry_id, method, target_url, digest, intent, \
     judgement, binding, created_at, operation, recipients, payload, body_bytes FROM actions WHERE id IN (VALUES ",
    1,
    ")",
);

static STATES: ManyRows = ManyRows::new(
    concat!(
        "SELECT ",
        revised_columns!(),
        " FROM actions WHERE id IN (VALUES "
    ),
    1,
    ")",
);

/// Reads the rows with these IDs and calls `$each` with each of them.
macro_rules! for_each_row {
    ($reader:ident, $sql:expr, $ids:expr, $row:ident: $kind:ty => $each:expr) => {
        for chunk in chunks($ids) {
            let sql = $reader.dialect().many_rows(&$sql, chunk.size);
            with_connection!($reader, connection => {
                let mut query = sqlx::query_as::<_, $kind>(sql);
                for id in chunk.padded() {
                    query = query.bind(id.copied());
                }
                for $row in query.fetch_all(connection).await? {
                    $each;
                }
            });
        }
    };
}

pub(super) use for_each_row;

/// Returns the requests with these IDs that still have a row, by ID.
pub(super) async fn request_rows(
    reader: &mut ReadConnection,
    ids: &[i64],
) -> Result<HashMap<i64, CurrentRequest>, StoreError> {
    let mut rows = HashMap::new();
    for_each_row!(reader, REQUESTS, ids, row: RequestRow => {
        let end = row.end.covered();
        rows.insert(row.id, CurrentRequest { row, end })
    });
    Ok(rows)
}

impl CurrentRequest {
    /// Returns what an entry of its own would cover of the row.
    pub(super) fn covered(&self) -> CoveredRequest {
        self.row.with_columns(|columns, _| columns.covered())
    }

    /// Returns what an entry that it shares with other reads would cover of the row. `is_open` says whether
    /// the request had ended when the entry was written.
    pub(super) fn covered_as_read(&self, is_open: bool) -> CoveredRead {
        self.row
            .with_columns(|columns, end| columns.covered_as_read((!is_open).then_some(end)))
    }
}

impl CurrentRequest {
    /// Returns every column that an entry would cover, as a proof shows them.
    pub(super) fn proven(&self) -> ProvenRequest {
        let row = &self.row;
        let text = |text: &Text| text.exact().into_owned();
        ProvenRequest {
            id: row.id,
            request_id: text(&row.request_id),
            workspace_id: row.workspace_id,
            agent_id: row.agent_id,
            service_id: row.service_id,
            method: text(&row.method),
            target_url: text(&row.target_url),
            intent: text(&row.intent),
            label: row.label.as_ref().map(text),
            decision: text(&row.decision),
            judgement: text(&row.judgement),
            action_id: row.action_id.as_ref().map(text),
            created_at: row.created_at,
            outcome: row.end.outcome.as_ref().map(text),
            upstream_status: row.end.upstream_status,
            completed_at: row.end.completed_at,
        }
    }
}

impl RequestRow {
    fn with_columns<T>(&self, then: impl FnOnce(RequestColumns<'_>, EndColumns<'_>) -> T) -> T {
        let action_id = self.action_id.as_ref().map(Text::exact);
        let outcome = self.end.outcome.as_ref().map(Text::exact);
        let label = self.label.as_ref().map(Text::exact);
        let columns = RequestColumns {
            id: self.id,
            request_id: &self.request_id.exact(),
            workspace: self.workspace_id,
            agent: self.agent_id,
            service: self.service_id,
            method: &self.method.exact(),
            target_url: &self.target_url.exact(),
            intent: &self.intent.exact(),
            label: label.as_deref(),
            decision: &self.decision.exact(),
            judgement: &self.judgement.exact(),
            action_id: action_id.as_deref(),
            created_at: self.created_at,
        };
        let end = EndColumns {
            id: self.id,
            outcome: outcome.as_deref(),
            upstream_status: self.end.upstream_status,
            completed_at: self.end.completed_at,
        };
        then(columns, end)
    }
}

impl EndRow {
    /// Returns what an entry would cover of the end; `None` if the request has not ended.
    fn covered(&self) -> Option<CoveredEnd> {
        let outcome = self.outcome.as_ref().map(Text::exact);
        let columns = EndColumns {
            id: self.request,
            outcome: outcome.as_deref(),
            upstream_status: self.upstream_status,
            completed_at: self.completed_at,
        };
        (!columns.is_open()).then(|| columns.covered())
    }
}

/// Returns how the requests with these IDs ended, by ID; `None` for those that have not ended.
pub(super) async fn end_rows(
    reader: &mut ReadConnection,
    ids: &[i64],
) -> Result<HashMap<i64, Option<CoveredEnd>>, StoreError> {
    let mut rows = HashMap::new();
    for_each_row!(reader, ENDS, ids, row: EndRow => rows.insert(row.request, row.covered()));
    Ok(rows)
}

/// Returns the digests of the columns that never change, by action ID.
pub(super) async fn action_rows(
    reader: &mut ReadConnection,
    ids: &[&str],
) -> Result<HashMap<String, CurrentAction>, StoreError> {
    let mut rows = HashMap::new();
    for_each_row!(reader, ACTIONS, ids, row: ActionRow => {
        let covered = row.covered();
        rows.insert(row.id, covered)
    });
    Ok(rows)
}

impl ActionRow {
    /// Returns the digests of the columns that never change.
    fn covered(&self) -> CurrentAction {
        let columns = ActionColumns {
            id: &self.id,
            workspace: self.workspace_id,
            agent: self.agent_id,
            service: self.service_id,
            entry: self.entry_id,
            method: &self.method.exact(),
            target_url: &self.target_url.exact(),
            digest: &self.digest,
            intent: &self.intent.exact(),
            judgement: &self.judgement.exact(),
            binding: &self.binding.exact(),
            created_at: self.created_at,
        };
        let keys = KeyColumns {
            id: &self.id,
            operation: self.operation.as_deref(),
            recipients: self.recipients.as_deref(),
            payload: self.payload.as_deref(),
            body_bytes: self.body_bytes,
        };
        CurrentAction {
            row: columns.row(),
            keys: keys.digest(),
        }
    }
}

/// Returns the current states of the actions, by action ID.
pub(super) async fn action_states(
    reader: &mut ReadConnection,
    ids: &[&str],
) -> Result<HashMap<String, CoveredAction>, StoreError> {
    let mut rows = HashMap::new();
    for_each_row!(reader, STATES, ids, row: RevisedRow => {
        let covered = row.covered();
        rows.insert(row.id, covered)
    });
    Ok(rows)
}

//! The current rows, as an audit entry would cover them.

use std::collections::{BTreeMap, HashMap};

use crate::db::connection::{ReadConnection, with_connection};
use crate::db::error::StoreError;
use crate::db::many_rows::{ManyRows, chunks};
use crate::rows::action_state::{RevisedRow, revised_columns};
use crate::rows::column::Text;
use crate::rows::covered::{
    ActionColumns, CoveredAction, CoveredEnd, CoveredRequest, EndColumns, RequestColumns,
};

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

/// A request's current row, as an entry would cover it.
pub(super) struct CurrentRequest {
    pub(super) covered: CoveredRequest,
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
}

static REQUESTS: ManyRows = ManyRows::new(
    "SELECT id, request_id, workspace_id, agent_id, service_id, method, target_url, intent, \
     decision, judgement, action_id, created_at, outcome, upstream_status, completed_at \
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
     judgement, binding, created_at FROM actions WHERE id IN (VALUES ",
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

pub(super) async fn request_rows(
    reader: &mut ReadConnection,
    ids: &[i64],
) -> Result<BTreeMap<i64, CurrentRequest>, StoreError> {
    let mut rows = BTreeMap::new();
    for chunk in chunks(ids) {
        let sql = reader.dialect().many_rows(&REQUESTS, chunk.size);
        with_connection!(reader, connection => {
            let mut query = sqlx::query_as::<_, RequestRow>(sql);
            for id in chunk.padded() {
                query = query.bind(id.copied());
            }
            for row in query.fetch_all(connection).await? {
                rows.insert(row.id, row.current());
            }
        });
    }
    Ok(rows)
}

impl RequestRow {
    fn current(&self) -> CurrentRequest {
        let action_id = self.action_id.as_ref().map(Text::exact);
        let columns = RequestColumns {
            id: self.id,
            request_id: &self.request_id.exact(),
            workspace: self.workspace_id,
            agent: self.agent_id,
            service: self.service_id,
            method: &self.method.exact(),
            target_url: &self.target_url.exact(),
            intent: &self.intent.exact(),
            decision: &self.decision.exact(),
            judgement: &self.judgement.exact(),
            action_id: action_id.as_deref(),
            created_at: self.created_at,
        };
        CurrentRequest {
            covered: columns.covered(),
            end: self.end.covered(),
        }
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

pub(super) async fn end_rows(
    reader: &mut ReadConnection,
    ids: &[i64],
) -> Result<HashMap<i64, Option<CoveredEnd>>, StoreError> {
    let mut rows = HashMap::new();
    for chunk in chunks(ids) {
        let sql = reader.dialect().many_rows(&ENDS, chunk.size);
        with_connection!(reader, connection => {
            let mut query = sqlx::query_as::<_, EndRow>(sql);
            for id in chunk.padded() {
                query = query.bind(id.copied());
            }
            for row in query.fetch_all(connection).await? {
                rows.insert(row.request, row.covered());
            }
        });
    }
    Ok(rows)
}

pub(super) async fn action_rows(
    reader: &mut ReadConnection,
    ids: &[&str],
) -> Result<HashMap<String, String>, StoreError> {
    let mut rows = HashMap::new();
    for chunk in chunks(ids) {
        let sql = reader.dialect().many_rows(&ACTIONS, chunk.size);
        with_connection!(reader, connection => {
            let mut query = sqlx::query_as::<_, ActionRow>(sql);
            for id in chunk.padded() {
                query = query.bind(id.copied());
            }
            for row in query.fetch_all(connection).await? {
                let columns = ActionColumns {
                    id: &row.id,
                    workspace: row.workspace_id,
                    agent: row.agent_id,
                    service: row.service_id,
                    entry: row.entry_id,
                    method: &row.method.exact(),
                    target_url: &row.target_url.exact(),
                    digest: &row.digest,
                    intent: &row.intent.exact(),
                    judgement: &row.judgement.exact(),
                    binding: &row.binding.exact(),
                    created_at: row.created_at,
                };
                let covered = columns.row();
                rows.insert(row.id, covered);
            }
        });
    }
    Ok(rows)
}

pub(super) async fn action_states(
    reader: &mut ReadConnection,
    ids: &[&str],
) -> Result<HashMap<String, CoveredAction>, StoreError> {
    let mut rows = HashMap::new();
    for chunk in chunks(ids) {
        let sql = reader.dialect().many_rows(&STATES, chunk.size);
        with_connection!(reader, connection => {
            let mut query = sqlx::query_as::<_, RevisedRow>(sql);
            for id in chunk.padded() {
                query = query.bind(id.copied());
            }
            for row in query.fetch_all(connection).await? {
                let covered = row.covered();
                rows.insert(row.id, covered);
            }
        });
    }
    Ok(rows)
}

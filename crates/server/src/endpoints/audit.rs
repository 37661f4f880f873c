//! `/audit`: who did what, as a list, as a file, and whether it is whole.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use axum::{BoxError, Json};
use futures_util::Stream;
use futures_util::stream::unfold;
use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_gateway::Gateway;
use gaiterguard_identity::Identity;
use gaiterguard_store::Store;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::caller::Caller;
use super::list::{Cursor, List, PageQuery};
use crate::extract::ApiQuery;
use crate::openapi::responses::InvalidParameter;
use crate::problem::Problem;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(verify))
        .routes(routes!(export))
}

/// How many entries are read at a time for a file.
const EXPORTED_AT_ONCE: u32 = 200;

/// Reading the whole log is much work for the database: one at a time does it.
static VERIFYING: Mutex<()> = Mutex::const_new(());

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditBody {
    /// Its id.
    id: i64,
    /// The chain that it is an entry of. Each run of the gateway writes to its own.
    chain: i64,
    /// Its place in the chain, from 1, without gaps in the log as a whole.
    sequence: i64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who did it: `user:ID`, `agent:ID`, `gateway` or `operator`.
    #[schema(example = "user:1")]
    actor: String,
    /// What happened.
    #[schema(example = "action.approved")]
    event: String,
    /// What it happened to.
    #[schema(example = "service:3")]
    subject: String,
    /// The particulars. Where a request's body went on while it arrived, or was not read, `digest` is
    /// null and `body` says so; the digest of what was sent is in the entry `request.ended`. The entry of a
    /// decision holds `decision`, `risk_score`, `matched_rules` and `operation`.
    #[schema(value_type = Object)]
    detail: Option<Box<RawValue>>,
    /// Digests of the rows that were written together with it: of a request with its address, intent and
    /// verdict, of the state that an action came to, and of how requests ended (`ends`). Absent where the
    /// entry tells of none.
    #[schema(value_type = Object)]
    #[serde(skip_serializing_if = "Option::is_none")]
    covers: Option<Box<RawValue>>,
    /// The hash of the entry before it in its chain.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    previous_hash: String,
    /// Its own hash.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    hash: String,
}

impl From<AuditEntry> for AuditBody {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id.0,
            chain: entry.chain,
            sequence: entry.sequence,
            at: entry.at,
            actor: entry.actor,
            event: entry.event,
            subject: entry.subject,
            // The text that was hashed, to the letter.
            detail: RawValue::from_string(entry.detail).ok(),
            covers: entry
                .covers
                .and_then(|covers| RawValue::from_string(covers).ok()),
            previous_hash: entry.previous_hash.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// Who did what
///
/// The newest first. Entries are chained by their hashes, so that none can be changed or removed
/// without showing; `POST /audit/verify` checks them all.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "listAudit",
    tag = "audit",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of it.", body = List<AuditBody>),
        InvalidParameter,
    )
)]
async fn list(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<AuditBody>>, Problem> {
    let cursor = query.cursor.as_ref().map(Cursor::as_str);
    let page = gateway
        .store()
        .audit_list(caller.workspace(), cursor, query.limit.get())
        .await?;
    Ok(Json(List::of(page)))
}

/// Whether the audit log is whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditVerified)]
pub(crate) struct VerifiedBody {
    /// Whether every entry follows from those before it, none is missing at an end, and the requests and
    /// actions that are kept are as their entries recorded them.
    ok: bool,
    /// How many entries were found to hold.
    entries: u64,
    /// What is wrong first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    first_fault: Option<String>,
}

/// Check that the audit log is whole
///
/// Reads all chains of this gateway, as `gaiterguard audit verify` does; the entries of every workspace
/// are links of them. The requests and actions that are kept are compared with what their entries
/// recorded.
#[utoipa::path(
    post,
    path = "/audit/verify",
    operation_id = "verifyAudit",
    tag = "audit",
    responses((status = 200, description = "What was found.", body = VerifiedBody))
)]
async fn verify(
    State(gateway): State<Arc<Gateway>>,
    _: Caller,
) -> Result<Json<VerifiedBody>, Problem> {
    let _turn = VERIFYING.lock().await;
    let mut held = 0;
    let verified = gateway
        .store()
        .audit_verify(|entries| held = entries)
        .await?;
    Ok(Json(match verified {
        Ok(entries) => VerifiedBody {
            ok: true,
            entries,
            first_fault: None,
        },
        Err(broken) => VerifiedBody {
            ok: false,
            entries: held,
            first_fault: Some(broken.to_string()),
        },
    }))
}

/// The audit log as a file
///
/// Every entry of the workspace as a line of JSON, the newest first. A file that breaks off is not
/// whole.
#[utoipa::path(
    get,
    path = "/audit/export",
    operation_id = "exportAudit",
    tag = "audit",
    responses((
        status = 200,
        description = "A line for each entry, in the form of `GET /audit`.",
        body = String,
        content_type = "application/x-ndjson",
        headers(("Content-Disposition" = String, description = "Suggests a name for the file.")),
    ))
)]
async fn export(
    State(gateway): State<Arc<Gateway>>,
    State(identity): State<Arc<Identity>>,
    caller: Caller,
) -> impl IntoResponse {
    let lines = lines(gateway.store().clone(), identity, caller);
    let headers = AppendHeaders([
        (CONTENT_TYPE, "application/x-ndjson"),
        (CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\""),
    ]);
    (headers, Body::from_stream(lines))
}

/// Where reading for a file goes on.
enum Next {
    First,
    After(String),
    Nothing,
}

impl Next {
    /// The lines of the page that begins here, and what comes after it.
    async fn page(&self, store: &Store, workspace: WorkspaceId) -> Result<(Bytes, Self), BoxError> {
        let cursor = match self {
            Self::After(cursor) => Some(cursor.as_str()),
            Self::First | Self::Nothing => None,
        };
        let page = store
            .audit_list(workspace, cursor, EXPORTED_AT_ONCE)
            .await?;
        let mut lines = Vec::new();
        for entry in page.items {
            serde_json::to_writer(&mut lines, &AuditBody::from(entry))?;
            lines.push(b'\n');
        }
        let next = page.next_cursor.map_or(Self::Nothing, Self::After);
        Ok((lines.into(), next))
    }
}

/// The entries of a workspace as lines, a page of them at a time and only as they are taken, while
/// the session of the caller lasts.
fn lines(
    store: Store,
    identity: Arc<Identity>,
    caller: Caller,
) -> impl Stream<Item = Result<Bytes, BoxError>> + Send {
    let begin = (store, identity, Next::First);
    unfold(begin, move |(store, identity, next)| async move {
        if matches!(next, Next::Nothing) {
            return None;
        }
        let page = async {
            identity.confirm(&caller.0).await?;
            next.page(&store, caller.workspace()).await
        };
        match page.await {
            Ok((lines, next)) => Some((Ok(lines), (store, identity, next))),
            Err(error) => {
                tracing::error!(%error, "an export of the audit log broke off");
                Some((Err(error), (store, identity, Next::Nothing)))
            }
        }
    })
}

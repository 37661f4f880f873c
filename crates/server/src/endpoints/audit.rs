//! `/audit`: lists, exports, and verifies the audit log.

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
use super::list::{List, PageQuery};
use crate::extract::ApiQuery;
use crate::openapi::responses::InvalidParameter;
use crate::problem::Problem;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(verify))
        .routes(routes!(export))
}

/// Entries per database query of an export. Same as the longest page of the list.
const EXPORT_PAGE_ENTRIES: u32 = 200;

/// Serializes verifications: each reads the whole log, which is expensive for the database.
static VERIFYING: Mutex<()> = Mutex::const_new(());

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditBody {
    /// Unique identifier.
    id: i64,
    /// Chain that the entry belongs to. Each process writes chains of its own: one with SQLite, two
    /// with PostgreSQL.
    chain: i64,
    /// Position in the chain, from 1. Positions have no gaps across all workspaces.
    sequence: i64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who did it: `user:ID`, `agent:ID`, `gateway`, or `operator`.
    #[schema(example = "user:1")]
    actor: String,
    /// Name of the event.
    #[schema(example = "action.approved")]
    event: String,
    /// The object that it happened to.
    #[schema(example = "service:3")]
    subject: String,
    /// Details of the event. If the body of a request was streamed or not read, `digest` is null
    /// and `body` gives the reason; the digest of what was sent is in the entry `request.ended`.
    /// The entry of a decision contains `decision`, `risk_score`, `matched_rules`, and `operation`.
    #[schema(value_type = Object)]
    detail: Option<Box<RawValue>>,
    /// Digests of the rows that were written with this entry: a request with its URL, intent, and
    /// assessment, the new state of an action, and how requests ended (`ends`). Absent if the entry
    /// covers no rows.
    #[schema(value_type = Object)]
    #[serde(skip_serializing_if = "Option::is_none")]
    covers: Option<Box<RawValue>>,
    /// Hash of the previous entry in the chain.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    previous_hash: String,
    /// Hash of this entry.
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
            // Verbatim, because the hash covers these exact bytes.
            detail: RawValue::from_string(entry.detail).ok(),
            covers: entry
                .covers
                .and_then(|covers| RawValue::from_string(covers).ok()),
            previous_hash: entry.previous_hash.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// List audit entries
///
/// Newest first. Entries form a hash chain, so a changed or removed entry is detectable; `POST
/// /audit/verify` checks all of them.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "listAudit",
    tag = "audit",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of audit entries.", body = List<AuditBody>),
        InvalidParameter,
    )
)]
async fn list(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<AuditBody>>, Problem> {
    let page = gateway
        .store()
        .audit_list(caller.workspace(), query.cursor(), query.limit.get())
        .await?;
    Ok(Json(List::of(page)))
}

/// Result of a verification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditVerified)]
pub(crate) struct VerifiedBody {
    /// Whether every entry follows from the one before it, no entry is missing at the end of a
    /// chain, and the stored requests and actions match their entries.
    ok: bool,
    /// Number of entries that were verified.
    entries: u64,
    /// The first fault that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    first_fault: Option<String>,
}

/// Verify the audit log
///
/// Reads all chains of this gateway, as `gaiterguard audit verify` does; a chain contains entries
/// of every workspace. Compares stored requests and actions with what their entries recorded.
#[utoipa::path(
    post,
    path = "/audit/verify",
    operation_id = "verifyAudit",
    tag = "audit",
    responses((status = 200, description = "The result.", body = VerifiedBody))
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

/// Export the audit log
///
/// Returns every entry of the workspace as a line of JSON, newest first. A response that ends early
/// is incomplete.
#[utoipa::path(
    get,
    path = "/audit/export",
    operation_id = "exportAudit",
    tag = "audit",
    responses((
        status = 200,
        description = "One line per entry, in the format of `GET /audit`.",
        body = String,
        content_type = "application/x-ndjson",
        headers(("Content-Disposition" = String, description = "Suggested file name.")),
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

/// Position of an export.
enum Next {
    First,
    After(String),
    Nothing,
}

impl Next {
    /// Reads the page at this position and returns its lines with the next position.
    async fn page(&self, store: &Store, workspace: WorkspaceId) -> Result<(Bytes, Self), BoxError> {
        let cursor = match self {
            Self::After(cursor) => Some(cursor.as_str()),
            Self::First | Self::Nothing => None,
        };
        let page = store
            .audit_list(workspace, cursor, EXPORT_PAGE_ENTRIES)
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

/// Streams the entries of a workspace as lines. Reads one page at a time as the client consumes
/// them, and stops when the caller's session ends.
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
                tracing::error!(%error, "an export of the audit log failed");
                Some((Err(error), (store, identity, Next::Nothing)))
            }
        }
    })
}

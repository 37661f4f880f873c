//! `GET /audit`: who did what.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::audit::AuditEntry;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_gateway::Gateway;
use serde::Serialize;
use serde_json::value::RawValue;
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
    OpenApiRouter::new().routes(routes!(list))
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditBody {
    /// Its id.
    id: i64,
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
    /// The particulars.
    #[schema(value_type = Object)]
    detail: Option<Box<RawValue>>,
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
            at: entry.at,
            actor: entry.actor,
            event: entry.event,
            subject: entry.subject,
            // The text that was hashed, to the letter.
            detail: RawValue::from_string(entry.detail).ok(),
            previous_hash: entry.previous_hash.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// Who did what
///
/// The newest first. Entries are chained by their hashes, so that none can be changed or removed
/// without showing; `gaiterguard audit verify` checks them all.
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

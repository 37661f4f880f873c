//! `/auth/sessions`: sessions of the signed-in user.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::id::SessionId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::Session;
use gaiterguard_identity::Identity;
use serde::Serialize;
use utoipa::ToSchema;

use crate::endpoints::caller::Caller;
use crate::endpoints::list::{Done, List, PageQuery, foreign_cursor};
use crate::extract::{ApiPath, ApiQuery};
use crate::openapi::responses::{InvalidParameter, NotFound};
use crate::problem::Problem;

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionBody {
    /// Unique identifier.
    id: i64,
    /// When the user signed in.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it expires unless it is used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether it is the session of this request.
    is_current: bool,
}

impl From<(Session, bool)> for SessionBody {
    fn from((session, is_current): (Session, bool)) -> Self {
        Self {
            id: session.id.0,
            created_at: session.created_at,
            expires_at: session.expires_at,
            is_current,
        }
    }
}

/// List sessions
///
/// Returns the sessions that have not ended, newest first.
#[utoipa::path(
    get,
    path = "/auth/sessions",
    operation_id = "listSessions",
    tag = "auth",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of sessions.", body = List<SessionBody>),
        InvalidParameter,
    )
)]
pub(super) async fn list(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<SessionBody>>, Problem> {
    let all = identity
        .sessions(&caller)
        .await?
        .into_iter()
        .map(|session| {
            let is_current = session.id == caller.session;
            (session, is_current)
        });
    let page = List::cut(all.collect(), &query, |(session, _)| -session.id.0);
    page.map(Json).ok_or_else(foreign_cursor)
}

/// End a session
///
/// Its refresh token and its access tokens stop working immediately.
#[utoipa::path(
    delete,
    path = "/auth/sessions/{id}",
    operation_id = "endSession",
    tag = "auth",
    params(("id" = i64, Path, description = "ID of the session.")),
    responses(
        (status = 200, description = "The session has ended.", body = Done),
        InvalidParameter, NotFound,
    )
)]
pub(super) async fn end(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiPath(id): ApiPath<SessionId>,
) -> Result<Json<Done>, Problem> {
    if identity.end_session(&caller, id).await? {
        Ok(Json(Done {
            message: "Session ended.",
        }))
    } else {
        Err(Problem::not_found("you have no session with this ID"))
    }
}

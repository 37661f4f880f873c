//! `/auth/sessions`: sessions of the signed-in user.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::id::SessionId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::user::Session;
use gaiterguard_identity::Identity;
use gaiterguard_web::extract::{ApiPath, ApiQuery};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidParameter, NotFound};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::list::{Done, List, PageQuery};

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
    /// When it expires if it is not used before then.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was last refreshed, or when the user signed in if it never was. A client in use
    /// refreshes its session before each access token expires.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    /// Beginning of the client's `User-Agent` at `lastUsedAt`. Untrusted text.
    #[schema(required)]
    user_agent: Option<String>,
    /// IP address that the client connected from at `lastUsedAt`. Behind a reverse proxy, it is the
    /// proxy's address.
    #[schema(required, example = "192.0.2.7")]
    address: Option<String>,
    /// Whether it is the session of this request.
    is_current: bool,
}

impl From<(Session, bool)> for SessionBody {
    fn from((session, is_current): (Session, bool)) -> Self {
        Self {
            id: session.id.0,
            created_at: session.created_at,
            expires_at: session.expires_at,
            last_used_at: session.last_used_at,
            user_agent: session.client.user_agent,
            address: session.client.address.map(|address| address.to_string()),
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
    page.map(Json).ok_or_else(Problem::foreign_cursor)
}

/// Result of ending the other sessions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionsEnded)]
pub(crate) struct EndedBody {
    /// Result in words.
    #[schema(value_type = String)]
    message: &'static str,
    /// Number of sessions that were ended.
    ended: u64,
}

/// End all other sessions
///
/// Ends every session of the user except that of this request. Their refresh tokens and access tokens
/// stop working immediately.
#[utoipa::path(
    delete,
    path = "/auth/sessions",
    operation_id = "endOtherSessions",
    tag = "auth",
    responses((status = 200, description = "The other sessions have ended.", body = EndedBody))
)]
pub(super) async fn end_others(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
) -> Result<Json<EndedBody>, Problem> {
    Ok(Json(EndedBody {
        message: "Other sessions ended.",
        ended: identity.end_other_sessions(&caller).await?,
    }))
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

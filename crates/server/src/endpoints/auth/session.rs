//! `/auth/sessions`: where a user is signed in.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::id::SessionId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_gateway::identity::Identity;
use serde::Serialize;
use utoipa::ToSchema;

use crate::endpoints::caller::Caller;
use crate::endpoints::list::Done;
use crate::extract::ApiPath;
use crate::openapi::responses::{InvalidParameter, NotFound};
use crate::problem::Problem;

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionBody {
    /// Its id.
    id: i64,
    /// When the user signed in.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends unless it is used before.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    is_current: bool,
}

/// The user's sessions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sessions)]
pub(crate) struct SessionsBody {
    /// The newest first.
    sessions: Vec<SessionBody>,
}

/// Where the user is signed in
#[utoipa::path(
    get,
    path = "/auth/sessions",
    operation_id = "listSessions",
    tag = "auth",
    responses((status = 200, description = "The sessions that have not ended.", body = SessionsBody))
)]
pub(super) async fn list(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
) -> Result<Json<SessionsBody>, Problem> {
    let sessions = identity.sessions(&caller).await?;
    let shown = sessions.into_iter().map(|session| SessionBody {
        id: session.id.0,
        created_at: session.created_at,
        expires_at: session.expires_at,
        is_current: session.id == caller.session,
    });
    Ok(Json(SessionsBody {
        sessions: shown.collect(),
    }))
}

/// End a session
///
/// Its refresh token and its access tokens stop at once.
#[utoipa::path(
    delete,
    path = "/auth/sessions/{id}",
    operation_id = "endSession",
    tag = "auth",
    params(("id" = i64, Path, description = "The session.")),
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
            message: "The session has ended.",
        }))
    } else {
        Err(Problem::not_found("you have no such session"))
    }
}

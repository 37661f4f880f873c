//! `GET /auth/me`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_identity::Identity;

use super::user::UserBody;
use crate::caller::Caller;
use gaiterguard_web::problem::Problem;

/// Get the signed-in user
///
/// Returns the account that the session belongs to.
#[utoipa::path(
    get,
    path = "/auth/me",
    operation_id = "me",
    tag = "auth",
    responses((status = 200, description = "The user.", body = UserBody))
)]
pub(super) async fn me(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
) -> Result<Json<UserBody>, Problem> {
    Ok(Json(identity.me(&caller).await?.into()))
}

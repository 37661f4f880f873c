//! `POST /auth/workspace`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::id::WorkspaceId;
use gaiterguard_identity::Identity;
use gaiterguard_web::extract::{ApiJson, whole};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidBody, NotFound};
use secrecy::ExposeSecret as _;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::user::TokensBody;
use crate::caller::Caller;

/// The workspace to act in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = WorkspaceChoice)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WorkspaceBody {
    /// ID of a workspace that the user belongs to.
    #[serde(deserialize_with = "whole_id")]
    workspace_id: i64,
}

/// Deserializes an ID in every spelling of a whole number.
fn whole_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    whole(deserializer)?.ok_or_else(|| D::Error::custom("must be a whole number"))
}

/// Switch to another workspace
///
/// Makes the session act in another workspace of the user, and returns an access token for it. Earlier
/// access tokens of the session stop working; its refresh token continues, in the new workspace.
#[utoipa::path(
    post,
    path = "/auth/workspace",
    operation_id = "switchWorkspace",
    tag = "auth",
    request_body = WorkspaceBody,
    responses(
        (status = 200, description = "The new access token.", body = TokensBody),
        InvalidBody, NotFound,
    )
)]
pub(super) async fn switch(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiJson(body): ApiJson<WorkspaceBody>,
) -> Result<Json<TokensBody>, Problem> {
    let switched = identity
        .switch_workspace(&caller, WorkspaceId(body.workspace_id))
        .await?;
    let access_token = switched
        .ok_or_else(|| Problem::not_found("you are not a member of a workspace with this ID"))?;
    Ok(Json(TokensBody::access_only(access_token.expose_secret())))
}

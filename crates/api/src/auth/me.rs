//! `GET /auth/me`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::member::JoinedWorkspace;
use gaiterguard_domain::workspace::{Permission, Role};
use gaiterguard_identity::Identity;
use gaiterguard_web::problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::user::UserBody;
use crate::caller::Member;
use crate::list::each;
use crate::member::numbers;

/// The signed-in user, and what the user may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedInUser)]
#[serde(rename_all = "camelCase")]
pub(super) struct MeBody {
    #[serde(flatten)]
    user: UserBody,
    /// ID of the workspace that the session acts in.
    workspace_id: i64,
    /// Role in that workspace.
    role: Role,
    /// Permissions of that role.
    permissions: Vec<Permission>,
    /// IDs of the services whose actions the user may decide on; null for all.
    #[schema(required)]
    services: Option<Vec<i64>>,
    /// Effects of the actions that the user may decide on; null for all.
    #[schema(required)]
    effects: Option<Vec<Effect>>,
    /// The workspaces that the user belongs to. `POST /auth/workspace` switches between them.
    workspaces: Vec<WorkspaceMembershipBody>,
}

/// A workspace that the user belongs to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkspaceMembership)]
pub(super) struct WorkspaceMembershipBody {
    /// Unique identifier.
    id: i64,
    /// Email address of its first owner, by which workspaces can be distinguished.
    #[schema(example = "name@example.com")]
    owner: String,
    /// The user's role in it.
    role: Role,
}

impl From<JoinedWorkspace> for WorkspaceMembershipBody {
    fn from(joined: JoinedWorkspace) -> Self {
        Self {
            id: joined.workspace.0,
            owner: joined.owner,
            role: joined.membership.role,
        }
    }
}

/// Get the signed-in user
///
/// Returns the account that the session belongs to, the role in the workspace, and all workspaces of the
/// user.
#[utoipa::path(
    get,
    path = "/auth/me",
    operation_id = "me",
    tag = "auth",
    responses((status = 200, description = "The user.", body = MeBody))
)]
pub(super) async fn me(
    State(identity): State<Arc<Identity>>,
    member: Member,
) -> Result<Json<MeBody>, Problem> {
    let caller = &member.caller.0;
    let membership = member.membership().clone();
    let held = Permission::ALL.into_iter();
    let held = held.filter(|permission| membership.role.may(*permission));
    Ok(Json(MeBody {
        user: identity.me(caller).await?.into(),
        workspace_id: member.workspace().0,
        role: membership.role,
        permissions: held.collect(),
        services: numbers(membership.services),
        effects: membership.effects,
        workspaces: each(identity.workspaces(caller).await?),
    }))
}

//! `/members`: the people of a workspace.

mod body;
mod invitation;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_domain::all;
use gaiterguard_domain::field::Change;
use gaiterguard_domain::id::{UserId, WorkspaceId};
use gaiterguard_domain::member::Member;
use gaiterguard_domain::workspace::{Membership, Permission, Role};
use gaiterguard_gateway::Gateway;
use gaiterguard_identity::{Identity, PeopleError};
use gaiterguard_store::Stored;
use gaiterguard_web::extract::{ApiPath, ApiQuery, Fields};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidBody, InvalidParameter, LastOwner, NotFound};
use gaiterguard_web::session::with_session;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::caller::Caller;
use super::list::{Done, List, PageQuery};
use body::{MemberBody, MemberChange, limited, present, user_id};

pub(crate) use body::numbers;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    let manage = OpenApiRouter::new()
        .routes(routes!(change, remove))
        .routes(routes!(invitation::list, invitation::create))
        .routes(routes!(invitation::revoke));
    with_session(Permission::Read, OpenApiRouter::new().routes(routes!(list)))
        .merge(with_session(Permission::Manage, manage))
}

/// List members
///
/// Returns the members of the workspace, by the IDs of their users.
#[utoipa::path(
    get,
    path = "/members",
    operation_id = "listMembers",
    tag = "members",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of members.", body = List<MemberBody>),
        InvalidParameter,
    )
)]
async fn list(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<MemberBody>>, Problem> {
    let members = identity.members(&caller).await?;
    let page = List::cut(members, &query, user_id);
    page.map(Json).ok_or_else(Problem::foreign_cursor)
}

/// Change a member
///
/// Changes the fields that the body contains. The change takes effect immediately, for running calls
/// within a second. Limits of a member who is no longer an `approver` are removed.
#[utoipa::path(
    patch,
    path = "/members/{user_id}",
    operation_id = "changeMember",
    tag = "members",
    params(("user_id" = i64, Path, description = "ID of the user.")),
    request_body = MemberChange,
    responses(
        (status = 200, description = "The changed member.", body = MemberBody),
        InvalidBody, NotFound, LastOwner,
    )
)]
async fn change(
    State(identity): State<Arc<Identity>>,
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    ApiPath(user): ApiPath<UserId>,
    Fields(change): Fields<MemberChange>,
) -> Result<Json<MemberBody>, Problem> {
    let workspace = caller.workspace();
    let member = match find(&gateway, workspace, user).await? {
        Stored::Intact(member) => member.membership,
        // A damaged membership gives no right, and can be replaced.
        Stored::Damaged(_) => Membership::of(Role::Viewer),
    };
    let MemberChange {
        role,
        services,
        effects,
    } = change;
    let (role, services, effects) = all!(role, services, effects).map_err(Problem::fields)?;
    let role = role.over(member.role);
    let (mut kept_services, mut kept_effects) = present(&member);
    if role != Role::Approver {
        (kept_services, kept_effects) = (None, None);
    }
    // Present limits may name services that were deleted since; only new ones are checked.
    let is_new = services.0.is_some();
    let Change(given) = services;
    let definitions = gateway.authority().definitions(workspace);
    let checked = limited(
        role,
        given.flatten(),
        effects.over(kept_effects),
        definitions.as_deref(),
    );
    let mut new = checked.map_err(Problem::fields)?;
    if !is_new {
        new.services = kept_services.take().map(body::ServiceLimit::into_ids);
    }
    identity.change_member(&caller.0, user, &new).await?;
    Ok(Json(find(&gateway, workspace, user).await?.into()))
}

/// Returns a member as it is stored.
async fn find(
    gateway: &Gateway,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Stored<Member>, Problem> {
    let members = gateway.store().member_list(workspace).await?;
    let found = members.into_iter().find(|member| user_id(member) == user.0);
    Ok(found.ok_or(PeopleError::NotFound("member"))?)
}

/// Remove a member
///
/// The member's sessions in the workspace end immediately, running calls within a second, and the
/// invitations that the member created are revoked. Their decisions stay in the history.
#[utoipa::path(
    delete,
    path = "/members/{user_id}",
    operation_id = "removeMember",
    tag = "members",
    params(("user_id" = i64, Path, description = "ID of the user.")),
    responses(
        (status = 200, description = "The member was removed.", body = Done),
        InvalidParameter, NotFound, LastOwner,
    )
)]
async fn remove(
    State(identity): State<Arc<Identity>>,
    Caller(caller): Caller,
    ApiPath(user): ApiPath<UserId>,
) -> Result<Json<Done>, Problem> {
    identity.remove_member(&caller, user).await?;
    Ok(Json(Done {
        message: "Member removed.",
    }))
}

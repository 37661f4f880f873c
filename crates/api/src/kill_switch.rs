//! `/kill-switch`: stops all requests of a workspace.

use axum::Json;
use gaiterguard_definitions::kill_switch::{self, KillSwitchChange};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::KillSwitch;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_web::extract::Fields;
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::InvalidBody;
use gaiterguard_web::session::with_session;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use super::people::People;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .merge(with_session(
            Permission::Read,
            OpenApiRouter::new().routes(routes!(get)),
        ))
        .merge(with_session(
            Permission::Stop,
            OpenApiRouter::new().routes(routes!(set)),
        ))
}

/// State of the kill switch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KillSwitch)]
pub(crate) struct KillSwitchBody {
    /// Whether all requests from agents in the workspace are refused.
    active: bool,
    /// Reason that the user gave.
    #[schema(required)]
    reason: Option<String>,
    /// ID of the user who activated it.
    #[schema(required)]
    activated_by: Option<i64>,
    /// Email address of that user. Null if the user was never a member of the workspace.
    #[schema(required)]
    activated_by_name: Option<String>,
    /// When it was activated.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    activated_at: Option<Timestamp>,
}

impl KillSwitchBody {
    async fn of(switch: KillSwitch, editing: &Editing) -> Result<Self, Problem> {
        Ok(match switch {
            KillSwitch::Off => Self {
                active: false,
                reason: None,
                activated_by: None,
                activated_by_name: None,
                activated_at: None,
            },
            KillSwitch::Active { by, at, reason } => Self {
                active: true,
                reason,
                activated_by: Some(by.0),
                activated_by_name: People::of(editing.gateway().store(), editing.workspace())
                    .await?
                    .name(by),
                activated_at: Some(at),
            },
        })
    }
}

/// Get kill switch status
///
/// While it is active, all requests from agents in the workspace are refused.
#[utoipa::path(
    get,
    path = "/kill-switch",
    operation_id = "getKillSwitch",
    tag = "kill switch",
    responses((status = 200, description = "Current state.", body = KillSwitchBody))
)]
async fn get(editing: Editing) -> Result<Json<KillSwitchBody>, Problem> {
    let switch = kill_switch::get(editing.definition_store(), editing.workspace()).await?;
    Ok(Json(KillSwitchBody::of(switch, &editing).await?))
}

/// Activate or deactivate the kill switch
///
/// Activating the kill switch cancels every running request and revokes every pending and approved
/// action. While it is active, every new request is refused. Only an `owner` or an `operator` may
/// deactivate it.
#[utoipa::path(
    put,
    path = "/kill-switch",
    operation_id = "setKillSwitch",
    tag = "kill switch",
    request_body = KillSwitchChange,
    responses(
        (status = 200, description = "The new state.", body = KillSwitchBody),
        InvalidBody,
    )
)]
async fn set(
    editing: Editing,
    Fields(change): Fields<KillSwitchChange>,
) -> Result<Json<KillSwitchBody>, Problem> {
    // Every role but `viewer` may stop the agents. Only those who define what agents may do let them continue.
    if change.active == Ok(false) {
        editing.demand(Permission::Define)?;
    }
    let switch = editing
        .change(async |store, editor| kill_switch::set(store, editor, change).await)
        .await?;
    Ok(Json(KillSwitchBody::of(switch, &editing).await?))
}

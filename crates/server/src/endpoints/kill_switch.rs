//! `/kill-switch`: stops everything that leaves the workspace.

use axum::Json;
use gaiterguard_definitions::kill_switch;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::KillSwitch;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::editing::Editing;
use super::fields::Fields;
use crate::openapi::responses::InvalidBody;
use crate::openapi::text::Text;
use crate::problem::Problem;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new().routes(routes!(get, set))
}

/// How the switch is to stand.
#[derive(ToSchema)]
#[schema(as = KillSwitchChange)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "its fields are read by the schema alone")]
pub(crate) struct ChangeBody {
    /// Whether every request of every agent is refused.
    active: bool,
    /// Why.
    reason: Option<Text>,
}

/// How the switch stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KillSwitch)]
pub(crate) struct KillSwitchBody {
    /// Whether every request of every agent is refused.
    active: bool,
    /// Why.
    #[schema(required)]
    reason: Option<String>,
    /// The user who threw it.
    #[schema(required)]
    activated_by: Option<i64>,
    /// When.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    activated_at: Option<Timestamp>,
}

impl From<KillSwitch> for KillSwitchBody {
    fn from(switch: KillSwitch) -> Self {
        match switch {
            KillSwitch::Off => Self {
                active: false,
                reason: None,
                activated_by: None,
                activated_at: None,
            },
            KillSwitch::Active { by, at, reason } => Self {
                active: true,
                reason,
                activated_by: Some(by.0),
                activated_at: Some(at),
            },
        }
    }
}

/// How the kill switch stands
#[utoipa::path(
    get,
    path = "/kill-switch",
    operation_id = "getKillSwitch",
    tag = "kill switch",
    responses((status = 200, description = "How it stands.", body = KillSwitchBody))
)]
async fn get(editing: Editing) -> Result<Json<KillSwitchBody>, Problem> {
    let switch = kill_switch::get(editing.desk(), editing.workspace()).await?;
    Ok(Json(switch.into()))
}

/// Throw or release the kill switch
///
/// Thrown, it refuses every request, cuts every running one and takes back everything that waits.
#[utoipa::path(
    put,
    path = "/kill-switch",
    operation_id = "setKillSwitch",
    tag = "kill switch",
    request_body = ChangeBody,
    responses(
        (status = 200, description = "How it stands now.", body = KillSwitchBody),
        InvalidBody,
    )
)]
async fn set(
    editing: Editing,
    fields: Fields<ChangeBody>,
) -> Result<Json<KillSwitchBody>, Problem> {
    let switch = editing
        .change(async |desk, editor| kill_switch::set(desk, editor, &fields.members).await)
        .await?;
    Ok(Json(switch.into()))
}

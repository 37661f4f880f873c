//! `GET /approvals/pending`, `GET /approvals`, and `GET /approvals/{action_id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::id::{ActionId, AgentId, ServiceId};
use gaiterguard_domain::time::Clock;
use gaiterguard_familiarity::Familiarity;
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::action::Extent;
use gaiterguard_store::ActionFilter;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::action::ActionBody;
use crate::endpoints::caller::Caller;
use crate::endpoints::list::{List, PageQuery};
use crate::endpoints::people::People;
use crate::extract::{ApiPath, ApiQuery};
use crate::openapi::responses::{InvalidParameter, NotFound};
use crate::problem::Problem;

/// All pending actions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PendingApprovals)]
pub(crate) struct Pending {
    /// The actions, oldest first.
    approvals: Vec<ActionBody>,
}

/// List pending actions
///
/// Returns all pending actions, oldest first, each with the beginning of its body. A damaged action
/// has `unreadable: true`.
#[utoipa::path(
    get,
    path = "/approvals/pending",
    operation_id = "listPendingApprovals",
    tag = "approvals",
    responses((status = 200, description = "The pending actions.", body = Pending))
)]
pub(super) async fn pending(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
) -> Result<Json<Pending>, Problem> {
    let views = gateway.approvals().pending(caller.approver()).await?;
    let people = People::of(gateway.store(), caller.workspace()).await?;
    let views = views.into_iter();
    Ok(Json(Pending {
        approvals: views.map(|view| ActionBody::of(view, &people)).collect(),
    }))
}

/// Filters of the action list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Return only actions with this status.
    status: Option<ActionStatus>,
    /// Return only actions of this agent.
    agent_id: Option<i64>,
    /// Return only actions for this service.
    service_id: Option<i64>,
}

/// List actions
///
/// Returns actions in every status, newest first, each with the beginning of its body.
#[utoipa::path(
    get,
    path = "/approvals",
    operation_id = "listApprovals",
    tag = "approvals",
    params(Filter, PageQuery),
    responses(
        (status = 200, description = "A page of actions.", body = List<ActionBody>),
        InvalidParameter,
    )
)]
pub(super) async fn list(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    ApiQuery(query): ApiQuery<Filter>,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<List<ActionBody>>, Problem> {
    let filter = ActionFilter {
        status: query.status,
        agent: query.agent_id.map(AgentId),
        service: query.service_id.map(ServiceId),
    };
    let page = gateway
        .approvals()
        .list(caller.approver(), &filter, page.cursor(), page.limit.get())
        .await?;
    let people = People::of(gateway.store(), caller.workspace()).await?;
    Ok(Json(List::of(page, |view| ActionBody::of(view, &people))))
}

/// Parts of an action to return.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Detail {
    /// Return only the beginning of headers and body, as in lists.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    preview: bool,
}

/// Get an action
///
/// Includes the complete body, and how the request compares with earlier ones.
#[utoipa::path(
    get,
    path = "/approvals/{action_id}",
    operation_id = "getApproval",
    tag = "approvals",
    params(("action_id" = Uuid, Path, description = "ID of the action."), Detail),
    responses(
        (status = 200, description = "The action.", body = ActionBody),
        InvalidParameter, NotFound,
    )
)]
pub(super) async fn get(
    State(gateway): State<Arc<Gateway>>,
    State(familiarity): State<Familiarity>,
    State(clock): State<Arc<dyn Clock>>,
    caller: Caller,
    ApiPath(action): ApiPath<Uuid>,
    ApiQuery(detail): ApiQuery<Detail>,
) -> Result<Response, Problem> {
    let extent = if detail.preview {
        Extent::Head
    } else {
        Extent::Whole
    };
    let view = gateway
        .approvals()
        .get(caller.approver(), ActionId(action), extent)
        .await?;
    let context = match &view.request {
        Some(_) => Some(
            familiarity
                .context(&view.action, view.summary.as_ref(), clock.now())
                .await?,
        ),
        None => None,
    };
    let people = People::of(gateway.store(), caller.workspace()).await?;
    let action = spawn_blocking(move || {
        let mut body = ActionBody::of(view, &people);
        body.context = context;
        Json(body).into_response()
    });
    action.await.map_err(|_| Problem::internal())
}

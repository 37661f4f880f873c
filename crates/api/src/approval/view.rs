//! `GET /approvals/pending`, `GET /approvals`, and `GET /approvals/{action_id}`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gaiterguard_domain::action::ActionStatus;
use gaiterguard_domain::id::{ActionId, AgentId, ServiceId};
use gaiterguard_domain::time::{Clock, Timestamp};
use gaiterguard_familiarity::{Context, Familiarity};
use gaiterguard_gateway::Gateway;
use gaiterguard_gateway::action::{ActionView, Extent};
use gaiterguard_store::ActionFilter;
use gaiterguard_web::extract::{ApiPath, ApiQuery};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidParameter, NotFound};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::action::ActionBody;
use super::votes::Ballots;
use crate::caller::Member;
use crate::list::{List, PageQuery};
use crate::people::People;

/// All pending actions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PendingApprovals)]
pub(crate) struct Pending {
    /// The actions, oldest first.
    approvals: Vec<ActionBody>,
}

/// List pending actions
///
/// Returns all pending actions, oldest first, each with the beginning of its body and with how it compares
/// with earlier requests. A damaged action has `unreadable: true`.
#[utoipa::path(
    get,
    path = "/approvals/pending",
    operation_id = "listPendingApprovals",
    tag = "approvals",
    responses((status = 200, description = "The pending actions.", body = Pending))
)]
pub(super) async fn pending(
    State(gateway): State<Arc<Gateway>>,
    State(familiarity): State<Familiarity>,
    State(clock): State<Arc<dyn Clock>>,
    member: Member,
) -> Result<Json<Pending>, Problem> {
    let views = gateway.approvals().pending(&member.approver()).await?;
    let mut contexts = contexts(&familiarity, &views, clock.now()).await?;
    let people = People::of(gateway.store(), member.workspace()).await?;
    let ballots = ballots(&gateway, &member, &views).await?;
    let bodies = views.into_iter().map(|view| {
        let context = contexts.remove(&view.action.id);
        ActionBody::of(view, context, &ballots, &people)
    });
    Ok(Json(Pending {
        approvals: bodies.collect(),
    }))
}

/// Reads the votes on actions.
async fn ballots(
    gateway: &Gateway,
    member: &Member,
    views: &[ActionView],
) -> Result<Ballots, Problem> {
    Ok(Ballots::of(gateway.store(), &member.approver(), views).await?)
}

/// Compares the actions whose requests can be read with earlier requests and rulings.
async fn contexts(
    familiarity: &Familiarity,
    views: &[ActionView],
    now: Timestamp,
) -> Result<HashMap<ActionId, Context>, Problem> {
    let readable = views.iter().filter(|view| view.request.is_some());
    let held = readable.map(|view| (&view.action, view.summary.as_ref()));
    let held: Vec<_> = held.collect();
    Ok(familiarity.contexts(&held, now).await?)
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
/// Returns actions in every status, newest first, each with the beginning of its body and with how it
/// compares with earlier requests.
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
    State(familiarity): State<Familiarity>,
    State(clock): State<Arc<dyn Clock>>,
    member: Member,
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
        .list(&member.approver(), &filter, page.cursor(), page.limit.get())
        .await?;
    let mut contexts = contexts(&familiarity, &page.items, clock.now()).await?;
    let people = People::of(gateway.store(), member.workspace()).await?;
    let ballots = ballots(&gateway, &member, &page.items).await?;
    Ok(Json(List::of(page, |view| {
        let context = contexts.remove(&view.action.id);
        ActionBody::of(view, context, &ballots, &people)
    })))
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
    member: Member,
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
        .get(&member.approver(), ActionId(action), extent)
        .await?;
    let mut contexts = contexts(&familiarity, std::slice::from_ref(&view), clock.now()).await?;
    let context = contexts.remove(&view.action.id);
    let people = People::of(gateway.store(), member.workspace()).await?;
    let ballots = ballots(&gateway, &member, std::slice::from_ref(&view)).await?;
    let body = move || Json(ActionBody::of(view, context, &ballots, &people)).into_response();
    let action = spawn_blocking(body);
    action.await.map_err(|_| Problem::internal())
}

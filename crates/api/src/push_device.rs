//! `/push-devices`: the browsers in which the signed-in user gets push notifications.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_definitions::definition_store::Editor;
use gaiterguard_domain::id::ChannelId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_notify::{NewPushDevice, Notifications, PushDevice, PushKeyError};
use gaiterguard_web::extract::{ApiPath, ApiQuery, Fields};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidBody, InvalidParameter, NotFound};
use gaiterguard_web::session::with_session;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;
use super::caller::Caller;
use super::list::{Done, List, PageQuery};

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    with_session(
        Permission::Account,
        OpenApiRouter::new()
            .routes(routes!(key))
            .routes(routes!(list, register))
            .routes(routes!(remove))
            .routes(routes!(test)),
    )
}

/// The gateway's key for push services.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushKey)]
pub(crate) struct KeyBody {
    /// Public key, in base64url: the `applicationServerKey` of a browser's subscription.
    public_key: String,
}

/// A browser that gets push notifications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushDevice)]
pub(crate) struct DeviceBody {
    /// Unique identifier.
    id: i64,
    /// Name.
    name: String,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its push service last accepted a message.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_delivered_at: Option<Timestamp>,
    /// Error of the latest attempt; null if that succeeded or there was none.
    #[schema(required)]
    last_error: Option<String>,
    /// When that attempt failed.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_error_at: Option<Timestamp>,
}

impl From<PushDevice> for DeviceBody {
    fn from(device: PushDevice) -> Self {
        Self {
            id: device.id.0,
            name: device.name,
            created_at: device.created_at,
            last_delivered_at: device.last_delivered_at,
            last_error: device.last_error,
            last_error_at: device.last_error_at,
        }
    }
}

/// Result of a test message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushDeviceTest)]
pub(crate) struct TestBody {
    /// Whether the push service accepted the message.
    delivered: bool,
    /// Why it did not; null if it did.
    #[schema(required)]
    error: Option<String>,
}

fn member(caller: Caller) -> Editor {
    Editor {
        workspace: caller.workspace(),
        user: caller.0.user,
    }
}

/// Get the key for push notifications
///
/// Returns the public key that a browser binds its subscription to. It is the same on every replica, and never changes.
#[utoipa::path(
    get,
    path = "/push-key",
    operation_id = "getPushKey",
    tag = "push",
    responses((status = 200, description = "The key.", body = KeyBody))
)]
async fn key(
    State(notifications): State<Arc<Notifications>>,
    _: Caller,
) -> Result<Json<KeyBody>, Problem> {
    let public_key = notifications
        .push_key()
        .await
        .map_err(|error| match error {
            PushKeyError::Store(error) => error.into(),
            PushKeyError::Sealing(error) => error.into(),
            PushKeyError::Key(error) => {
                tracing::error!(%error, "the key for push services cannot be used");
                Problem::internal()
            }
        })?;
    Ok(Json(KeyBody { public_key }))
}

/// List the browsers with push notifications
///
/// Returns the browsers in which the user gets push notifications of this workspace, in order of registration.
#[utoipa::path(
    get,
    path = "/push-devices",
    operation_id = "listPushDevices",
    tag = "push",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of browsers.", body = List<DeviceBody>),
        InvalidParameter,
    )
)]
async fn list(
    State(notifications): State<Arc<Notifications>>,
    caller: Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<DeviceBody>>, Problem> {
    let all = notifications.push_devices(member(caller)).await?;
    let all = all.into_iter().map(DeviceBody::from).collect();
    List::cut(all, &query, |device: &DeviceBody| device.id)
        .map(Json)
        .ok_or_else(Problem::foreign_cursor)
}

/// Register a browser
///
/// The browser is notified of held requests that the user may decide on, in this workspace. It belongs to the session
/// of this request, and is removed when that session is ended or the user is removed from the workspace. A browser
/// that registers again keeps its ID; one that another user registers belongs to that user from then on.
#[utoipa::path(
    post,
    path = "/push-devices",
    operation_id = "registerPushDevice",
    tag = "push",
    request_body = NewPushDevice,
    responses(
        (status = 200, description = "The browser, which was registered before.", body = DeviceBody),
        (status = 201, description = "The new browser.", body = DeviceBody),
        InvalidBody,
    )
)]
async fn register(
    State(notifications): State<Arc<Notifications>>,
    caller: Caller,
    Fields(new): Fields<NewPushDevice>,
) -> Result<(StatusCode, Json<DeviceBody>), Problem> {
    let (device, is_new) = notifications
        .push_register(member(caller), caller.0.session, new)
        .await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(device.into())))
}

/// Remove a browser
///
/// It receives no further push notifications.
#[utoipa::path(
    delete,
    path = "/push-devices/{id}",
    operation_id = "removePushDevice",
    tag = "push",
    params(("id" = i64, Path, description = "ID of the browser.")),
    responses(
        (status = 200, description = "The browser was removed.", body = Done),
        InvalidParameter, NotFound,
    )
)]
async fn remove(
    State(notifications): State<Arc<Notifications>>,
    caller: Caller,
    ApiPath(id): ApiPath<ChannelId>,
) -> Result<Json<Done>, Problem> {
    notifications.push_remove(member(caller), id).await?;
    Ok(Json(Done {
        message: "Browser removed.",
    }))
}

/// Send a test notification
///
/// Sends a notification to the browser now, and returns whether its push service accepted it. A browser that its push
/// service no longer knows is removed.
#[utoipa::path(
    post,
    path = "/push-devices/{id}/test",
    operation_id = "testPushDevice",
    tag = "push",
    params(("id" = i64, Path, description = "ID of the browser.")),
    responses(
        (status = 200, description = "The result of the attempt.", body = TestBody),
        InvalidParameter, NotFound,
    )
)]
async fn test(
    State(notifications): State<Arc<Notifications>>,
    caller: Caller,
    ApiPath(id): ApiPath<ChannelId>,
) -> Result<Json<TestBody>, Problem> {
    let tested = notifications.push_test(member(caller), id).await?;
    Ok(Json(TestBody {
        delivered: tested.error.is_none(),
        error: tested.error,
    }))
}

//! `/channels`: where a workspace is notified of what happens.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_definitions::definition_store::Editor;
use gaiterguard_domain::id::ChannelId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::Permission;
use gaiterguard_notify::{
    Channel, ChannelChange, ChannelGrouping, ChannelKind, ChannelSettings, Filter, NewChannel,
    Notifications, QuietHours, UnreadableChannel,
};
use gaiterguard_store::{Delivery, DeliveryState, StoredChannel};
use gaiterguard_web::extract::{ApiPath, ApiQuery, Fields};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{Conflict, InvalidBody, InvalidParameter, NotFound};
use gaiterguard_web::session::with_session;
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::DashboardState;
use super::caller::{Caller, Member};
use super::list::{Done, List, PageQuery};

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new()
        .merge(with_session(
            Permission::Read,
            OpenApiRouter::new()
                .routes(routes!(list))
                .routes(routes!(get))
                .routes(routes!(deliveries)),
        ))
        .merge(with_session(
            Permission::Define,
            OpenApiRouter::new()
                .routes(routes!(create))
                .routes(routes!(update, delete))
                .routes(routes!(rotate_key))
                .routes(routes!(test)),
        ))
}

/// A notification channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Channel)]
pub(crate) struct ChannelBody {
    /// Unique identifier.
    id: i64,
    /// Whether the stored channel is damaged. If so, only `name` and the times are valid, and nothing is sent until
    /// it is deleted and created again.
    unreadable: bool,
    /// Kind. Null if the channel is unreadable.
    #[schema(required)]
    kind: Option<ChannelKind>,
    /// Name.
    name: String,
    /// Whether messages are sent.
    enabled: bool,
    /// Settings, without the secrets. Members who may not change channels see only the origin of URLs, and not the
    /// topic of ntfy. Null if the channel is unreadable.
    #[schema(required)]
    settings: Option<ChannelSettings>,
    /// Events that are sent. Null if the channel is unreadable.
    #[schema(required)]
    filter: Option<Filter>,
    /// Hours in which nothing is sent.
    #[schema(required)]
    quiet_hours: Option<QuietHours>,
    /// How held requests are collected into one message.
    #[schema(required)]
    grouping: Option<ChannelGrouping>,
    /// Why the gateway disabled it; null if it did not.
    #[schema(required)]
    disabled_reason: Option<String>,
    /// Error of the latest attempt; null if that succeeded or there was none.
    #[schema(required)]
    last_error: Option<String>,
    /// When that attempt failed.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_error_at: Option<Timestamp>,
    /// When a receiver last accepted a message.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_delivered_at: Option<Timestamp>,
    /// Number of messages that were dropped because too many were waiting. The next message reports it.
    #[schema(minimum = 0)]
    dropped: i64,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl ChannelBody {
    /// Returns a channel as a member sees it.
    fn for_member(stored: StoredChannel, member: &Member) -> Self {
        Self::of(stored, member.demand(Permission::Define).is_ok())
    }

    /// Returns a channel as those see it who may change it.
    fn for_editor(stored: StoredChannel) -> Self {
        Self::of(stored, true)
    }

    fn of(stored: StoredChannel, may_change: bool) -> Self {
        match Channel::read(stored) {
            Ok(channel) => Self {
                unreadable: false,
                kind: Some(channel.kind),
                settings: Some(if may_change {
                    channel.settings
                } else {
                    channel.settings.for_readers()
                }),
                filter: Some(channel.filter),
                quiet_hours: channel.quiet_hours,
                grouping: channel.grouping,
                ..Self::bare(channel.stored)
            },
            Err(UnreadableChannel(stored)) => Self::bare(*stored),
        }
    }

    /// Returns the parts that can be read of every channel, even of a damaged one.
    fn bare(stored: StoredChannel) -> Self {
        Self {
            id: stored.id.0,
            unreadable: true,
            kind: None,
            name: stored.name,
            enabled: stored.enabled,
            settings: None,
            filter: None,
            quiet_hours: None,
            grouping: None,
            disabled_reason: stored.disabled_reason,
            last_error: stored.last_error,
            last_error_at: stored.last_error_at,
            last_delivered_at: stored.last_delivered_at,
            dropped: stored.dropped,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        }
    }
}

/// A channel with its signing key.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyedChannel)]
pub(crate) struct KeyedChannelBody {
    /// The channel.
    channel: ChannelBody,
    /// Key that signs the messages of a webhook. Shown only once. Null for other kinds.
    #[schema(required, pattern = "^whsec_")]
    signing_key: Option<String>,
}

impl KeyedChannelBody {
    fn of(channel: StoredChannel, key: Option<SecretString>) -> Self {
        Self {
            channel: ChannelBody::for_editor(channel),
            signing_key: key.map(|key| key.expose_secret().to_owned()),
        }
    }
}

/// Result of a test message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelTest)]
pub(crate) struct TestBody {
    /// Whether the receiver accepted the message.
    delivered: bool,
    /// Why it did not; null if it did.
    #[schema(required)]
    error: Option<String>,
}

/// State of a delivery.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = DeliveryState)]
#[serde(rename_all = "snake_case")]
enum StateBody {
    /// It will be sent, for the first time or again.
    Waiting,
    /// The receiver accepted it.
    Delivered,
    /// It was not sent, because the action had been decided or had ended by then, or needed no escalation.
    Skipped,
    /// It failed for two days, or the receiver wants no more messages.
    Failed,
    /// It was not sent, because a thousand newer ones were waiting, or because it waited for 30 days. The next message
    /// reports how many were dropped.
    Dropped,
}

/// A message of a channel, sent or waiting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryBody {
    /// Unique identifier.
    id: i64,
    /// Identifier of the message, the same in every attempt. The header `webhook-id` of a webhook is `msg_` followed by
    /// this identifier without hyphens.
    message_id: Uuid,
    /// Event.
    event: String,
    /// Object of the event, such as `action:48cd34e6-e032-453c-b7b0-33c7478307c4`.
    subject: String,
    /// State.
    state: StateBody,
    /// Number of attempts.
    attempts: u32,
    /// When it will be sent; null if it is not waiting.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    /// Error of the latest attempt, or why it was not sent; null if there is none.
    #[schema(required)]
    last_error: Option<String>,
    /// When the event happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When the message was added to the channel.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was delivered, skipped, or given up.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

impl From<Delivery> for DeliveryBody {
    fn from(delivery: Delivery) -> Self {
        let is_waiting = delivery.state == DeliveryState::Waiting;
        Self {
            id: delivery.id.0,
            message_id: delivery.message,
            event: delivery.event,
            subject: delivery.subject,
            state: match delivery.state {
                DeliveryState::Waiting => StateBody::Waiting,
                DeliveryState::Delivered => StateBody::Delivered,
                DeliveryState::Skipped => StateBody::Skipped,
                DeliveryState::Failed => StateBody::Failed,
                DeliveryState::Dropped => StateBody::Dropped,
            },
            attempts: delivery.attempts,
            next_attempt_at: is_waiting.then_some(delivery.due_at),
            last_error: delivery.last_error,
            at: delivery.at,
            created_at: delivery.created_at,
            ended_at: delivery.ended_at,
        }
    }
}

fn editor(caller: Caller) -> Editor {
    Editor {
        workspace: caller.workspace(),
        user: caller.0.user,
    }
}

/// List channels
///
/// Returns all notification channels, in order of creation.
#[utoipa::path(
    get,
    path = "/channels",
    operation_id = "listChannels",
    tag = "channels",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of channels.", body = List<ChannelBody>),
        InvalidParameter,
    )
)]
async fn list(
    State(notifications): State<Arc<Notifications>>,
    member: Member,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<ChannelBody>>, Problem> {
    let all = notifications.list(member.workspace()).await?;
    let bodies = all.into_iter();
    let bodies = bodies.map(|channel| ChannelBody::for_member(channel, &member));
    List::cut(bodies.collect(), &query, |channel: &ChannelBody| channel.id)
        .map(Json)
        .ok_or_else(Problem::foreign_cursor)
}

/// Create a channel
///
/// The channel receives events that happen after its creation. For a webhook, the response contains the signing key,
/// which is shown only once. Only owners create channels whose messages have buttons that approve and deny.
#[utoipa::path(
    post,
    path = "/channels",
    operation_id = "createChannel",
    tag = "channels",
    request_body = NewChannel,
    responses(
        (status = 201, description = "The new channel, with its signing key.", body = KeyedChannelBody),
        InvalidBody,
    )
)]
async fn create(
    State(notifications): State<Arc<Notifications>>,
    member: Member,
    Fields(new): Fields<NewChannel>,
) -> Result<(StatusCode, Json<KeyedChannelBody>), Problem> {
    let role = member.membership().role;
    let created = notifications.create(editor(member.caller), role, new);
    let (channel, key) = created.await?;
    Ok((
        StatusCode::CREATED,
        Json(KeyedChannelBody::of(channel, key)),
    ))
}

/// Get a channel
///
/// Returns the channel with its state. Its secrets are not returned.
#[utoipa::path(
    get,
    path = "/channels/{id}",
    operation_id = "getChannel",
    tag = "channels",
    params(("id" = i64, Path, description = "ID of the channel.")),
    responses(
        (status = 200, description = "The channel.", body = ChannelBody),
        InvalidParameter, NotFound,
    )
)]
async fn get(
    State(notifications): State<Arc<Notifications>>,
    member: Member,
    ApiPath(id): ApiPath<ChannelId>,
) -> Result<Json<ChannelBody>, Problem> {
    let channel = notifications.get(member.workspace(), id).await?;
    Ok(Json(ChannelBody::for_member(channel, &member)))
}

/// Update a channel
///
/// Changes the fields that the body contains and leaves the others as they are. A channel that the gateway disabled
/// is enabled again with `enabled`. If messages of the channel have buttons that approve and deny, or would have them,
/// only owners change `settings`.
#[utoipa::path(
    put,
    path = "/channels/{id}",
    operation_id = "updateChannel",
    tag = "channels",
    params(("id" = i64, Path, description = "ID of the channel.")),
    request_body = ChannelChange,
    responses(
        (status = 200, description = "The updated channel.", body = ChannelBody),
        InvalidBody, NotFound, Conflict,
    )
)]
async fn update(
    State(notifications): State<Arc<Notifications>>,
    member: Member,
    ApiPath(id): ApiPath<ChannelId>,
    Fields(change): Fields<ChannelChange>,
) -> Result<Json<ChannelBody>, Problem> {
    let role = member.membership().role;
    let updated = notifications.update(editor(member.caller), role, id, change);
    let channel = updated.await?;
    Ok(Json(ChannelBody::for_editor(channel)))
}

/// Delete a channel
///
/// Its unsent messages are deleted too.
#[utoipa::path(
    delete,
    path = "/channels/{id}",
    operation_id = "deleteChannel",
    tag = "channels",
    params(("id" = i64, Path, description = "ID of the channel.")),
    responses(
        (status = 200, description = "The channel was deleted.", body = Done),
        InvalidParameter, NotFound,
    )
)]
async fn delete(
    State(notifications): State<Arc<Notifications>>,
    caller: Caller,
    ApiPath(id): ApiPath<ChannelId>,
) -> Result<Json<Done>, Problem> {
    notifications.delete(editor(caller), id).await?;
    Ok(Json(Done {
        message: "Channel deleted.",
    }))
}

/// Rotate a webhook's signing key
///
/// For 24 hours, messages are signed with both the new and the previous key, which leaves time to update the
/// receiver.
#[utoipa::path(
    post,
    path = "/channels/{id}/rotate-key",
    operation_id = "rotateChannelKey",
    tag = "channels",
    params(("id" = i64, Path, description = "ID of the channel.")),
    responses(
        (status = 200, description = "The channel with its new key.", body = KeyedChannelBody),
        InvalidParameter, NotFound, Conflict,
    )
)]
async fn rotate_key(
    State(notifications): State<Arc<Notifications>>,
    caller: Caller,
    ApiPath(id): ApiPath<ChannelId>,
) -> Result<Json<KeyedChannelBody>, Problem> {
    let (channel, key) = notifications.rotate_key(editor(caller), id).await?;
    Ok(Json(KeyedChannelBody::of(channel, Some(key))))
}

/// Send a test message
///
/// Sends one message now, even if the channel is disabled or has quiet hours, and returns whether the receiver
/// accepted it.
#[utoipa::path(
    post,
    path = "/channels/{id}/test",
    operation_id = "testChannel",
    tag = "channels",
    params(("id" = i64, Path, description = "ID of the channel.")),
    responses(
        (status = 200, description = "The result of the attempt.", body = TestBody),
        InvalidParameter, NotFound, Conflict,
    )
)]
async fn test(
    State(notifications): State<Arc<Notifications>>,
    caller: Caller,
    ApiPath(id): ApiPath<ChannelId>,
) -> Result<Json<TestBody>, Problem> {
    let tested = notifications.test(caller.workspace(), id).await?;
    Ok(Json(TestBody {
        delivered: tested.error.is_none(),
        error: tested.error,
    }))
}

/// List the deliveries of a channel
///
/// Returns the messages of the last 30 days, newest first, each with its state and its last error.
#[utoipa::path(
    get,
    path = "/channels/{id}/deliveries",
    operation_id = "listDeliveries",
    tag = "channels",
    params(("id" = i64, Path, description = "ID of the channel."), PageQuery),
    responses(
        (status = 200, description = "A page of deliveries.", body = List<DeliveryBody>),
        InvalidParameter, NotFound,
    )
)]
async fn deliveries(
    State(notifications): State<Arc<Notifications>>,
    caller: Caller,
    ApiPath(id): ApiPath<ChannelId>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<DeliveryBody>>, Problem> {
    let (cursor, limit) = (query.cursor(), query.limit.get());
    let page = notifications
        .deliveries(caller.workspace(), id, cursor, limit)
        .await?;
    Ok(Json(List::of(page, Into::into)))
}

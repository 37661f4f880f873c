//! `POST /channels/{id}/slack`: presses of buttons and commands in Slack. Slack's signature authenticates the request,
//! so the route requires no session.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, body::Body};
use gaiterguard_chat::{Chats, SlackRefused, SlackRequest};
use gaiterguard_domain::id::ChannelId;
use gaiterguard_problem::Code;
use gaiterguard_web::extract::{ApiPath, read_body};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidBody, NotSigned, Unavailable};
use http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::DashboardState;

/// The longest body, in bytes. It contains the message whose button was pressed, which has a few KiB. It is read
/// before its signature can be checked, so this bounds the memory that anyone can use.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<DashboardState> {
    OpenApiRouter::new().routes(routes!(slack))
}

/// Receive an interaction from Slack
///
/// The request URL of the Slack app, for interactivity and for the command `/gaiterguard`. The request must be signed
/// with the channel's signing secret, at most five minutes ago. Each request is accepted once.
#[utoipa::path(
    post,
    path = "/channels/{id}/slack",
    operation_id = "receiveSlackInteraction",
    tag = "channels",
    params(
        ("id" = i64, Path, description = "ID of the channel."),
        ("X-Slack-Request-Timestamp" = String, Header, description = "When Slack sent it, in seconds."),
        ("X-Slack-Signature" = String, Header, description = "Signature, `v0=` and 64 hexadecimal digits."),
    ),
    request_body(
        content = String,
        content_type = "application/x-www-form-urlencoded",
        description = "The form that Slack sends: `payload` with JSON, or the fields of a command.",
    ),
    responses(
        (status = 200, description = "It was received. The body is a reply for Slack, or empty.", body = serde_json::Value),
        InvalidBody, NotSigned, Unavailable,
    )
)]
async fn slack(
    State(chats): State<Arc<Chats>>,
    ApiPath(id): ApiPath<ChannelId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    // A missing header is empty, and no signature is valid for it.
    let header = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let body = read_body(body, BODY_BYTES_MAX).await?;
    let request = SlackRequest {
        timestamp: header("x-slack-request-timestamp"),
        signature: header("x-slack-signature"),
        body: &body,
    };
    match chats.slack(id, request).await {
        Ok(Some(reply)) => Ok(Json(reply).into_response()),
        Ok(None) => Ok(StatusCode::OK.into_response()),
        Err(refused) => Err(match refused {
            SlackRefused::NotSigned => Problem::new(Code::InvalidSignature, refused.to_string()),
            SlackRefused::Malformed => Problem::field("body", refused.to_string()),
            SlackRefused::Unavailable => Problem::storage_unavailable(),
        }),
    }
}

//! `/auth/chat-accounts`: accounts in Slack and Telegram with which the signed-in user decides.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use gaiterguard_chat::{Chats, LinkedAccount};
use gaiterguard_domain::id::ChatAccountId;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_web::extract::{ApiPath, ApiQuery};
use gaiterguard_web::problem::Problem;
use gaiterguard_web::responses::{InvalidParameter, NotFound};
use http::StatusCode;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::list::{Done, List, PageQuery};

/// An account in a chat that is linked to the user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatAccount)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChatAccountBody {
    /// Unique identifier.
    id: i64,
    /// Kind of the chat, such as `slack` or `telegram`.
    kind: String,
    /// Identifier of the account in the chat: for Slack, the IDs of the team and the user.
    account: String,
    /// Name of the account in the chat when it was linked. Untrusted text.
    name: String,
    /// Names of the channels with whose buttons the account decides. Empty if the secrets of the channel have
    /// changed since; link the account again.
    channels: Vec<String>,
    /// When it was linked.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<LinkedAccount> for ChatAccountBody {
    fn from(LinkedAccount { account, channels }: LinkedAccount) -> Self {
        Self {
            id: account.id.0,
            kind: account.kind,
            account: account.account,
            name: account.name,
            channels,
            created_at: account.created_at,
        }
    }
}

/// A code that links an account.
#[derive(Serialize, ToSchema)]
#[schema(as = ChatLinkCode)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkCodeBody {
    /// The code. It works once.
    #[schema(example = "k7q2-m4xw-9dpr-a3tn")]
    code: String,
    /// When it stops working.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// List linked accounts
///
/// Returns the accounts in Slack and Telegram with which the user decides in this workspace.
#[utoipa::path(
    get,
    path = "/auth/chat-accounts",
    operation_id = "listChatAccounts",
    tag = "auth",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of accounts.", body = List<ChatAccountBody>),
        InvalidParameter,
    )
)]
pub(super) async fn list(
    State(chats): State<Arc<Chats>>,
    caller: Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<List<ChatAccountBody>>, Problem> {
    let accounts = chats.accounts(caller.workspace(), caller.0.user).await?;
    let bodies = accounts.into_iter().map(ChatAccountBody::from);
    let page = List::cut(bodies.collect(), &query, |body: &ChatAccountBody| body.id);
    page.map(Json).ok_or_else(Problem::foreign_cursor)
}

/// Create a code to link an account
///
/// Send the code from the account within ten minutes: `/gaiterguard link CODE` in Slack, or `/link CODE` to the bot in
/// Telegram. A new code replaces the one before.
#[utoipa::path(
    post,
    path = "/auth/chat-accounts/codes",
    operation_id = "createChatLinkCode",
    tag = "auth",
    responses((status = 201, description = "The code.", body = LinkCodeBody))
)]
pub(super) async fn create_code(
    State(chats): State<Arc<Chats>>,
    caller: Caller,
) -> Result<(StatusCode, Json<LinkCodeBody>), Problem> {
    let created = chats
        .create_link_code(caller.workspace(), caller.0.user)
        .await?;
    let body = LinkCodeBody {
        code: created.code.expose_secret().to_owned(),
        expires_at: created.expires_at,
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Unlink an account
///
/// Buttons that it presses have no effect afterwards.
#[utoipa::path(
    delete,
    path = "/auth/chat-accounts/{id}",
    operation_id = "unlinkChatAccount",
    tag = "auth",
    params(("id" = i64, Path, description = "ID of the linked account.")),
    responses(
        (status = 200, description = "The account was unlinked.", body = Done),
        InvalidParameter, NotFound,
    )
)]
pub(super) async fn unlink(
    State(chats): State<Arc<Chats>>,
    caller: Caller,
    ApiPath(id): ApiPath<ChatAccountId>,
) -> Result<Json<Done>, Problem> {
    let unlinked = chats.unlink(caller.workspace(), caller.0.user, id).await?;
    if unlinked {
        Ok(Json(Done {
            message: "Account unlinked.",
        }))
    } else {
        Err(Problem::not_found(
            "you have no linked account with this ID",
        ))
    }
}
